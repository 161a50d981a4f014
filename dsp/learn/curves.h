// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   exp, sigmoid and tanh that a compiler can compute several of at once.

   Absolute error of sigmoid and tanh is below 1e-6 in float.  They are for
   training alone: the engine that plays has its own, exact ones.  A double
   build takes the C library's, so that its gradients can be checked closely.
*/
#ifndef PERPETUO_LEARN_CURVES_H
#define PERPETUO_LEARN_CURVES_H

#include "learn/blas.h"

#include <math.h>
#include <stdint.h>

/// Before a function whose plain loops deserve the widest vectors there are;
/// the loops compute each element alone, so every clone gives the same bits
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && \
  !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&                \
  !defined(__SANITIZE_THREAD__) && defined(__OPTIMIZE__)
#  define WIDE_LOOPS                                                          \
    __attribute__((                                                           \
      optimize("O3", "fp-contract=off", "no-math-errno", "no-trapping-math"), \
      target_clones("avx512f", "avx2", "default")))
#else
#  define WIDE_LOOPS
#endif

/// A clone computes with its own instructions only what is inlined into it
#if defined(__GNUC__)
#  define INLINED static inline __attribute__((always_inline))
#else
#  define INLINED static inline
#endif

INLINED Real
curve_exp(const Real x)
{
#ifdef PERPETUO_DOUBLE
  return exp(x);
#else
  // x = k log 2 + r; the low bits of x / log 2 + 1.5 * 2^23 are k
  const float low = x < -87.0f ? -87.0f : x;
  const float in  = low > 88.0f ? 88.0f : low;
  const union {
    float    f;
    uint32_t u;
  } shifted     = {in * 1.44269504f + 12582912.0f};
  const float k = shifted.f - 12582912.0f;
  const float r = (in - k * 0.693359375f) - k * -2.12194440e-4f;
  const union {
    uint32_t u;
    float    f;
  } power = {(shifted.u + 127U) << 23U};

  float p = 1.0f / 5040.0f;
  p       = p * r + 1.0f / 720.0f;
  p       = p * r + 1.0f / 120.0f;
  p       = p * r + 1.0f / 24.0f;
  p       = p * r + 1.0f / 6.0f;
  p       = p * r + 0.5f;
  p       = p * r + 1.0f;
  p       = p * r + 1.0f;
  return p * power.f;
#endif
}

INLINED Real
curve_sigmoid(const Real x)
{
  return (Real)1 / ((Real)1 + curve_exp(-x));
}

INLINED Real
curve_tanh(const Real x)
{
#ifdef PERPETUO_DOUBLE
  return tanh(x);
#else
  return 1.0f - 2.0f / (1.0f + curve_exp(2.0f * x));
#endif
}

#endif // PERPETUO_LEARN_CURVES_H
