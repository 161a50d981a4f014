// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Products of matrices whose right-hand factor is made ready beforehand.

   A net's weights are multiplied with once for each step of a window, and a
   library that is given plain rows would arrange them anew each time.  There
   are several ways to do it; they differ in rounding, and each gives the same
   bits every time.  The best one that the machine can run is chosen by itself.

   Letters: C (M, N) = A (M, K) B (K, N).
*/
#ifndef PERPETUO_LEARN_MATRIX_H
#define PERPETUO_LEARN_MATRIX_H

#include "learn/blas.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether the compiler can be asked for wide vectors of floats
#if defined(__GNUC__) && defined(__x86_64__) && !defined(PERPETUO_DOUBLE)
#  define MATRIX_HAS_WIDE 1
#else
#  define MATRIX_HAS_WIDE 0
#endif

/// Products are summed over that much of K at a time, which the caches hold
#define MATRIX_DEPTH 256U

/// Distance of rows of A in a block; not a power of two, or all of them would
/// want the same place in the cache
#define MATRIX_STRIDE (MATRIX_DEPTH + 16U)

/// Most rows and columns of a tile
#define MATRIX_MAX_TILE_ROWS 8U
#define MATRIX_MAX_TILE_COLUMNS 32U

/**
   A tile of C from `depth` columns of A and rows of B.

   @param a Rows that begin MATRIX_STRIDE apart, or (depth, n_rows).
   @param b (depth, n_columns), at a multiple of 64 bytes.
   @param c Rows that begin `stride` apart.
   @param is_added Whether to add to what C holds, or to forget that.
*/
typedef void (*MatrixTile)(uint32_t    depth,
                           const Real* a,
                           const Real* b,
                           Real*       c,
                           size_t      stride,
                           bool        is_added);

/// One way to do it
typedef struct {
  const char* name;

  /// Whether this machine can run it
  bool (*is_able)(void);

  uint32_t   n_rows;     ///< Of a tile; 0 where the library does all of it
  uint32_t   n_columns;  ///< Of a tile
  MatrixTile of_rows;    ///< Where A lies in rows
  MatrixTile of_columns; ///< Where A lies in (depth, n_rows)
} MatrixBackend;

/// How many numbers a B that is ready takes, by whichever way
size_t
matrix_room(uint32_t K, uint32_t N);

/**
   Make B ready.

   @param B (K, N), or (N, K) where it is transposed.
   @param ready (matrix_room(K, N)), at a multiple of 64 bytes; of use until
   another backend is chosen.
*/
void
matrix_ready(uint32_t    K,
             uint32_t    N,
             const Real* B,
             bool        is_transposed,
             Real*       ready);

/**
   C (M, N) = A (M, K) B, or C += that where `is_added`.

   @param ready B, as matrix_ready left it.
   Thread: any.  Memory: 70 KiB of stack.
*/
void
matrix_product(uint32_t    M,
               uint32_t    N,
               uint32_t    K,
               const Real* A,
               const Real* ready,
               bool        is_added,
               Real*       C);

/// The same, where A is (K, M) and is transposed
void
matrix_product_at(uint32_t    M,
                  uint32_t    N,
                  uint32_t    K,
                  const Real* A,
                  const Real* ready,
                  bool        is_added,
                  Real*       C);

/// The `i`th backend, in order of preference, or null beyond the last
const MatrixBackend*
matrix_backend(uint32_t i);

/// Use the backend of that name from now on; null for the preferred one.
/// @return False when there is none or this machine cannot run it.
/// Thread: setup, while nothing is ready.
bool
matrix_use(const char* name);

/// The backend in use
const MatrixBackend*
matrix_in_use(void);

#if MATRIX_HAS_WIDE
/// 512-bit and 256-bit vectors, multiplied and added in one
extern const MatrixBackend matrix_avx512;
extern const MatrixBackend matrix_avx2;
#endif

#endif // PERPETUO_LEARN_MATRIX_H
