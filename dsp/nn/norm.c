// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3,fp-contract=off")
#endif

#include "nn/norm.h"

#include "nn/exact.h"
#include "nn/isa.h"

#include <stddef.h>
#include <string.h>

/// The sum of a row's whole numbers and of their squares
typedef struct {
  int32_t sum;
  int32_t squares; ///< At most 2^14 * 2^14
} Moments;

/// What one sequence's units become
typedef struct {
  const int8_t* hidden;
  int8_t*       normed;
  uint32_t      n_units;
} Row;

/// Units that are worked on in loops of one width of numbers each: bytes among
/// them would narrow the vectors of all others, too
#define CHUNK 64U

/// Up to CHUNK units as whole numbers of 32 bits, and zeros
ISA_INLINE void
widen(const int8_t* const restrict hidden,
      const uint32_t n,
      int32_t* const restrict wide)
{
  if (n >= CHUNK) {
    for (uint32_t h = 0U; h < CHUNK; ++h) {
      wide[h] = hidden[h];
    }
  } else {
    for (uint32_t h = 0U; h < CHUNK; ++h) {
      wide[h] = h < n ? hidden[h] : 0;
    }
  }
}

ISA_INLINE Moments
moments_of(const int8_t* const restrict hidden, const uint32_t n)
{
  int32_t sums[CHUNK]    = {0};
  int32_t squares[CHUNK] = {0};
  for (uint32_t begin = 0U; begin < n; begin += CHUNK) {
    int32_t wide[CHUNK];
    widen(hidden + begin, n - begin, wide);
    for (uint32_t h = 0U; h < CHUNK; ++h) {
      sums[h] += wide[h];
      squares[h] += wide[h] * wide[h];
    }
  }

  Moments m = {0, 0};
  for (uint32_t h = 0U; h < CHUNK; ++h) {
    m.sum += sums[h];
    m.squares += squares[h];
  }
  return m;
}

/// H^2 times the variance and epsilon, which is above 0 and below 2^43
ISA_INLINE int64_t
spread_of(const Moments m, const int32_t n)
{
  return (int64_t)n * m.squares - (int64_t)m.sum * m.sum + (int64_t)n * n;
}

ISA_INLINE void
norm_row(const Row* const row)
{
  const int8_t* const restrict hidden = row->hidden;
  int8_t* const restrict normed       = row->normed;

  const int32_t n      = (int32_t)row->n_units;
  const Moments m      = moments_of(hidden, row->n_units);
  const float   spread = (float)spread_of(m, n);
  const float   worth  = (float)NORM_STEPS / exact_root(spread);

  for (uint32_t begin = 0U; begin < row->n_units; begin += CHUNK) {
    const uint32_t left = row->n_units - begin;
    int32_t        wide[CHUNK];
    int8_t         steps[CHUNK];
    widen(hidden + begin, left, wide);

    // The difference is below 2^23, and so a float
    for (uint32_t h = 0U; h < CHUNK; ++h) {
      wide[h] = exact_whole((float)(n * wide[h] - m.sum) * worth);
    }
    for (uint32_t h = 0U; h < CHUNK; ++h) {
      steps[h] = (int8_t)wide[h];
    }
    memcpy(normed + begin, steps, left < CHUNK ? left : CHUNK);
  }
}

ISA_VARIANTS(norm_row, Row)

void
norm_rows(const int8_t* const hidden,
          const uint32_t      n,
          const uint32_t      n_units,
          const uint32_t      stride,
          int8_t* const       normed)
{
  for (size_t i = 0U; i < n; ++i) {
    const Row row = {hidden + i * stride, normed + i * stride, n_units};
    norm_row_of[isa_in_use()](&row);
  }
}
