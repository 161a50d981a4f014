// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/blas.h"

#include <cblas.h>

#ifdef PERPETUO_DOUBLE
#  define GEMM cblas_dgemm
#else
#  define GEMM cblas_sgemm
#endif

void
blas_init(void)
{
  openblas_set_num_threads(1);
}

const char*
blas_core(void)
{
  return openblas_get_corename();
}

void
blas_product(const uint32_t    M,
             const uint32_t    N,
             const uint32_t    K,
             const Real* const A,
             const Real* const B,
             const Real        beta,
             Real* const       C)
{
  const int m = (int)M;
  const int n = (int)N;
  const int k = (int)K;
  if (m && n && k) {
    GEMM(CblasRowMajor,
         CblasNoTrans,
         CblasNoTrans,
         m,
         n,
         k,
         (Real)1,
         A,
         k,
         B,
         n,
         beta,
         C,
         n);
  }
}

void
blas_product_bt(const uint32_t    M,
                const uint32_t    N,
                const uint32_t    K,
                const Real* const A,
                const Real* const B,
                const Real        beta,
                Real* const       C)
{
  const int m = (int)M;
  const int n = (int)N;
  const int k = (int)K;
  if (m && n && k) {
    GEMM(CblasRowMajor,
         CblasNoTrans,
         CblasTrans,
         m,
         n,
         k,
         (Real)1,
         A,
         k,
         B,
         k,
         beta,
         C,
         n);
  }
}

void
blas_product_at(const uint32_t    M,
                const uint32_t    N,
                const uint32_t    K,
                const Real* const A,
                const Real* const B,
                const Real        beta,
                Real* const       C)
{
  const int m = (int)M;
  const int n = (int)N;
  const int k = (int)K;
  if (m && n && k) {
    GEMM(CblasRowMajor,
         CblasTrans,
         CblasNoTrans,
         m,
         n,
         k,
         (Real)1,
         A,
         m,
         B,
         n,
         beta,
         C,
         n);
  }
}
