// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Rows of int8 times a few vectors of int8: sums of whole numbers.

   Several backends do the same work; because the sums are whole numbers that
   cannot overflow (product_bound), all of them give the same bits.  The best
   one that the machine can run is chosen by itself.

   Letters: M rows, K columns, N vectors.
*/
#ifndef PERPETUO_NN_PRODUCT_H
#define PERPETUO_NN_PRODUCT_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/// Rows and vectors are padded with zeros to a multiple of this, and rows
/// begin at multiples of it in memory
#define PRODUCT_BLOCK 64U

/// Whether the compiler can be asked for 256-bit vectors
#if defined(__GNUC__) && defined(__x86_64__)
#  define PRODUCT_HAS_AVX2 1
#else
#  define PRODUCT_HAS_AVX2 0
#endif

/// A matrix as the backends want it; owns its memory
typedef struct {
  uint32_t n_rows;    ///< M
  uint32_t n_columns; ///< K
  uint32_t stride;    ///< K rounded up to PRODUCT_BLOCK
  uint32_t max_l1;    ///< Largest sum of magnitudes of any row
  int8_t*  w;         ///< (M, stride)
  void*    block;     ///< What was allocated
} Product;

/// One way to do it
typedef struct {
  const char* name;

  /// Whether this machine can run it
  bool (*is_able)(void);

  /// sums (N, M) = x (N, stride) times the rows
  void (*multiply)(const Product* product,
                   const int8_t*  x,
                   uint32_t       n,
                   int32_t*       sums);
} ProductBackend;

/// Length of a padded vector of K
uint32_t
product_stride(uint32_t n_columns);

/**
   Make a Product of plain rows, which are copied.

   @param w (M, K) row-major.
   @return STATUS_NO_MEM, or STATUS_BAD_ARG when a row could overflow: when its
   sum of magnitudes times 128 does not fit in 31 bits.
*/
NODISCARD Status
product_init(Product*      product,
             const int8_t* w,
             uint32_t      n_rows,
             uint32_t      n_columns);

/// Free what product_init took; a zeroed Product is allowed
void
product_clear(Product* product);

/**
   Multiply N vectors at once.

   @param x (N, stride), zeros beyond K.
   @param sums (N, M).
   Thread: any.  Memory: none allocated.
*/
void
product_multiply(const Product* product,
                 const int8_t*  x,
                 uint32_t       n,
                 int32_t*       sums);

/// The `i`th backend, in order of preference, or null beyond the last
const ProductBackend*
product_backend(uint32_t i);

/// Add a backend to the list; false when the list is full.  Thread: setup.
bool
product_add(const ProductBackend* backend);

/// Use the backend of that name from now on; null for the preferred one.
/// @return False when there is none or this machine cannot run it.
bool
product_use(const char* name);

/// The backend in use
const ProductBackend*
product_in_use(void);

#if PRODUCT_HAS_AVX2
/// 256-bit vectors of whole numbers
extern const ProductBackend product_avx2;
#endif

/// The oracle: OpenBLAS, whole numbers as floats while these are exact, else
/// as doubles.  Only in programs that link product_blas.c (tests and tools).
extern const ProductBackend product_blas;

#endif // PERPETUO_NN_PRODUCT_H
