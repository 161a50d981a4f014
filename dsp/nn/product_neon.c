// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

// 128-bit vectors of 64-bit Arm, in two ways: with the instruction that adds
// four products of bytes at once, where the processor has it, and with products
// that become words, which are added up in pairs.

#include "nn/product.h"

#if PRODUCT_HAS_NEON

#  include <arm_neon.h>

#  include <string.h>

#  ifdef __linux__
#    include <sys/auxv.h>
#  endif

#  if !defined(__clang__) && defined(__OPTIMIZE__)
#    pragma GCC optimize("O3")
#  endif

#  define NEON_INLINE static inline __attribute__((always_inline))
#  if defined(__clang__)
#    define DOT __attribute__((target("dotprod")))
#  else
#    define DOT __attribute__((target("arch=armv8.2-a+dotprod")))
#  endif

/// The kernel's word for the instruction, on Linux
#  define HAS_DOT (1UL << 20U)

/// Most vectors that are worked on side by side
#  define MAX_SIDE 4U

/// Bytes of a register, and rows whose groups are in one
#  define WIDTH 16U
#  define N_ROWS (WIDTH / PRODUCT_GROUP)
#  define N_QUARTERS (PRODUCT_TILE / N_ROWS)

/// Four bytes, four times
NEON_INLINE int8x16_t
spread(const int8_t* const x)
{
  int32_t four = 0;
  memcpy(&four, x, sizeof(four));
  return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

/// A tile times one vector
NEON_INLINE void
multiply_tile(const int8_t* const w,
              const int8_t* const x,
              const size_t        stride,
              int32_t* const      sums)
{
  // Each row has two sums
  int32x4_t low[N_QUARTERS];
  int32x4_t high[N_QUARTERS];
  for (size_t q = 0U; q < N_QUARTERS; ++q) {
    low[q]  = vdupq_n_s32(0);
    high[q] = vdupq_n_s32(0);
  }

  for (size_t k = 0U; k < stride; k += PRODUCT_GROUP) {
    const int8x16_t     four  = spread(x + k);
    const int8_t* const group = w + k * PRODUCT_TILE;
    for (size_t q = 0U; q < N_QUARTERS; ++q) {
      const int8x16_t rows = vld1q_s8(group + q * WIDTH);

      low[q] =
        vpadalq_s16(low[q], vmull_s8(vget_low_s8(rows), vget_low_s8(four)));
      high[q] = vpadalq_s16(high[q], vmull_high_s8(rows, four));
    }
  }
  for (size_t q = 0U; q < N_QUARTERS; ++q) {
    vst1q_s32(sums + q * N_ROWS, vpaddq_s32(low[q], high[q]));
  }
}

static void
multiply(const Product* const product,
         const uint32_t       i_tile,
         const uint32_t       n_tiles,
         const void* const    prepared,
         const uint32_t       n,
         int32_t* const       sums)
{
  const int8_t* const x      = (const int8_t*)prepared;
  const size_t        stride = product->stride;
  const size_t        size   = stride * PRODUCT_TILE;
  for (size_t t = 0U; t < n_tiles; ++t) {
    for (size_t i = 0U; i < n; ++i) {
      multiply_tile(product->tiles + (i_tile + t) * size,
                    x + i * stride,
                    stride,
                    sums + (i * n_tiles + t) * PRODUCT_TILE);
    }
  }
}

/// A tile times N vectors, in 4 N registers
DOT NEON_INLINE void
dot_tile(const int8_t* const w,
         const int8_t* const x,
         const size_t        stride,
         const size_t        N,
         int32_t* const      sums,
         const size_t        sums_stride)
{
  int32x4_t sum[N_QUARTERS][MAX_SIDE];
  for (size_t q = 0U; q < N_QUARTERS; ++q) {
    for (size_t i = 0U; i < N; ++i) {
      sum[q][i] = vdupq_n_s32(0);
    }
  }

  for (size_t k = 0U; k < stride; k += PRODUCT_GROUP) {
    const int8_t* const group = w + k * PRODUCT_TILE;
    int8x16_t           rows[N_QUARTERS];
    for (size_t q = 0U; q < N_QUARTERS; ++q) {
      rows[q] = vld1q_s8(group + q * WIDTH);
    }
    for (size_t i = 0U; i < N; ++i) {
      const int8x16_t four = spread(x + i * stride + k);
      for (size_t q = 0U; q < N_QUARTERS; ++q) {
        sum[q][i] = vdotq_s32(sum[q][i], rows[q], four);
      }
    }
  }
  for (size_t q = 0U; q < N_QUARTERS; ++q) {
    for (size_t i = 0U; i < N; ++i) {
      vst1q_s32(sums + i * sums_stride + q * N_ROWS, sum[q][i]);
    }
  }
}

DOT static void
multiply_dot(const Product* const product,
             const uint32_t       i_tile,
             const uint32_t       n_tiles,
             const void* const    prepared,
             const uint32_t       n,
             int32_t* const       sums)
{
  const size_t stride      = product->stride;
  const size_t size        = stride * PRODUCT_TILE;
  const size_t sums_stride = (size_t)n_tiles * PRODUCT_TILE;
  for (size_t t = 0U; t < n_tiles; ++t) {
    const int8_t* const w  = product->tiles + (i_tile + t) * size;
    const int8_t*       x  = (const int8_t*)prepared;
    int32_t*            to = sums + t * PRODUCT_TILE;
    uint32_t            i  = 0U;
    for (; i + MAX_SIDE <= n; i += MAX_SIDE) {
      dot_tile(w, x, stride, MAX_SIDE, to, sums_stride);
      x += MAX_SIDE * stride;
      to += MAX_SIDE * sums_stride;
    }
    for (; i < n; ++i) {
      dot_tile(w, x, stride, 1U, to, sums_stride);
      x += stride;
      to += sums_stride;
    }
  }
}

static bool
is_able(void)
{
  return true;
}

static bool
is_able_to_dot(void)
{
#  ifdef __linux__
  return getauxval(AT_HWCAP) & HAS_DOT;
#  else
  return false;
#  endif
}

const ProductBackend product_neon = {"neon",
                                     1U,
                                     is_able,
                                     product_prepare_plain,
                                     multiply};

const ProductBackend product_neon_dot = {"neon-dot",
                                         1U,
                                         is_able_to_dot,
                                         product_prepare_plain,
                                         multiply_dot};

#endif // PRODUCT_HAS_NEON
