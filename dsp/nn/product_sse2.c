// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// 128-bit vectors.  Bytes become words of 256 times their worth (the even ones
// by a shift, the odd ones by a mask), which are multiplied with words and
// added up in pairs: -128 * -128 twice is still a whole number of 32 bits. Each
// MAX_COLUMNS columns the factor is taken out, before a sum can overflow.

#include "nn/product.h"

#if PRODUCT_HAS_X86

#  include <emmintrin.h>

#  include <string.h>

#  if !defined(__clang__) && defined(__OPTIMIZE__)
#    pragma GCC optimize("O3,no-tree-pre")
#  endif

#  define SSE2_INLINE static inline __attribute__((always_inline))

/// Columns whose products, times 256, cannot overflow: 2^8 * 2^14 * 2^8
#  define MAX_COLUMNS 256U

/// Most vectors that are worked on side by side
#  define MAX_SIDE 2U

/// Bytes of a register, and rows whose groups are in one
#  define WIDTH 16U
#  define N_ROWS (WIDTH / PRODUCT_GROUP)
#  define N_QUARTERS (PRODUCT_TILE / N_ROWS)

/// What a part of the work is about
typedef struct {
  const int8_t*  w;    ///< A tile
  const __m128i* x;    ///< (N, 2 * stride / PRODUCT_GROUP)
  int32_t*       sums; ///< (N, sums_stride)
  size_t         stride;
  size_t         sums_stride;
  size_t         begin; ///< Columns
  size_t         end;
} Part;

/// A tile times N vectors, as far as the factor allows, in 4 N registers
SSE2_INLINE void
multiply_words(const Part* const p, const size_t N)
{
  const __m128i high     = _mm_set1_epi16((int16_t)0xFF00);
  const size_t  x_stride = 2U * p->stride / PRODUCT_GROUP;
  __m128i       sum[N_QUARTERS][MAX_SIDE];
#  pragma GCC   unroll 4
  for (size_t q = 0U; q < N_QUARTERS; ++q) {
#  pragma GCC unroll 2
    for (size_t i = 0U; i < N; ++i) {
      sum[q][i] = _mm_setzero_si128();
    }
  }

  const __m128i* x = p->x + 2U * (p->begin / PRODUCT_GROUP);
  const __m128i* w =
    (const __m128i*)(const void*)(p->w + p->begin * PRODUCT_TILE);
  for (size_t k = p->begin; k < p->end; k += PRODUCT_GROUP) {
    __m128i even[MAX_SIDE];
    __m128i odd[MAX_SIDE];
#  pragma GCC unroll 2
    for (size_t i = 0U; i < N; ++i) {
      even[i] = _mm_load_si128(x + i * x_stride);
      odd[i]  = _mm_load_si128(x + i * x_stride + 1U);
    }
#  pragma GCC unroll 4
    for (size_t q = 0U; q < N_QUARTERS; ++q) {
      const __m128i rows = _mm_load_si128(w + q);
      const __m128i low  = _mm_slli_epi16(rows, 8);
      const __m128i top  = _mm_and_si128(rows, high);
#  pragma GCC unroll 2
      for (size_t i = 0U; i < N; ++i) {
        sum[q][i] = _mm_add_epi32(sum[q][i], _mm_madd_epi16(top, odd[i]));
        sum[q][i] = _mm_add_epi32(sum[q][i], _mm_madd_epi16(low, even[i]));
      }
    }
    w += N_QUARTERS;
    x += 2U;
  }

#  pragma GCC unroll 4
  for (size_t q = 0U; q < N_QUARTERS; ++q) {
#  pragma GCC unroll 2
    for (size_t i = 0U; i < N; ++i) {
      __m128i* const to =
        (__m128i*)(void*)(p->sums + i * p->sums_stride + q * N_ROWS);
      const __m128i so_far =
        p->begin ? _mm_loadu_si128(to) : _mm_setzero_si128();
      _mm_storeu_si128(to, _mm_add_epi32(so_far, _mm_srai_epi32(sum[q][i], 8)));
    }
  }
}

/* A function for each number of vectors */

#  define DEFINE_MULTIPLY(N)                                                  \
    static void multiply_##N(const Part* const whole, const uint32_t n_tiles) \
    {                                                                         \
      Part p = *whole;                                                        \
      for (uint32_t t = 0U; t < n_tiles; ++t) {                               \
        for (p.begin = 0U; p.begin < p.stride; p.begin += MAX_COLUMNS) {      \
          p.end = p.begin + MAX_COLUMNS < p.stride ? p.begin + MAX_COLUMNS    \
                                                   : p.stride;                \
          multiply_words(&p, (N));                                            \
        }                                                                     \
        p.w += PRODUCT_TILE * p.stride;                                       \
        p.sums += PRODUCT_TILE;                                               \
      }                                                                       \
    }

DEFINE_MULTIPLY(1)
DEFINE_MULTIPLY(2)

static void
multiply(const Product* const product,
         const uint32_t       i_tile,
         const uint32_t       n_tiles,
         const void* const    prepared,
         const uint32_t       n,
         int32_t* const       sums)
{
  const size_t stride = product->stride;
  Part         p = {product->tiles + (size_t)i_tile * PRODUCT_TILE * stride,
                    (const __m128i*)prepared,
                    sums,
                    stride,
                    (size_t)n_tiles * PRODUCT_TILE,
                    0U,
                    0U};
  for (uint32_t i = 0U; i < n; i += MAX_SIDE) {
    const uint32_t n_side = n - i < MAX_SIDE ? n - i : MAX_SIDE;
    if (n_side == 2U) {
      multiply_2(&p, n_tiles);
    } else {
      multiply_1(&p, n_tiles);
    }
    p.x += n_side * 2U * stride / PRODUCT_GROUP;
    p.sums += n_side * p.sums_stride;
  }
}

/// For each group, the even two as words, four times; then the odd two
static void
prepare(const int8_t* const x,
        const uint32_t      n,
        const uint32_t      stride,
        void* const         prepared)
{
  const size_t n_groups = (size_t)n * stride / PRODUCT_GROUP;
  __m128i*     to       = (__m128i*)prepared;
  for (size_t g = 0U; g < n_groups; ++g) {
    int32_t four = 0;
    memcpy(&four, x + g * PRODUCT_GROUP, sizeof(four));

    // Twice each byte to a word, then its sign all over the upper half
    const __m128i bytes = _mm_cvtsi32_si128(four);
    const __m128i words = _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
    const __m128i pairs = _mm_shufflelo_epi16(words, 0xD8); // 0 2 1 3

    to[2U * g]      = _mm_shuffle_epi32(pairs, 0x00);
    to[2U * g + 1U] = _mm_shuffle_epi32(pairs, 0x55);
  }
}

static bool
is_able(void)
{
  return true;
}

const ProductBackend product_sse2 = {"sse2", 8U, is_able, prepare, multiply};

#endif // PRODUCT_HAS_X86
