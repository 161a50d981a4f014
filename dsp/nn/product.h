// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Rows of int8 times a few vectors of int8: sums of whole numbers.

   Several backends do the same work; because the sums are whole numbers that
   cannot overflow (Product.max_l1), all of them give the same bits.  The best
   one that the machine can run is chosen by itself.

   Rows are kept in tiles of 16, in which a vector register's worth of bytes are
   four columns of several rows: no backend has to add across a register, and
   what a row needs next lies beside what its neighbours need.  Vectors are
   first put into the form that the backend wants (product_prepare), once for
   all the products and parts of products they go into.

   Letters: M rows, K columns, N vectors, T tiles.
*/
#ifndef PERPETUO_NN_PRODUCT_H
#define PERPETUO_NN_PRODUCT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Columns and vectors are padded with zeros to a multiple of this
#define PRODUCT_BLOCK 64U

/// Rows of a tile; rows are padded with zeros to a multiple of this
#define PRODUCT_TILE 16U

/// Columns of each row that lie side by side in a tile
#define PRODUCT_GROUP 4U

/// Most bytes that a backend wants for a column of a prepared vector
#define PRODUCT_MAX_PREPARED 8U

/// Whether the compiler can be asked for these instructions, function by
/// function
#if defined(__GNUC__) && defined(__x86_64__)
#  define PRODUCT_HAS_X86 1
#else
#  define PRODUCT_HAS_X86 0
#endif
#if defined(__GNUC__) && defined(__aarch64__)
#  define PRODUCT_HAS_NEON 1
#else
#  define PRODUCT_HAS_NEON 0
#endif

/// A matrix as the backends want it; owns its memory
typedef struct {
  uint32_t n_rows;    ///< M
  uint32_t n_columns; ///< K
  uint32_t stride;    ///< K rounded up to PRODUCT_BLOCK
  uint32_t n_tiles;   ///< T, M over PRODUCT_TILE, rounded up
  uint32_t max_l1;    ///< Largest sum of magnitudes of any row
  int8_t*  tiles;     ///< (T, stride / PRODUCT_GROUP, PRODUCT_TILE,
                      ///< PRODUCT_GROUP), at a multiple of PRODUCT_BLOCK
  int32_t* offsets;   ///< (T * PRODUCT_TILE) -128 times the sum of each row
  void*    block;     ///< What was allocated
} Product;

/// One way to do it
typedef struct {
  const char* name;

  /// Bytes of a prepared vector for each of its columns
  uint32_t n_prepared;

  /// Whether this machine can run it
  bool (*is_able)(void);

  /// Put N vectors (N, stride) into the form that multiply() wants
  void (*prepare)(const int8_t* x, uint32_t n, uint32_t stride, void* prepared);

  /// sums (N, n_tiles * PRODUCT_TILE) = prepared vectors times tiles from
  /// `i_tile` on
  void (*multiply)(const Product* product,
                   uint32_t       i_tile,
                   uint32_t       n_tiles,
                   const void*    prepared,
                   uint32_t       n,
                   int32_t*       sums);
} ProductBackend;

/// Length of a padded vector of K
uint32_t
product_stride(uint32_t n_columns);

/// M rounded up to whole tiles
uint32_t
product_padded(uint32_t n_rows);

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

/// The weight of a row and column, or of the zeros they are padded with
int8_t
product_weight(const Product* product, uint32_t m, uint32_t k);

/// Bytes that are enough to prepare N vectors of K for any backend
size_t
product_prepared_size(uint32_t n_columns, uint32_t n);

/**
   Multiply N vectors with all rows.

   @param x (N, stride), zeros beyond K.
   @param scratch (product_prepared_size(K, N)) at a multiple of PRODUCT_BLOCK.
   @param sums (N, product_padded(M)); those beyond M become 0.
   Thread: any.  Memory: none allocated.
*/
void
product_multiply(const Product* product,
                 const int8_t*  x,
                 uint32_t       n,
                 void*          scratch,
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

/// Vectors as they are, the form that some backends want
void
product_prepare_plain(const int8_t* x,
                      uint32_t      n,
                      uint32_t      stride,
                      void*         prepared);

#if PRODUCT_HAS_X86
/// 512-bit vectors that add four products of bytes at once
extern const ProductBackend product_avx512;

/// 256-bit vectors
extern const ProductBackend product_avx2;

/// 128-bit vectors, which every such processor has
extern const ProductBackend product_sse2;
#endif

#if PRODUCT_HAS_NEON
/// 128-bit vectors that add four products of bytes at once
extern const ProductBackend product_neon_dot;

/// 128-bit vectors, which every such processor has
extern const ProductBackend product_neon;
#endif

/// The oracle: OpenBLAS, whole numbers as floats while these are exact, else
/// as doubles.  Only in programs that link product_blas.c (tests and tools).
extern const ProductBackend product_blas;

#endif // PERPETUO_NN_PRODUCT_H
