// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   An affine layer over whole numbers:  out = bias + scale * sum.

   Letters: N vectors, K inputs, V outputs.
*/
#ifndef PERPETUO_NN_DENSE_H
#define PERPETUO_NN_DENSE_H

#include "nn/product.h"

#include <stdint.h>

/// A layer.  The product is the caller's to make and to clear.
typedef struct {
  Product w;     ///< (V, K)
  float*  scale; ///< (V), what one step of a sum is worth
  float*  bias;  ///< (V)
} Dense;

/**
   Compute N outputs.

   @param backend What `prepared` was prepared for.
   @param prepared N vectors of K.
   @param sums (N, product_padded(V)) scratch.
   @param out (N, V).
   Thread: any.  Memory: none allocated.
*/
void
dense_forward(const Dense*          dense,
              const ProductBackend* backend,
              const void*           prepared,
              uint32_t              n,
              int32_t*              sums,
              float*                out);

#endif // PERPETUO_NN_DENSE_H
