// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/overlap.h"

#include <math.h>
#include <stddef.h>

#define TAIL 3.0         ///< Bandwidths that a span goes beyond the values
#define FAR 6.0          ///< Bandwidths beyond which a kernel is nothing
#define LEAST_POINTS 2.0 ///< Points of the span in a bandwidth at least

static double
value_at(const Samples* const samples,
         const uint32_t       row,
         const uint32_t       column)
{
  return samples->value[(size_t)row * samples->n_columns + column];
}

static double
bandwidth(const Samples* const samples, const uint32_t column)
{
  return 1.06 * samples_spread(samples, column) *
         pow(fmax(1.0, samples->n_rows), -0.2);
}

double
overlap_bandwidth(const Samples* const samples,
                  const Samples* const beside,
                  const uint32_t       column)
{
  const double own = bandwidth(samples, column);
  return own > 0.0 ? own : bandwidth(beside, column);
}

Span
overlap_span(const Samples* const a,
             const Samples* const b,
             const uint32_t       column)
{
  const Samples* const both[] = {a, b};
  Span                 span   = {INFINITY, -INFINITY};
  for (uint32_t s = 0U; s < 2U; ++s) {
    for (uint32_t i = 0U; i < both[s]->n_rows; ++i) {
      span.low  = fmin(span.low, value_at(both[s], i, column));
      span.high = fmax(span.high, value_at(both[s], i, column));
    }
  }
  if (!(span.low <= span.high)) {
    return (Span){0.0, 1.0};
  }

  const double reach = span.high > span.low ? span.high - span.low : 1.0;
  const double tail =
    fmax(TAIL * fmax(bandwidth(a, column), bandwidth(b, column)), 0.05 * reach);
  return (Span){span.low - tail, span.high + tail};
}

void
overlap_density(const Samples* const samples,
                const uint32_t       column,
                const double         bandwidth_wanted,
                const Span           span,
                double* const        density)
{
  const double step = (span.high - span.low) / (OVERLAP_POINTS - 1U);
  const double h    = fmax(bandwidth_wanted, LEAST_POINTS * step);
  const double unit =
    1.0 / (sqrt(2.0 * 3.14159265358979323846) * h * fmax(1.0, samples->n_rows));
  for (uint32_t k = 0U; k < OVERLAP_POINTS; ++k) {
    density[k] = 0.0;
  }
  for (uint32_t i = 0U; i < samples->n_rows; ++i) {
    const double value = value_at(samples, i, column);
    const double from  = ceil((value - FAR * h - span.low) / step);
    const double to    = floor((value + FAR * h - span.low) / step);
    const int    last  = (int)fmin(to, OVERLAP_POINTS - 1.0);
    for (int k = (int)fmax(from, 0.0); k <= last; ++k) {
      const double off = (span.low + k * step - value) / h;
      density[k] += unit * exp(-0.5 * off * off);
    }
  }
}

double
overlap_area(const Samples* const a,
             const Samples* const b,
             const uint32_t       column)
{
  if (!a->n_rows || !b->n_rows) {
    return (double)NAN;
  }

  const Span   span = overlap_span(a, b, column);
  const double step = (span.high - span.low) / (OVERLAP_POINTS - 1U);
  double       density[2][OVERLAP_POINTS];
  overlap_density(a, column, overlap_bandwidth(a, b, column), span, density[0]);
  overlap_density(b, column, overlap_bandwidth(b, a, column), span, density[1]);
  double sum = 0.0;
  for (uint32_t k = 0U; k < OVERLAP_POINTS; ++k) {
    sum += fmin(density[0][k], density[1][k]) * step;
  }
  return fmin(sum, 1.0);
}
