// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the style probe takes real music and the sets for, by style
#ifndef PERPETUO_TOOLS_JUDGE_GUESSES_H
#define PERPETUO_TOOLS_JUDGE_GUESSES_H

#include "base/status.h"
#include "music/style.h"
#include "tools/judge/figures.h"
#include "tools/judge/style_probe.h"
#include "tools/judge/takes.h"

#include <stdint.h>

/// How many times chance a style has to be recognised
#define GUESSES_MUST 2.0

/// What share of its accuracy on real music the probe should have
#define GUESSES_AIM 0.8

/// Through one view.  A plain value.
typedef struct {
  StyleProbe probe;
  ProbeCount real[N_STYLES]; ///< Held-out music of each style
  ProbeCount sets[FIGURES_MAX_SETS][N_STYLES];
} Guesses;

/**
   Let a probe learn from `known`, and show it what was held out.

   A style that has no held-out windows is left out: nothing could be compared
   with it.
   @param styles Bit s for Style s: which may be learned.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
guesses_begin(View           view,
              const TakeSet* known,
              const TakeSet* held_out,
              uint32_t       styles,
              Guesses*       guesses);

/// Show it a set, whose takes know the style that was asked for. STATUS_NO_MEM.
NODISCARD Status
guesses_show(const TakeSet* set, uint32_t i_set, Guesses* guesses);

/// Sum up a set
ProbeResult
guesses_result(const Guesses* guesses, uint32_t i_set);

/// Whether that reaches the mark
Mark
guesses_mark(const ProbeResult* result);

/// Share of windows that are taken for their style; not a number without any
double
guesses_share(const ProbeCount* counts, Style style);

#endif // PERPETUO_TOOLS_JUDGE_GUESSES_H
