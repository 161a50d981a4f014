// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "nn/dense.h"

#if !defined(__GNUC__) || defined(__clang__)
#  pragma STDC FP_CONTRACT OFF
#endif

#include <stddef.h>

void
dense_forward(const Dense* const  dense,
              const int8_t* const x,
              const uint32_t      n,
              int32_t* const      sums,
              float* const        out)
{
  const size_t V = dense->w.n_rows;

  product_multiply(&dense->w, x, n, sums);
  for (size_t i = 0U; i < n; ++i) {
    for (size_t v = 0U; v < V; ++v) {
      out[i * V + v] =
        dense->bias[v] + dense->scale[v] * (float)sums[i * V + v];
    }
  }
}
