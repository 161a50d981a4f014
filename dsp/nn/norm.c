// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3")
#endif

#include "nn/norm.h"

#include "nn/exact.h"

#include <stddef.h>

/// The sum of a row's whole numbers and of their squares
typedef struct {
  int32_t sum;
  int32_t squares; ///< At most 2^14 * 2^14
} Moments;

static Moments
moments_of(const int8_t* const restrict hidden, const uint32_t n)
{
  Moments m = {0, 0};
  for (uint32_t h = 0U; h < n; ++h) {
    m.sum += hidden[h];
    m.squares += hidden[h] * hidden[h];
  }
  return m;
}

/// H^2 times the variance and epsilon, which is above 0 and below 2^43
static int64_t
spread_of(const Moments m, const int32_t n)
{
  return (int64_t)n * m.squares - (int64_t)m.sum * m.sum + (int64_t)n * n;
}

static void
norm_row(const int8_t* const restrict hidden,
         const uint32_t n_units,
         int8_t* const restrict normed)
{
  const int32_t n      = (int32_t)n_units;
  const Moments m      = moments_of(hidden, n_units);
  const float   spread = (float)spread_of(m, n);
  const float   worth  = (float)NORM_STEPS / exact_root(spread);

  // The difference is below 2^23, and so a float
  for (uint32_t h = 0U; h < n_units; ++h) {
    normed[h] = exact_round((float)(n * hidden[h] - m.sum) * worth);
  }
}

void
norm_rows(const int8_t* const hidden,
          const uint32_t      n,
          const uint32_t      n_units,
          const uint32_t      stride,
          int8_t* const       normed)
{
  for (size_t i = 0U; i < n; ++i) {
    norm_row(hidden + i * stride, n_units, normed + i * stride);
  }
}
