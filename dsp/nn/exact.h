// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The curves of an LSTM, equal to the last bit on every machine.

   Only + - * / and comparisons of IEEE floats in the order written here, and
   whole-number work on their bits; no call to libm, whose last bit differs
   between libraries.  Must be compiled without contraction (-ffp-contract=off)
   and run with rounding to nearest, as C programs are.  Results are never
   subnormal, so a mode that flushes those to zero changes nothing.

   Everything is here and not in a source file so that loops over arrays turn
   into vector code; that changes no bit either.

   Against double precision, over all floats: exact_sigmoid and exact_tanh are
   off by less than 1e-7, exact_exp by less than 1e-7 of its value (so far as
   its argument is not held), exact_root by less than 2e-7 of its value.
   Nothing is undefined for a NaN.  Tested by
   test_exact.
*/
#ifndef PERPETUO_NN_EXACT_H
#define PERPETUO_NN_EXACT_H

#include <assert.h>
#include <float.h>
#include <stdint.h>
#include <string.h>

#if !defined(__GNUC__) || defined(__clang__)
#  pragma STDC FP_CONTRACT OFF
#endif

static_assert(FLT_EVAL_METHOD == 0, "Floats must be computed as floats");
static_assert(FLT_RADIX == 2 && FLT_MANT_DIG == 24 && FLT_MAX_EXP == 128,
              "Floats must be IEEE 754 binary32");

#ifdef __FAST_MATH__
#  error "Exact arithmetic cannot be compiled with -ffast-math"
#endif

/// Arguments of exact_exp are held within +- this: no infinity, no subnormal
#define EXACT_MAX_EXP 87.0f

#if defined(__GNUC__)
#  define EXACT_INLINE inline __attribute__((always_inline))
#else
#  define EXACT_INLINE inline
#endif

/// The bits of a float, and back
EXACT_INLINE uint32_t
exact_bits(const float x)
{
  uint32_t bits = 0U;
  memcpy(&bits, &x, sizeof(bits));
  return bits;
}

EXACT_INLINE float
exact_float(const uint32_t bits)
{
  float x = 0.0f;
  memcpy(&x, &bits, sizeof(x));
  return x;
}

/// `size` (not negative) with the sign of `x`
EXACT_INLINE float
exact_sign(const float size, const float x)
{
  return exact_float(exact_bits(size) | (exact_bits(x) & 0x80000000U));
}

/// The magnitude of `x`
EXACT_INLINE float
exact_size(const float x)
{
  return exact_float(exact_bits(x) & 0x7FFFFFFFU);
}

/// `x` held within +-`most`, which is above 0
EXACT_INLINE float
exact_hold(const float x, const float most)
{
  // Floats of one sign are in the order of their bits
  const uint32_t size = exact_bits(x) & 0x7FFFFFFFU;
  const uint32_t held = size < exact_bits(most) ? size : exact_bits(most);
  return exact_sign(exact_float(held), x);
}

/// `x`, or zero where its magnitude is below `least`
EXACT_INLINE float
exact_drop(const float x, const float least)
{
  const uint32_t size = exact_bits(x) & 0x7FFFFFFFU;
  return exact_float(exact_bits(x) & (0U - (size >= exact_bits(least))));
}

/// e to the power of x, of x within +-EXACT_MAX_EXP
EXACT_INLINE float
exact_exp_within(const float x)
{
  // Adding 1.5 * 2^23 leaves no room for a fraction: nearest whole number
  const float rounder = 12582912.0f;
  const float shifted = x * 1.44269504f + rounder;
  const float n       = shifted - rounder;
  const float r       = (x - n * 0.693359375f) - n * -2.12194440e-4f;

  float p = 1.0f / 5040.0f;
  p       = p * r + 1.0f / 720.0f;
  p       = p * r + 1.0f / 120.0f;
  p       = p * r + 1.0f / 24.0f;
  p       = p * r + 1.0f / 6.0f;
  p       = p * r + 0.5f;
  p       = (p * r) * r + r;
  p       = p + 1.0f;

  // n is in -126 .. 126, and its power of two a float of only an exponent.  The
  // low bits of what was rounded are n's; all others are shifted out.
  return p * exact_float((exact_bits(shifted) + 127U) << 23U);
}

/**
   e to the power of x, of x held within +-EXACT_MAX_EXP.

   Source: x = n ln 2 + r with ln 2 in two parts (Cody and Waite 1980), then
   the Taylor series of e^r to the 7th power, |r| <= ln 2 / 2, by Horner's rule.
*/
EXACT_INLINE float
exact_exp(const float x)
{
  return exact_exp_within(exact_hold(x, EXACT_MAX_EXP));
}

/// 1 / (1 + e^-x)
EXACT_INLINE float
exact_sigmoid(const float x)
{
  return 1.0f / (1.0f + exact_exp(-x));
}

/// The hyperbolic tangent; odd: exact_tanh(-x) is -exact_tanh(x)
EXACT_INLINE float
exact_tanh(const float x)
{
  // Held at half of what the exponential may get, which is 1 already
  const uint32_t size = exact_bits(exact_size(x));
  const uint32_t most = exact_bits(0.5f * EXACT_MAX_EXP);
  const float    held = exact_float(size < most ? size : most);
  const float    e    = exact_exp_within(-2.0f * held);
  return exact_sign((1.0f - e) / (1.0f + e), x);
}

/**
   The square root of x, which is above 0, and neither subnormal nor infinite.

   Source: Heron's rule, from half the exponent, which is at most 7 % off.
*/
EXACT_INLINE float
exact_root(const float x)
{
  float root = exact_float((exact_bits(x) >> 1U) + 0x1FC00000U);
  root       = 0.5f * (root + x / root);
  root       = 0.5f * (root + x / root);
  root       = 0.5f * (root + x / root);
  return root;
}

/// The whole number nearest to `steps`, halves away from zero, held within
/// -127 .. 127
EXACT_INLINE int32_t
exact_whole(const float steps)
{
  const float held = exact_hold(steps, 127.0f);
  return (int32_t)(held + exact_sign(0.5f, steps));
}

/// The same in a byte
EXACT_INLINE int8_t
exact_round(const float steps)
{
  return (int8_t)exact_whole(steps);
}

#endif // PERPETUO_NN_EXACT_H
