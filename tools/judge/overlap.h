// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   How far two sets of values cover each other: the overlapping area (OA) of
   their kernel-density estimates, 0 .. 1.

   Source: Yang and Lerch 2018; Gaussian kernels, bandwidth 1.06 s n^(-1/5).
*/
#ifndef PERPETUO_TOOLS_JUDGE_OVERLAP_H
#define PERPETUO_TOOLS_JUDGE_OVERLAP_H

#include "base/status.h"
#include "tools/judge/samples.h"

#include <stdint.h>

#define OVERLAP_POINTS 512U ///< At which densities are looked at

/// Where densities are drawn: `low` is the first point, `high` the last one
typedef struct {
  double low;
  double high;
} Span;

/// A span that holds a column of both tables with its tails
Span
overlap_span(const Samples* a, const Samples* b, uint32_t column);

/**
   The bandwidth of a column beside another table's.

   Values that are all the same have none of their own: they take the other's,
   so that a feature which is nearly always 0 is not held against a set in
   which it always is.
*/
double
overlap_bandwidth(const Samples* samples,
                  const Samples* beside,
                  uint32_t       column);

/**
   The density of a column over a span.

   @param bandwidth At least two points of the span are taken.
   @param density (OVERLAP_POINTS).
*/
void
overlap_density(const Samples* samples,
                uint32_t       column,
                double         bandwidth,
                Span           span,
                double*        density);

/// The overlapping area of a column of two tables; not a number when either
/// is empty
double
overlap_area(const Samples* a, const Samples* b, uint32_t column);

#endif // PERPETUO_TOOLS_JUDGE_OVERLAP_H
