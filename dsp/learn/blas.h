// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Matrix products for training, by OpenBLAS.

   The only file of the room that knows the library.  `Real` is what training
   computes with: float, or double in a build with PERPETUO_DOUBLE, which the
   gradient checks use.
*/
#ifndef PERPETUO_LEARN_BLAS_H
#define PERPETUO_LEARN_BLAS_H

#include <stdint.h>

#ifdef PERPETUO_DOUBLE
typedef double Real;
#else
typedef float Real;
#endif

/**
   Make every product run in the thread that asks for it.

   Training shares its work out by itself (learn/crew.h), so that a run is the
   same each time and idle threads sleep.  Holds for the whole process.
   Thread: setup, before the first product.
*/
void
blas_init(void);

/// Name of the kernels in use ("Zen", "Haswell" ...), in static memory
const char*
blas_core(void);

/// C (M, N) = beta C + A (M, K) B (K, N); rows of all three are packed
void
blas_product(uint32_t    M,
             uint32_t    N,
             uint32_t    K,
             const Real* A,
             const Real* B,
             Real        beta,
             Real*       C);

/// C (M, N) = beta C + A (M, K) B^T, where B is (N, K)
void
blas_product_bt(uint32_t    M,
                uint32_t    N,
                uint32_t    K,
                const Real* A,
                const Real* B,
                Real        beta,
                Real*       C);

/// C (M, N) = beta C + A^T B (K, N), where A is (K, M)
void
blas_product_at(uint32_t    M,
                uint32_t    N,
                uint32_t    K,
                const Real* A,
                const Real* B,
                Real        beta,
                Real*       C);

#endif // PERPETUO_LEARN_BLAS_H
