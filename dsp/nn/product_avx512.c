// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// 512-bit vectors, with the instruction that multiplies four pairs of bytes and
// adds them up.  One of each pair has no sign, so 128 is added to the vectors'
// numbers; what that adds to a row's sum (Product.offsets) is where it begins.
// Sums on the way may wrap around, and wrap back.

#include "nn/isa.h"
#include "nn/product.h"

#if PRODUCT_HAS_X86

#  include <immintrin.h>

#  include <string.h>

#  if !defined(__clang__) && defined(__OPTIMIZE__)
#    pragma GCC optimize("O3")
#  endif

#  define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#  define AVX512_INLINE AVX512 static inline __attribute__((always_inline))

/// Most vectors that are worked on side by side
#  define MAX_SIDE 8U

/// What a part of the work is about
typedef struct {
  const int8_t*  w;       ///< Tiles
  const int32_t* offsets; ///< (T, PRODUCT_TILE)
  const uint8_t* x;       ///< (N, stride)
  int32_t*       sums;    ///< (N, sums_stride)
  size_t         stride;
  size_t         sums_stride;
} Part;

/// Four bytes of a vector, sixteen times
AVX512_INLINE __m512i
spread(const uint8_t* const x)
{
  int32_t four = 0;
  memcpy(&four, x, sizeof(four));
  return _mm512_set1_epi32(four);
}

/// T tiles times N vectors, in T * N registers
AVX512_INLINE void
multiply_part(const Part* const p, const size_t T, const size_t N)
{
  const size_t size = p->stride * PRODUCT_TILE;
  __m512i      sum[4U][MAX_SIDE];
#  pragma GCC  unroll 4
  for (size_t t = 0U; t < T; ++t) {
#  pragma GCC unroll 8
    for (size_t i = 0U; i < N; ++i) {
      sum[t][i] = _mm512_loadu_si512(p->offsets + t * PRODUCT_TILE);
    }
  }

  const int8_t*  w = p->w;
  const uint8_t* x = p->x;
  for (size_t k = 0U; k < p->stride; k += PRODUCT_GROUP) {
    __m512i tile[4U];
#  pragma GCC unroll 4
    for (size_t t = 0U; t < T; ++t) {
      tile[t] = _mm512_load_si512(w + t * size);
    }
#  pragma GCC unroll 8
    for (size_t i = 0U; i < N; ++i) {
      const __m512i four = spread(x + i * p->stride);
#  pragma GCC unroll 4
      for (size_t t = 0U; t < T; ++t) {
        sum[t][i] = _mm512_dpbusd_epi32(sum[t][i], four, tile[t]);
      }
    }
    w += PRODUCT_GROUP * PRODUCT_TILE;
    x += PRODUCT_GROUP;
  }

#  pragma GCC unroll 4
  for (size_t t = 0U; t < T; ++t) {
#  pragma GCC unroll 8
    for (size_t i = 0U; i < N; ++i) {
      _mm512_storeu_si512(p->sums + i * p->sums_stride + t * PRODUCT_TILE,
                          sum[t][i]);
    }
  }
}

/* A function for each number of vectors; the fewer there are, the more tiles */

#  define DEFINE_MULTIPLY(N, T)                                \
    AVX512 static void multiply_##N(const Part* const whole,   \
                                    const uint32_t    n_tiles) \
    {                                                          \
      Part     p = *whole;                                     \
      uint32_t t = 0U;                                         \
      for (; t + (T) <= n_tiles; t += (T)) {                   \
        multiply_part(&p, (T), (N));                           \
        p.w += (T)*PRODUCT_TILE * p.stride;                    \
        p.offsets += (T)*PRODUCT_TILE;                         \
        p.sums += (T)*PRODUCT_TILE;                            \
      }                                                        \
      for (; t < n_tiles; ++t) {                               \
        multiply_part(&p, 1U, (N));                            \
        p.w += PRODUCT_TILE * p.stride;                        \
        p.offsets += PRODUCT_TILE;                             \
        p.sums += PRODUCT_TILE;                                \
      }                                                        \
    }

DEFINE_MULTIPLY(1, 4U)
DEFINE_MULTIPLY(2, 4U)
DEFINE_MULTIPLY(3, 4U)
DEFINE_MULTIPLY(4, 4U)
DEFINE_MULTIPLY(5, 2U)
DEFINE_MULTIPLY(6, 2U)
DEFINE_MULTIPLY(7, 2U)
DEFINE_MULTIPLY(8, 2U)

static void (*const multiply_n[MAX_SIDE])(const Part*, uint32_t) = {
  multiply_1,
  multiply_2,
  multiply_3,
  multiply_4,
  multiply_5,
  multiply_6,
  multiply_7,
  multiply_8,
};

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
                    product->offsets + (size_t)i_tile * PRODUCT_TILE,
                    (const uint8_t*)prepared,
                    sums,
                    stride,
                    (size_t)n_tiles * PRODUCT_TILE};
  for (uint32_t i = 0U; i < n; i += MAX_SIDE) {
    const uint32_t n_side = n - i < MAX_SIDE ? n - i : MAX_SIDE;

    multiply_n[n_side - 1U](&p, n_tiles);
    p.x += n_side * stride;
    p.sums += n_side * p.sums_stride;
  }
}

/// Bytes without a sign: 128 more
AVX512 static void
prepare(const int8_t* const x,
        const uint32_t      n,
        const uint32_t      stride,
        void* const         prepared)
{
  const __m512i high  = _mm512_set1_epi8(INT8_MIN);
  uint8_t*      to    = (uint8_t*)prepared;
  const size_t  n_all = (size_t)n * stride;
  for (size_t k = 0U; k < n_all; k += PRODUCT_BLOCK) {
    const __m512i bytes = _mm512_loadu_si512(x + k);
    _mm512_storeu_si512(to + k, _mm512_xor_si512(bytes, high));
  }
}

static bool
is_able(void)
{
  return isa_is_able(ISA_AVX512) && __builtin_cpu_supports("avx512vnni");
}

const ProductBackend product_avx512 = {"avx512",
                                       1U,
                                       is_able,
                                       prepare,
                                       multiply};

#endif // PRODUCT_HAS_X86
