// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   How much of a melody stands in music that is known, whatever its key.

   All suffixes of the known melodies are sorted, so that the longest match of
   any place is found by bisection.
*/
#ifndef PERPETUO_TOOLS_JUDGE_COPYING_H
#define PERPETUO_TOOLS_JUDGE_COPYING_H

#include "base/status.h"
#include "tools/judge/takes.h"

#include <stdint.h>

#define COPY_MOVES 8U     ///< As many moves in a row are a copy
#define COPY_LONGEST 255U ///< Moves beyond which nobody looks

typedef struct Copying Copying;

/// What was found in one line
typedef struct {
  uint32_t n_grams;  ///< Runs of COPY_MOVES moves that the line has
  uint32_t n_copied; ///< Of these, how many are known
  uint32_t longest;  ///< Notes of the longest known run, or 0
} CopyCount;

/// Learn all melody lines of a set.  STATUS_NO_MEM.
NODISCARD Status
copying_new(const TakeSet* known, Copying** copying);

/// Null is allowed
void
copying_free(Copying* copying);

/// Look for a line in what is known.  STATUS_NO_MEM.
NODISCARD Status
copying_count(const Copying* copying, const TakeLine* line, CopyCount* count);

#endif // PERPETUO_TOOLS_JUDGE_COPYING_H
