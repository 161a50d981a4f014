// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   How much a melody surprises a trigram of known music, in bits per note.

   Counted over moves (tools/judge/moves.h), not over the models' tokens: the
   judge knows nothing of any model.  Probabilities are interpolated down to a
   uniform one, after Witten and Bell 1991.
*/
#ifndef PERPETUO_TOOLS_JUDGE_SURPRISE_H
#define PERPETUO_TOOLS_JUDGE_SURPRISE_H

#include "base/status.h"
#include "tools/judge/takes.h"

#include <stdint.h>

typedef struct Surprise Surprise;

/// Count all melody lines of a set.  STATUS_NO_MEM.
NODISCARD Status
surprise_new(const TakeSet* known, Surprise** surprise);

/// Null is allowed
void
surprise_free(Surprise* surprise);

/**
   Probability of a move.

   @param moves The two moves before it, NO_MOVE before the first, and itself.
*/
double
surprise_probability(const Surprise* surprise, const uint16_t moves[3]);

/// Add the bits of a line's moves, and their number.  STATUS_NO_MEM.
NODISCARD Status
surprise_add(const Surprise* surprise,
             const TakeLine* line,
             double*         bits,
             uint64_t*       n_moves);

#endif // PERPETUO_TOOLS_JUDGE_SURPRISE_H
