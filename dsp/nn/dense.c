// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3,fp-contract=off")
#endif

#include "nn/dense.h"

#if !defined(__GNUC__) || defined(__clang__)
#  pragma STDC FP_CONTRACT OFF
#endif

#include "nn/isa.h"

/// One vector's outputs
typedef struct {
  const float*   bias;
  const float*   scale;
  const int32_t* sums;
  float*         out;
  size_t         n; ///< V
} Scaling;

ISA_INLINE void
scale(const Scaling* const s)
{
  const float* const restrict bias   = s->bias;
  const float* const restrict worth  = s->scale;
  const int32_t* const restrict sums = s->sums;
  float* const restrict out          = s->out;
  const size_t n                     = s->n;
  for (size_t v = 0U; v < n; ++v) {
    out[v] = bias[v] + worth[v] * (float)sums[v];
  }
}

ISA_VARIANTS(scale, Scaling)

void
dense_forward(const Dense* const          dense,
              const ProductBackend* const backend,
              const void* const           prepared,
              const uint32_t              n,
              int32_t* const              sums,
              float* const                out)
{
  const size_t V      = dense->w.n_rows;
  const size_t padded = product_padded(dense->w.n_rows);

  backend->multiply(&dense->w, 0U, dense->w.n_tiles, prepared, n, sums);
  for (size_t i = 0U; i < n; ++i) {
    const Scaling s = {
      dense->bias, dense->scale, sums + i * padded, out + i * V, V};
    scale_of[isa_in_use()](&s);
  }
}
