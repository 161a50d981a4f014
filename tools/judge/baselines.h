// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Music that anyone could make: what a figure is worth beside a real model.

   Random: melody onsets as dense as in the training pieces, on pitches of the
   scale; drum voices as frequent as there, anywhere.  Markov: each melody note
   (pitch and onset to onset) and each step of drums as one that followed the
   last `order` ones somewhere in the training pieces.
*/
#ifndef PERPETUO_TOOLS_JUDGE_BASELINES_H
#define PERPETUO_TOOLS_JUDGE_BASELINES_H

#include "base/status.h"
#include "tools/judge/takes.h"

#include <stdint.h>

#define BASELINE_BARS 32U ///< Of each piece

typedef enum {
  BASELINE_RANDOM,
  BASELINE_MARKOV_1,
  BASELINE_MARKOV_3,
  N_BASELINES
} Baseline;

/// What a baseline is called in a report
const char*
baseline_name(Baseline baseline);

/**
   Make pieces of BASELINE_BARS bars from what training pieces are like.

   Pieces have a melody when the source has melodies, and drums when it has
   drums.
   @param key Of the random numbers.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
baseline_make(const TakeSet* source,
              Baseline       baseline,
              uint32_t       n_takes,
              uint64_t       key,
              TakeSet*       set);

#endif // PERPETUO_TOOLS_JUDGE_BASELINES_H
