// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// How a training run is getting on: a bar on a terminal, plain lines elsewhere
#ifndef PERPETUO_TOOLS_TRAIN_PROGRESS_H
#define PERPETUO_TOOLS_TRAIN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/// What is shown
typedef struct {
  uint64_t i_step;
  uint64_t n_steps;
  double   epoch;
  double   n_events; ///< Targets read since the program began
  double   seconds;  ///< Since the program began
  uint64_t n_made;   ///< Steps made since the program began
  double   train;    ///< Latest mean training loss; below 0 when not known
  double   held_out; ///< Latest held-out loss; below 0 when not known
} ProgressView;

typedef struct {
  FILE*  out;     ///< Null shows nothing
  bool   is_bar;  ///< `out` is a terminal
  double shown_s; ///< When something was last shown
  bool   any;     ///< A bar stands in the line
} Progress;

/// Show on `out`, or nothing at all when it is null
void
progress_init(Progress* progress, FILE* out);

/// Show where things are, if it is time to
void
progress_show(Progress* progress, const ProgressView* view, bool now);

/// Leave the line of the bar, so that other text may follow
void
progress_end(Progress* progress);

/// "1 h 02 min", "3 min 05 s", "12 s".  @param text At least 32 characters.
void
progress_duration(double seconds, char* text);

#endif // PERPETUO_TOOLS_TRAIN_PROGRESS_H
