// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// Loops that are to become vector code, however the rest is built
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3")
#endif

#include "nn/product.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ADDED 4U

/// Four rows times two vectors
static void
multiply_4x2(const Product* const product,
             const uint32_t       m,
             const int8_t* const  x,
             int32_t* const       sums)
{
  const size_t        K  = product->stride;
  const int8_t* const w0 = product->w + (size_t)m * K;
  const int8_t* const w1 = w0 + K;
  const int8_t* const w2 = w1 + K;
  const int8_t* const w3 = w2 + K;
  const int8_t* const x0 = x;
  const int8_t* const x1 = x + K;

  int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
  int32_t b0 = 0, b1 = 0, b2 = 0, b3 = 0;
  for (size_t k = 0U; k < K; ++k) {
    a0 += w0[k] * x0[k];
    a1 += w1[k] * x0[k];
    a2 += w2[k] * x0[k];
    a3 += w3[k] * x0[k];
    b0 += w0[k] * x1[k];
    b1 += w1[k] * x1[k];
    b2 += w2[k] * x1[k];
    b3 += w3[k] * x1[k];
  }

  int32_t* const sums0 = sums + m;
  int32_t* const sums1 = sums + product->n_rows + m;

  sums0[0] = a0, sums0[1] = a1, sums0[2] = a2, sums0[3] = a3;
  sums1[0] = b0, sums1[1] = b1, sums1[2] = b2, sums1[3] = b3;
}

/// One row times one vector
static int32_t
multiply_1x1(const Product* const product,
             const uint32_t       m,
             const int8_t* const  x)
{
  const size_t        K = product->stride;
  const int8_t* const w = product->w + (size_t)m * K;

  int32_t sum = 0;
  for (size_t k = 0U; k < K; ++k) {
    sum += w[k] * x[k];
  }
  return sum;
}

static void
multiply_portable(const Product* const product,
                  const int8_t* const  x,
                  const uint32_t       n,
                  int32_t* const       sums)
{
  const uint32_t M  = product->n_rows;
  const uint32_t M4 = M / 4U * 4U;
  const uint32_t N2 = n / 2U * 2U;

  for (uint32_t m = 0U; m < M4; m += 4U) {
    for (uint32_t i = 0U; i < N2; i += 2U) {
      multiply_4x2(
        product, m, x + (size_t)i * product->stride, sums + (size_t)i * M);
    }
  }

  for (uint32_t i = 0U; i < n; ++i) {
    for (uint32_t m = i < N2 ? M4 : 0U; m < M; ++m) {
      sums[(size_t)i * M + m] =
        multiply_1x1(product, m, x + (size_t)i * product->stride);
    }
  }
}

static bool
always(void)
{
  return true;
}

static const ProductBackend product_portable = {"portable",
                                                always,
                                                multiply_portable};

static const ProductBackend* const built_in[] = {
#if PRODUCT_HAS_AVX2
  &product_avx2,
#endif
  &product_portable,
};

#define N_BUILT_IN (sizeof(built_in) / sizeof(built_in[0]))

static const ProductBackend*          added[MAX_ADDED];
static uint32_t                       n_added;
static _Atomic(const ProductBackend*) in_use;

const ProductBackend*
product_backend(const uint32_t i)
{
  return i < N_BUILT_IN             ? built_in[i]
         : i - N_BUILT_IN < n_added ? added[i - N_BUILT_IN]
                                    : NULL;
}

bool
product_add(const ProductBackend* const backend)
{
  if (n_added >= MAX_ADDED) {
    return false;
  }

  added[n_added++] = backend;
  return true;
}

bool
product_use(const char* const name)
{
  const ProductBackend* backend = NULL;
  for (uint32_t i = 0U; (backend = product_backend(i)); ++i) {
    if ((!name || !strcmp(name, backend->name)) && backend->is_able()) {
      atomic_store(&in_use, backend);
      return true;
    }
  }
  return false;
}

const ProductBackend*
product_in_use(void)
{
  const ProductBackend* const backend = atomic_load(&in_use);
  if (backend) {
    return backend;
  }

  // Several threads may come here at once, and all find the same
  (void)product_use(NULL);
  return atomic_load(&in_use);
}

uint32_t
product_stride(const uint32_t n_columns)
{
  return (n_columns + PRODUCT_BLOCK - 1U) / PRODUCT_BLOCK * PRODUCT_BLOCK;
}

/// Largest sum of magnitudes of any row
static uint64_t
largest_l1(const int8_t* const w, const uint32_t M, const uint32_t K)
{
  uint64_t largest = 0U;
  for (uint32_t m = 0U; m < M; ++m) {
    uint64_t l1 = 0U;
    for (uint32_t k = 0U; k < K; ++k) {
      l1 += (uint64_t)abs(w[(size_t)m * K + k]);
    }
    largest = l1 > largest ? l1 : largest;
  }
  return largest;
}

Status
product_init(Product* const      product,
             const int8_t* const w,
             const uint32_t      n_rows,
             const uint32_t      n_columns)
{
  if (!n_rows || !n_columns || n_columns > UINT32_MAX - PRODUCT_BLOCK) {
    return STATUS_BAD_ARG;
  }

  const uint64_t l1     = largest_l1(w, n_rows, n_columns);
  const uint32_t stride = product_stride(n_columns);
  if (l1 > (uint64_t)INT32_MAX / 128U ||
      n_rows > (SIZE_MAX - PRODUCT_BLOCK) / stride) {
    return STATUS_BAD_ARG;
  }

  void* const block = calloc(1U, (size_t)n_rows * stride + PRODUCT_BLOCK);
  if (!block) {
    return STATUS_NO_MEM;
  }

  const uintptr_t past = (uintptr_t)block % PRODUCT_BLOCK;

  product->n_rows    = n_rows;
  product->n_columns = n_columns;
  product->stride    = stride;
  product->max_l1    = (uint32_t)l1;
  product->block     = block;
  product->w         = (int8_t*)block + (past ? PRODUCT_BLOCK - past : 0U);
  for (size_t m = 0U; m < n_rows; ++m) {
    memcpy(product->w + m * stride, w + m * n_columns, n_columns);
  }
  return STATUS_SUCCESS;
}

void
product_clear(Product* const product)
{
  free(product->block);
  memset(product, 0, sizeof(*product));
}

void
product_multiply(const Product* const product,
                 const int8_t* const  x,
                 const uint32_t       n,
                 int32_t* const       sums)
{
  product_in_use()->multiply(product, x, n, sums);
}
