// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/matrix.h"

#if MATRIX_HAS_WIDE

#  include <immintrin.h>

// 12 sums, 3 parts of a row and a factor: the 16 registers that there are
#  define ROWS 4U
#  define PARTS 3U
#  define WIDE __attribute__((target("avx2,fma")))

static bool
is_able(void)
{
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/// Rows of A begin `per_row` apart and columns `per_column`; both are
/// constants once this is inlined
WIDE __attribute__((always_inline)) static inline void
tile(const uint32_t depth,
     const float*   a,
     const size_t   per_row,
     const size_t   per_column,
     const float*   b,
     float* const   c,
     const size_t   stride,
     const bool     is_added)
{
  __m256      sum[ROWS][PARTS];
#  pragma GCC unroll 8
  for (uint32_t i = 0U; i < ROWS; ++i) {
#  pragma GCC unroll 4
    for (uint32_t j = 0U; j < PARTS; ++j) {
      sum[i][j] = _mm256_setzero_ps();
      _mm_prefetch((const char*)(c + i * stride + j * 8U), _MM_HINT_T0);
    }
  }

  for (uint32_t d = 0U; d < depth; ++d) {
    __m256 row[PARTS];
#  pragma GCC unroll 4
    for (uint32_t j = 0U; j < PARTS; ++j) {
      row[j] = _mm256_load_ps(b + j * 8U);
    }
#  pragma GCC unroll 8
    for (uint32_t i = 0U; i < ROWS; ++i) {
      const __m256 factor = _mm256_set1_ps(a[i * per_row]);
#  pragma GCC unroll 4
      for (uint32_t j = 0U; j < PARTS; ++j) {
        sum[i][j] = _mm256_fmadd_ps(factor, row[j], sum[i][j]);
      }
    }
    a += per_column;
    b += PARTS * 8U;
  }

#  pragma GCC unroll 8
  for (uint32_t i = 0U; i < ROWS; ++i) {
#  pragma GCC unroll 4
    for (uint32_t j = 0U; j < PARTS; ++j) {
      float* const to = c + i * stride + j * 8U;
      _mm256_storeu_ps(to,
                       is_added ? _mm256_add_ps(_mm256_loadu_ps(to), sum[i][j])
                                : sum[i][j]);
    }
  }
}

WIDE static void
of_rows(const uint32_t     depth,
        const float* const a,
        const float* const b,
        float* const       c,
        const size_t       stride,
        const bool         is_added)
{
  tile(depth, a, MATRIX_STRIDE, 1U, b, c, stride, is_added);
}

WIDE static void
of_columns(const uint32_t     depth,
           const float* const a,
           const float* const b,
           float* const       c,
           const size_t       stride,
           const bool         is_added)
{
  tile(depth, a, 1U, ROWS, b, c, stride, is_added);
}

const MatrixBackend matrix_avx2 =
  {"avx2", is_able, ROWS, PARTS * 8U, of_rows, of_columns};

#endif // MATRIX_HAS_WIDE
