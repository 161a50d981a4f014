// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// Without what gcc does to two loops of which the inner one is vector code: it
// jams two rounds of the outer one together, and what comes of it no more is
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3,no-loop-unroll-and-jam")
#endif

#include "nn/table.h"

#include "nn/isa.h"

#include <string.h>

/// Columns whose sum fits in 16 bits
#define MAX_HOT 252U

/// Columns that are added at once
#define N_SIDE 4U

/// At most MAX_HOT columns
typedef struct {
  const int8_t*   columns;
  const int8_t*   zeros; ///< A column to fill up the last few with
  size_t          n_rows;
  const uint16_t* hot;
  uint32_t        n_hot;
  const int32_t*  others;
  int32_t*        sums;
} Summing;

/// A block of the `k`th column, or of zeros
ISA_INLINE const int8_t*
column_at(const Summing* const s, const size_t k, const size_t begin)
{
  return (k < s->n_hot ? s->columns + s->hot[k] * s->n_rows : s->zeros) + begin;
}

ISA_INLINE void
add_side(const int8_t* const restrict a,
         const int8_t* const restrict b,
         const int8_t* const restrict c,
         const int8_t* const restrict d,
         int16_t* const restrict sum)
{
  for (size_t g = 0U; g < TABLE_BLOCK; ++g) {
    sum[g] = (int16_t)(sum[g] + ((a[g] + b[g]) + (c[g] + d[g])));
  }
}

ISA_INLINE void
add_to(const int16_t* const restrict sum,
       const int32_t* const others,
       int32_t* const       sums)
{
  // They may be the same
  for (size_t g = 0U; g < TABLE_BLOCK; ++g) {
    sums[g] = others[g] + TABLE_STEPS * sum[g];
  }
}

ISA_INLINE void
sum_columns(const Summing* const s)
{
  for (size_t begin = 0U; begin < s->n_rows; begin += TABLE_BLOCK) {
    int16_t sum[TABLE_BLOCK] = {0};
    for (size_t k = 0U; k < s->n_hot; k += N_SIDE) {
      add_side(column_at(s, k, begin),
               column_at(s, k + 1U, begin),
               column_at(s, k + 2U, begin),
               column_at(s, k + 3U, begin),
               sum);
    }
    add_to(sum, s->others + begin, s->sums + begin);
  }
}

ISA_VARIANTS(sum_columns, Summing)

void
table_sum(const int8_t* const   columns,
          const size_t          n_columns,
          const size_t          n_rows,
          const uint16_t* const hot,
          const uint32_t        n_hot,
          const int32_t* const  others,
          int32_t* const        sums)
{
  Summing s = {
    columns, columns + n_columns * n_rows, n_rows, hot, 0U, others, sums};
  if (!n_hot) {
    memcpy(sums, others, n_rows * sizeof(*sums));
  }
  for (uint32_t k = 0U; k < n_hot; k += MAX_HOT) {
    s.hot   = hot + k;
    s.n_hot = n_hot - k < MAX_HOT ? n_hot - k : MAX_HOT;
    sum_columns_of[isa_in_use()](&s);
    s.others = sums;
  }
}
