// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// 256-bit vectors.  The instruction that multiplies bytes wants one of each
// pair to have no sign, so it gets the magnitudes of the vector's, and weights
// of which those are inverted that meet a number below zero:
//
//   |x| * ~w = |x| * (-w - 1) = x * w - |x|
//
// The sum of those |x| is the same for every row, and is where sums begin.  No
// sum of two is cut off: |x| is at most 128 and an inverted weight a byte as
// any, so it lies between -2^15 and 2 * 128 * 127.

#include "nn/isa.h"
#include "nn/product.h"

#if PRODUCT_HAS_X86

#  include <immintrin.h>

#  include <string.h>

#  if !defined(__clang__) && defined(__OPTIMIZE__)
#    pragma GCC optimize("O3")
#  endif

#  define AVX2 __attribute__((target("avx2")))
#  define AVX2_INLINE AVX2 static inline __attribute__((always_inline))

/// Most vectors that are worked on side by side
#  define MAX_SIDE 4U

/// Bytes of a register, and rows whose groups are in one
#  define WIDTH 32U
#  define N_ROWS (WIDTH / PRODUCT_GROUP)

/// What a part of the work is about
typedef struct {
  const int8_t* w;      ///< Tiles
  const int8_t* x;      ///< (N, stride, 2): magnitudes of each group, and
                        ///< what inverts weights
  const int32_t* begin; ///< (N) where sums begin
  int32_t*       sums;  ///< (N, sums_stride)
  size_t         stride;
  size_t         sums_stride;
} Part;

/// Four bytes, eight times
AVX2_INLINE __m256i
spread(const int8_t* const from)
{
  int32_t four = 0;
  memcpy(&four, from, sizeof(four));
  return _mm256_set1_epi32(four);
}

/// T tiles times N vectors, in 2 T N registers
AVX2_INLINE void
multiply_part(const Part* const p, const size_t T, const size_t N)
{
  const __m256i ones = _mm256_set1_epi16(1);
  const size_t  size = p->stride * PRODUCT_TILE;
  __m256i       sum[4U][MAX_SIDE];
#  pragma GCC   unroll 4
  for (size_t r = 0U; r < 2U * T; ++r) {
#  pragma GCC unroll 4
    for (size_t i = 0U; i < N; ++i) {
      sum[r][i] = _mm256_set1_epi32(p->begin[i]);
    }
  }

  const int8_t* w = p->w;
  const int8_t* x = p->x;
  for (size_t k = 0U; k < p->stride; k += PRODUCT_GROUP) {
#  pragma GCC unroll 4
    for (size_t i = 0U; i < N; ++i) {
      const int8_t* const xi       = x + i * 2U * p->stride;
      const __m256i       length   = spread(xi);
      const __m256i       inverter = spread(xi + PRODUCT_GROUP);
#  pragma GCC unroll 4
      for (size_t r = 0U; r < 2U * T; ++r) {
        const int8_t* const from = w + r / 2U * size + r % 2U * WIDTH;
        const __m256i       rows =
          _mm256_load_si256((const __m256i*)(const void*)from);
        const __m256i pairs =
          _mm256_maddubs_epi16(length, _mm256_xor_si256(rows, inverter));

        sum[r][i] = _mm256_add_epi32(sum[r][i], _mm256_madd_epi16(pairs, ones));
      }
    }
    w += PRODUCT_GROUP * PRODUCT_TILE;
    x += 2U * PRODUCT_GROUP;
  }

#  pragma GCC unroll 4
  for (size_t r = 0U; r < 2U * T; ++r) {
#  pragma GCC unroll 4
    for (size_t i = 0U; i < N; ++i) {
      int32_t* const to = p->sums + i * p->sums_stride + r * N_ROWS;
      _mm256_storeu_si256((__m256i*)(void*)to, sum[r][i]);
    }
  }
}

/* A function for each number of vectors; the fewer there are, the more tiles */

#  define DEFINE_MULTIPLY(N, T)                              \
    AVX2 static void multiply_##N(const Part* const whole,   \
                                  const uint32_t    n_tiles) \
    {                                                        \
      Part     p = *whole;                                   \
      uint32_t t = 0U;                                       \
      for (; t + (T) <= n_tiles; t += (T)) {                 \
        multiply_part(&p, (T), (N));                         \
        p.w += (T)*PRODUCT_TILE * p.stride;                  \
        p.sums += (T)*PRODUCT_TILE;                          \
      }                                                      \
      for (; t < n_tiles; ++t) {                             \
        multiply_part(&p, 1U, (N));                          \
        p.w += PRODUCT_TILE * p.stride;                      \
        p.sums += PRODUCT_TILE;                              \
      }                                                      \
    }

DEFINE_MULTIPLY(1, 2U)
DEFINE_MULTIPLY(2, 2U)
DEFINE_MULTIPLY(3, 1U)
DEFINE_MULTIPLY(4, 1U)

static void (*const multiply_n[MAX_SIDE])(const Part*, uint32_t) = {
  multiply_1,
  multiply_2,
  multiply_3,
  multiply_4,
};

static void
multiply(const Product* const product,
         const uint32_t       i_tile,
         const uint32_t       n_tiles,
         const void* const    prepared,
         const uint32_t       n,
         int32_t* const       sums)
{
  const size_t        stride = product->stride;
  const int8_t* const x      = (const int8_t*)prepared;
  Part p = {product->tiles + (size_t)i_tile * PRODUCT_TILE * stride,
            x,
            (const int32_t*)(const void*)(x + 2U * n * stride),
            sums,
            stride,
            (size_t)n_tiles * PRODUCT_TILE};
  for (uint32_t i = 0U; i < n; i += MAX_SIDE) {
    const uint32_t n_side = n - i < MAX_SIDE ? n - i : MAX_SIDE;

    multiply_n[n_side - 1U](&p, n_tiles);
    p.x += 2U * n_side * stride;
    p.begin += n_side;
    p.sums += n_side * p.sums_stride;
  }
}

/// The magnitudes of each group, and bytes of ones where they had a sign; then
/// for each vector the sum of the magnitudes that had one
AVX2 static void
prepare(const int8_t* const x,
        const uint32_t      n,
        const uint32_t      stride,
        void* const         prepared)
{
  int8_t* const  to    = (int8_t*)prepared;
  int32_t* const begin = (int32_t*)(void*)(to + 2U * (size_t)n * stride);
  const __m256i  zero  = _mm256_setzero_si256();
  for (size_t i = 0U; i < n; ++i) {
    __m256i sum = zero;
    for (size_t k = i * stride; k < (i + 1U) * stride; k += WIDTH) {
      const __m256i bytes =
        _mm256_loadu_si256((const __m256i*)(const void*)(x + k));
      const __m256i length   = _mm256_abs_epi8(bytes);
      const __m256i inverter = _mm256_cmpgt_epi8(zero, bytes);

      // Groups 0 1 4 5 and 2 3 6 7
      const __m256i  low  = _mm256_unpacklo_epi32(length, inverter);
      const __m256i  high = _mm256_unpackhi_epi32(length, inverter);
      __m256i* const out  = (__m256i*)(void*)(to + 2U * k);
      _mm256_storeu_si256(out, _mm256_permute2x128_si256(low, high, 0x20));
      _mm256_storeu_si256(out + 1, _mm256_permute2x128_si256(low, high, 0x31));

      sum = _mm256_add_epi64(
        sum, _mm256_sad_epu8(_mm256_and_si256(length, inverter), zero));
    }

    int64_t part[4];
    _mm256_storeu_si256((__m256i*)(void*)part, sum);
    begin[i] = (int32_t)((part[0] + part[1]) + (part[2] + part[3]));
  }
}

static bool
is_able(void)
{
  return isa_is_able(ISA_AVX2);
}

const ProductBackend product_avx2 = {"avx2", 3U, is_able, prepare, multiply};

#endif // PRODUCT_HAS_X86
