// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/sweep/ranks.h"

#include <math.h>

void
ranks_of(const double* const value, const uint32_t n, double* const rank)
{
  for (uint32_t i = 0U; i < n; ++i) {
    uint32_t n_less = 0U;
    uint32_t n_same = 0U;
    for (uint32_t k = 0U; k < n; ++k) {
      n_less += value[k] < value[i];
      n_same += value[k] == value[i];
    }
    rank[i] = n_less + 0.5 * (n_same + 1.0);
  }
}

/// Pearson's correlation; 0 when either side is constant
static double
correlate(const double* const a, const double* const b, const uint32_t n)
{
  double mean[2] = {0.0, 0.0};
  double sum[3]  = {0.0, 0.0, 0.0};
  for (uint32_t i = 0U; i < n; ++i) {
    mean[0] += a[i] / n;
    mean[1] += b[i] / n;
  }
  for (uint32_t i = 0U; i < n; ++i) {
    const double x = a[i] - mean[0];
    const double y = b[i] - mean[1];
    sum[0] += x * x;
    sum[1] += y * y;
    sum[2] += x * y;
  }
  return sum[0] > 0.0 && sum[1] > 0.0 ? sum[2] / sqrt(sum[0] * sum[1]) : 0.0;
}

double
ranks_spearman(const double* const a, const double* const b, const uint32_t n)
{
  double   kept[2][RANKS_MAX];
  double   rank[2][RANKS_MAX];
  uint32_t n_kept = 0U;
  for (uint32_t i = 0U; i < n; ++i) {
    if (!isnan(a[i]) && !isnan(b[i])) {
      kept[0][n_kept]   = a[i];
      kept[1][n_kept++] = b[i];
    }
  }
  if (n_kept < 3U) {
    return (double)NAN;
  }
  ranks_of(kept[0], n_kept, rank[0]);
  ranks_of(kept[1], n_kept, rank[1]);
  return correlate(rank[0], rank[1], n_kept);
}

double
ranks_deepest_fall(const double* const value, const uint32_t n)
{
  double top  = -INFINITY;
  double fall = 0.0;
  for (uint32_t i = 0U; i < n; ++i) {
    top  = fmax(top, value[i]);
    fall = fmax(fall, top - value[i]);
  }
  return fall;
}
