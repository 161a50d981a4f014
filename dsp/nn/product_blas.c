// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// The oracle for tests and tools; the plugin carries no BLAS

#include "nn/product.h"

#include <cblas.h>

#include <stddef.h>
#include <stdlib.h>

/// Whole numbers up to this are exact in a float, and so is every partial sum
#define MAX_EXACT_FLOAT (1U << 24U)

static bool
always(void)
{
  return true;
}

/// Rows of a product from `m` on, and how many
typedef struct {
  const Product* product;
  uint32_t       m;
  uint32_t       n_rows;
} Rows;

/// The weight of a row; those that pad it are 0
static int8_t
weight_at(const Rows* const rows, const size_t m, const size_t k)
{
  return product_weight(rows->product, rows->m + (uint32_t)m, (uint32_t)k);
}

/// Say what the sums are without BLAS, should there be no memory for it
static void
multiply_plain(const Rows* const   rows,
               const int8_t* const x,
               const uint32_t      n,
               int32_t* const      sums)
{
  const size_t K = rows->product->stride;
  const size_t M = rows->n_rows;
  for (size_t i = 0U; i < n; ++i) {
    for (size_t m = 0U; m < M; ++m) {
      int32_t sum = 0;
      for (size_t k = 0U; k < K; ++k) {
        sum += weight_at(rows, m, k) * x[i * K + k];
      }
      sums[i * M + m] = sum;
    }
  }
}

/* The same function twice, for float and for double */

#define DEFINE_MULTIPLY(name, Number, gemm)                   \
  static bool name(const Rows* const   rows,                  \
                   const int8_t* const x,                     \
                   const uint32_t      n,                     \
                   int32_t* const      sums)                  \
  {                                                           \
    const size_t  K = rows->product->stride;                  \
    const size_t  M = rows->n_rows;                           \
    Number* const all =                                       \
      (Number*)calloc(M * K + n * K + n * M, sizeof(Number)); \
    if (!all) {                                               \
      return false;                                           \
    }                                                         \
                                                              \
    Number* const w = all;                                    \
    Number* const v = w + M * K;                              \
    Number* const s = v + n * K;                              \
    for (size_t m = 0U; m < M; ++m) {                         \
      for (size_t k = 0U; k < K; ++k) {                       \
        w[m * K + k] = (Number)weight_at(rows, m, k);         \
      }                                                       \
    }                                                         \
    for (size_t i = 0U; i < n * K; ++i) {                     \
      v[i] = (Number)x[i];                                    \
    }                                                         \
    gemm(CblasRowMajor,                                       \
         CblasNoTrans,                                        \
         CblasTrans,                                          \
         (blasint)n,                                          \
         (blasint)M,                                          \
         (blasint)K,                                          \
         (Number)1,                                           \
         v,                                                   \
         (blasint)K,                                          \
         w,                                                   \
         (blasint)K,                                          \
         (Number)0,                                           \
         s,                                                   \
         (blasint)M);                                         \
    for (size_t i = 0U; i < n * M; ++i) {                     \
      sums[i] = (int32_t)s[i];                                \
    }                                                         \
    free(all);                                                \
    return true;                                              \
  }

DEFINE_MULTIPLY(multiply_float, float, cblas_sgemm)

DEFINE_MULTIPLY(multiply_double, double, cblas_dgemm)

static void
multiply_blas(const Product* const product,
              const uint32_t       i_tile,
              const uint32_t       n_tiles,
              const void* const    prepared,
              const uint32_t       n,
              int32_t* const       sums)
{
  const Rows rows = {product, i_tile * PRODUCT_TILE, n_tiles * PRODUCT_TILE};
  const int8_t* const x        = (const int8_t*)prepared;
  const bool          is_small = product->max_l1 < MAX_EXACT_FLOAT / 128U;
  const bool          is_done  = is_small ? multiply_float(&rows, x, n, sums)
                                          : multiply_double(&rows, x, n, sums);
  if (!is_done) {
    multiply_plain(&rows, x, n, sums);
  }
}

const ProductBackend product_blas = {"blas",
                                     1U,
                                     always,
                                     product_prepare_plain,
                                     multiply_blas};
