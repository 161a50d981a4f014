// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// Loops that are to become vector code, however the rest is built
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3")
#endif

#include "nn/product.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ADDED 4U

// ------------------------------------------------------------------ portable

/// One tile times one vector
static void
multiply_tile(const int8_t* const restrict w,
              const int8_t* const restrict x,
              const size_t stride,
              int32_t* const restrict sums)
{
  int32_t sum[PRODUCT_TILE] = {0};
  for (size_t k = 0U; k < stride; k += PRODUCT_GROUP) {
    const int8_t* const group = w + k * PRODUCT_TILE;
    for (size_t r = 0U; r < PRODUCT_TILE; ++r) {
      const int8_t* const row = group + r * PRODUCT_GROUP;
      sum[r] += (row[0] * x[k] + row[1] * x[k + 1U]) +
                (row[2] * x[k + 2U] + row[3] * x[k + 3U]);
    }
  }
  memcpy(sums, sum, sizeof(sum));
}

static void
multiply_portable(const Product* const product,
                  const uint32_t       i_tile,
                  const uint32_t       n_tiles,
                  const void* const    prepared,
                  const uint32_t       n,
                  int32_t* const       sums)
{
  const int8_t* const x      = (const int8_t*)prepared;
  const size_t        stride = product->stride;
  const size_t        size   = stride * PRODUCT_TILE;
  for (size_t t = 0U; t < n_tiles; ++t) {
    for (size_t i = 0U; i < n; ++i) {
      multiply_tile(product->tiles + (i_tile + t) * size,
                    x + i * stride,
                    stride,
                    sums + (i * n_tiles + t) * PRODUCT_TILE);
    }
  }
}

void
product_prepare_plain(const int8_t* const x,
                      const uint32_t      n,
                      const uint32_t      stride,
                      void* const         prepared)
{
  memcpy(prepared, x, (size_t)n * stride);
}

static bool
always(void)
{
  return true;
}

static const ProductBackend product_portable = {"portable",
                                                1U,
                                                always,
                                                product_prepare_plain,
                                                multiply_portable};

// ------------------------------------------------------------------ the list

static const ProductBackend* const built_in[] = {
#if PRODUCT_HAS_X86
  &product_avx512,
  &product_avx2,
  &product_sse2,
#endif
#if PRODUCT_HAS_NEON
  &product_neon_dot,
  &product_neon,
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
  if (n_added >= MAX_ADDED || backend->n_prepared > PRODUCT_MAX_PREPARED) {
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
  const ProductBackend* const backend =
    atomic_load_explicit(&in_use, memory_order_relaxed);
  if (backend) {
    return backend;
  }

  // Several threads may come here at once, and all find the same
  (void)product_use(NULL);
  return atomic_load(&in_use);
}

// -------------------------------------------------------------------- making

uint32_t
product_stride(const uint32_t n_columns)
{
  return (n_columns + PRODUCT_BLOCK - 1U) / PRODUCT_BLOCK * PRODUCT_BLOCK;
}

uint32_t
product_padded(const uint32_t n_rows)
{
  return (n_rows + PRODUCT_TILE - 1U) / PRODUCT_TILE * PRODUCT_TILE;
}

size_t
product_prepared_size(const uint32_t n_columns, const uint32_t n)
{
  return (size_t)product_stride(n_columns) * n * PRODUCT_MAX_PREPARED;
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

/// Where a weight lies
static size_t
place_of(const Product* const product, const size_t m, const size_t k)
{
  const size_t tile  = m / PRODUCT_TILE * product->stride * PRODUCT_TILE;
  const size_t group = k / PRODUCT_GROUP * PRODUCT_GROUP * PRODUCT_TILE;
  return tile + group + m % PRODUCT_TILE * PRODUCT_GROUP + k % PRODUCT_GROUP;
}

int8_t
product_weight(const Product* const product, const uint32_t m, const uint32_t k)
{
  return product->tiles[place_of(product, m, k)];
}

/// Put a row where it belongs
static void
lay_row(Product* const product, const size_t m, const int8_t* const row)
{
  int8_t* const tile = product->tiles + place_of(product, m, 0U);
  int32_t       sum  = 0;
  for (size_t k = 0U; k < product->n_columns; ++k) {
    tile[k / PRODUCT_GROUP * PRODUCT_GROUP * PRODUCT_TILE + k % PRODUCT_GROUP] =
      row[k];
    sum += row[k];
  }
  product->offsets[m] = -128 * sum;
}

Status
product_init(Product* const      product,
             const int8_t* const w,
             const uint32_t      n_rows,
             const uint32_t      n_columns)
{
  if (!n_rows || !n_columns || n_columns > UINT32_MAX - PRODUCT_BLOCK ||
      n_rows > UINT32_MAX - PRODUCT_TILE) {
    return STATUS_BAD_ARG;
  }

  // What is allocated is at most twice as much for each row and column
  const uint64_t l1     = largest_l1(w, n_rows, n_columns);
  const uint32_t stride = product_stride(n_columns);
  const uint32_t padded = product_padded(n_rows);
  if (l1 > (uint64_t)INT32_MAX / 128U ||
      padded > (SIZE_MAX - PRODUCT_BLOCK) / (stride + sizeof(int32_t))) {
    return STATUS_BAD_ARG;
  }

  const size_t n_weights = (size_t)padded * stride;
  const size_t n_bytes   = n_weights + padded * sizeof(int32_t);
  void* const  block     = calloc(1U, n_bytes + PRODUCT_BLOCK);
  if (!block) {
    return STATUS_NO_MEM;
  }

  const uintptr_t past = (uintptr_t)block % PRODUCT_BLOCK;

  product->n_rows    = n_rows;
  product->n_columns = n_columns;
  product->stride    = stride;
  product->n_tiles   = padded / PRODUCT_TILE;
  product->max_l1    = (uint32_t)l1;
  product->block     = block;
  product->tiles     = (int8_t*)block + (past ? PRODUCT_BLOCK - past : 0U);
  product->offsets   = (int32_t*)(void*)(product->tiles + n_weights);
  for (size_t m = 0U; m < n_rows; ++m) {
    lay_row(product, m, w + m * n_columns);
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
                 void* const          scratch,
                 int32_t* const       sums)
{
  const ProductBackend* const backend = product_in_use();

  backend->prepare(x, n, product->stride, scratch);
  backend->multiply(product, 0U, product->n_tiles, scratch, n, sums);
}
