// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// 256-bit vectors, where the processor has them.  Bytes are widened to 16 bits
// before they are multiplied, so that no product and no sum of two is cut off:
// -128 * -128 twice is still a whole number of 32 bits.

#include "nn/product.h"

#if PRODUCT_HAS_AVX2

#  include <immintrin.h>

#  include <stddef.h>

#  define AVX2 __attribute__((target("avx2")))
#  define AVX2_INLINE AVX2 static inline __attribute__((always_inline))

/// Bytes that are taken in one go
#  define STEP 16U

_Static_assert(PRODUCT_BLOCK % STEP == 0U, "Rows are whole steps long");

/// Sixteen bytes, widened
AVX2_INLINE __m256i
widen(const int8_t* const bytes)
{
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i*)bytes));
}

/// Add the products of sixteen, in pairs
AVX2_INLINE __m256i
add_products(const __m256i sum, const __m256i w, const __m256i x)
{
  return _mm256_add_epi32(sum, _mm256_madd_epi16(w, x));
}

/// What eight sums of four vectors each add up to
AVX2_INLINE __m128i
gather(const __m256i a, const __m256i b, const __m256i c, const __m256i d)
{
  const __m256i ab   = _mm256_hadd_epi32(a, b);
  const __m256i cd   = _mm256_hadd_epi32(c, d);
  const __m256i abcd = _mm256_hadd_epi32(ab, cd);
  return _mm_add_epi32(_mm256_castsi256_si128(abcd),
                       _mm256_extracti128_si256(abcd, 1));
}

/// Four rows times two vectors
AVX2_INLINE void
multiply_4x2(const size_t        K,
             const int8_t* const w,
             const int8_t* const x,
             int32_t* const      sums_0,
             int32_t* const      sums_1)
{
  __m256i a0 = _mm256_setzero_si256(), a1 = a0, a2 = a0, a3 = a0;
  __m256i b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (size_t k = 0U; k < K; k += STEP) {
    const __m256i x0 = widen(x + k);
    const __m256i x1 = widen(x + K + k);
    const __m256i w0 = widen(w + k);
    const __m256i w1 = widen(w + K + k);
    const __m256i w2 = widen(w + 2U * K + k);
    const __m256i w3 = widen(w + 3U * K + k);

    a0 = add_products(a0, w0, x0);
    a1 = add_products(a1, w1, x0);
    a2 = add_products(a2, w2, x0);
    a3 = add_products(a3, w3, x0);
    b0 = add_products(b0, w0, x1);
    b1 = add_products(b1, w1, x1);
    b2 = add_products(b2, w2, x1);
    b3 = add_products(b3, w3, x1);
  }
  _mm_storeu_si128((__m128i*)sums_0, gather(a0, a1, a2, a3));
  _mm_storeu_si128((__m128i*)sums_1, gather(b0, b1, b2, b3));
}

/// Four rows times one vector
AVX2_INLINE void
multiply_4x1(const size_t        K,
             const int8_t* const w,
             const int8_t* const x,
             int32_t* const      sums)
{
  __m256i a0 = _mm256_setzero_si256(), a1 = a0, a2 = a0, a3 = a0;
  for (size_t k = 0U; k < K; k += STEP) {
    const __m256i x0 = widen(x + k);

    a0 = add_products(a0, widen(w + k), x0);
    a1 = add_products(a1, widen(w + K + k), x0);
    a2 = add_products(a2, widen(w + 2U * K + k), x0);
    a3 = add_products(a3, widen(w + 3U * K + k), x0);
  }
  _mm_storeu_si128((__m128i*)sums, gather(a0, a1, a2, a3));
}

/// One row times one vector
AVX2_INLINE int32_t
multiply_1x1(const size_t K, const int8_t* const w, const int8_t* const x)
{
  __m256i sum = _mm256_setzero_si256();
  for (size_t k = 0U; k < K; k += STEP) {
    sum = add_products(sum, widen(w + k), widen(x + k));
  }
  return _mm_cvtsi128_si32(gather(sum, sum, sum, sum));
}

AVX2 static void
multiply(const Product* const product,
         const int8_t* const  x,
         const uint32_t       n,
         int32_t* const       sums)
{
  const size_t M = product->n_rows;
  const size_t K = product->stride;
  size_t       m = 0U;
  for (; m + 4U <= M; m += 4U) {
    const int8_t* const w = product->w + m * K;
    size_t              i = 0U;
    for (; i + 2U <= n; i += 2U) {
      int32_t* const to = sums + i * M + m;
      multiply_4x2(K, w, x + i * K, to, to + M);
    }
    if (i < n) {
      multiply_4x1(K, w, x + i * K, sums + i * M + m);
    }
  }
  for (; m < M; ++m) {
    for (size_t i = 0U; i < n; ++i) {
      sums[i * M + m] = multiply_1x1(K, product->w + m * K, x + i * K);
    }
  }
}

static bool
is_able(void)
{
  return __builtin_cpu_supports("avx2");
}

const ProductBackend product_avx2 = {"avx2", is_able, multiply};

#endif // PRODUCT_HAS_AVX2
