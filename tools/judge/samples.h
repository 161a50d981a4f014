// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Measured things as a table: a row for each window or bar, a column for each
/// feature
#ifndef PERPETUO_TOOLS_JUDGE_SAMPLES_H
#define PERPETUO_TOOLS_JUDGE_SAMPLES_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint32_t  n_rows;
  uint32_t  n_columns;
  uint32_t  n_pieces; ///< Pieces are numbered 0 .. n_pieces - 1
  double*   value;    ///< (n_rows, n_columns)
  uint32_t* piece;    ///< (n_rows) where each row is from, rising
} Samples;

/// An empty table with room for so many rows.  STATUS_NO_MEM.
NODISCARD Status
samples_init(Samples* samples, uint32_t max_rows, uint32_t n_columns);

/// Free the table; a zeroed one is allowed
void
samples_clear(Samples* samples);

/// Append a row (n_columns) within the room that there is.  `piece` is at
/// least that of the last row.
void
samples_add(Samples* samples, uint32_t piece, const double* row);

/// The rows of some pieces.  @param is_in (n_pieces).  STATUS_NO_MEM.
NODISCARD Status
samples_pick(const Samples* from, const bool* is_in, Samples* to);

/// How many pieces have rows
uint32_t
samples_n_pieces(const Samples* samples);

/// Choose `n` of the pieces that have rows, or all when there are fewer, at
/// random.  @param is_in (n_pieces).
void
samples_choose(const Samples* samples, uint64_t key, uint32_t n, bool* is_in);

/// Mean of a column; not a number when there are no rows
double
samples_mean(const Samples* samples, uint32_t column);

/// Standard deviation of a column (over n), 0 for fewer than two rows
double
samples_spread(const Samples* samples, uint32_t column);

#endif // PERPETUO_TOOLS_JUDGE_SAMPLES_H
