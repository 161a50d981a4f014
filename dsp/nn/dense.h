// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   An affine layer: what the net says of each class.

   out = bias + scale * sum, in this order, where `sum` is the whole-number
   product of a row with the hidden units, in steps of 1/127.
*/
#ifndef PERPETUO_NN_DENSE_H
#define PERPETUO_NN_DENSE_H

#include "nn/product.h"

#include <stdint.h>

/// A layer; `scale` and `bias` are views of arrays that a Model owns
typedef struct {
  Product      w;     ///< (V, H)
  const float* scale; ///< (V), what one step of a sum is worth
  const float* bias;  ///< (V)
} Dense;

/**
   Say what N rows give.

   @param x (N, stride of w).
   @param sums (N, V) scratch.
   @param out (N, V).
   Thread: any.  Memory: none allocated.
*/
void
dense_forward(const Dense*  dense,
              const int8_t* x,
              uint32_t      n,
              int32_t*      sums,
              float*        out);

#endif // PERPETUO_NN_DENSE_H
