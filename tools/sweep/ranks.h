// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Does one thing rise with another?
#ifndef PERPETUO_TOOLS_SWEEP_RANKS_H
#define PERPETUO_TOOLS_SWEEP_RANKS_H

#include <stdbool.h>
#include <stdint.h>

#define RANKS_MAX 64U

/// Ranks 1 .. n; values that are equal share the mean of theirs.
/// @param value (n) at most RANKS_MAX.
void
ranks_of(const double* value, uint32_t n, double* rank);

/**
   Spearman's rank correlation, -1 .. 1.

   Pairs with a value that is no number are left out.  A side on which all is
   equal does not move with the other: 0.  Not a number with fewer than three
   pairs.
   Source: Spearman 1904; with ties, the correlation of the ranks.
*/
double
ranks_spearman(const double* a, const double* b, uint32_t n);

/// How far a row of values ever falls below what was reached before
double
ranks_deepest_fall(const double* value, uint32_t n);

#endif // PERPETUO_TOOLS_SWEEP_RANKS_H
