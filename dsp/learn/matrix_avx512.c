// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/matrix.h"

#if MATRIX_HAS_WIDE

#  include <immintrin.h>

// 16 sums are under way at once, which hides how long each takes
#  define ROWS 8U
#  define PARTS 2U
#  define WIDE __attribute__((target("avx512f")))

static bool
is_able(void)
{
  return __builtin_cpu_supports("avx512f");
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
  __m512      sum[ROWS][PARTS];
#  pragma GCC unroll 8
  for (uint32_t i = 0U; i < ROWS; ++i) {
#  pragma GCC unroll 4
    for (uint32_t j = 0U; j < PARTS; ++j) {
      sum[i][j] = _mm512_setzero_ps();
      _mm_prefetch((const char*)(c + i * stride + j * 16U), _MM_HINT_T0);
    }
  }

  for (uint32_t d = 0U; d < depth; ++d) {
    __m512 row[PARTS];
#  pragma GCC unroll 4
    for (uint32_t j = 0U; j < PARTS; ++j) {
      row[j] = _mm512_load_ps(b + j * 16U);
    }
#  pragma GCC unroll 8
    for (uint32_t i = 0U; i < ROWS; ++i) {
      const __m512 factor = _mm512_set1_ps(a[i * per_row]);
#  pragma GCC unroll 4
      for (uint32_t j = 0U; j < PARTS; ++j) {
        sum[i][j] = _mm512_fmadd_ps(factor, row[j], sum[i][j]);
      }
    }
    a += per_column;
    b += PARTS * 16U;
  }

#  pragma GCC unroll 8
  for (uint32_t i = 0U; i < ROWS; ++i) {
#  pragma GCC unroll 4
    for (uint32_t j = 0U; j < PARTS; ++j) {
      float* const to = c + i * stride + j * 16U;
      _mm512_storeu_ps(to,
                       is_added ? _mm512_add_ps(_mm512_loadu_ps(to), sum[i][j])
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

const MatrixBackend matrix_avx512 =
  {"avx512", is_able, ROWS, PARTS * 16U, of_rows, of_columns};

#endif // MATRIX_HAS_WIDE
