// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A table of columns that stands for a product with a few ones among zeros.

   A hot input counts as TABLE_STEPS steps, so what K of them add to each row's
   sum is TABLE_STEPS times the sum of K weights: the same whole number that a
   product would give.

   Letters: C columns, G rows, K hot inputs.
*/
#ifndef PERPETUO_NN_TABLE_H
#define PERPETUO_NN_TABLE_H

#include <stddef.h>
#include <stdint.h>

/// Steps of 1/127 that a hot input counts for
#define TABLE_STEPS 127

/// G is to be a multiple of this
#define TABLE_BLOCK 64U

/**
   Sum up what comes in for one sequence.

   @param columns (C + 1, G), of which the last is zeros.
   @param hot (K) indices of columns.
   @param others (G) what all else adds.
   @param sums (G).
   Thread: any.  Memory: none allocated.
*/
void
table_sum(const int8_t*   columns,
          size_t          n_columns,
          size_t          n_rows,
          const uint16_t* hot,
          uint32_t        n_hot,
          const int32_t*  others,
          int32_t*        sums);

#endif // PERPETUO_NN_TABLE_H
