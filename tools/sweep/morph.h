// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Does the mix move the music from one style to another?

   A song goes through 16 bars, and two more at the end, while the weight of
   one style gives way to that of another: every two bars, which are a phrase
   and a window of the style probe, have their own weight.  What the probe
   says of the style that is gone to is averaged over many seeds.
*/
#ifndef PERPETUO_TOOLS_SWEEP_MORPH_H
#define PERPETUO_TOOLS_SWEEP_MORPH_H

#include "base/status.h"
#include "compose/composer.h"
#include "music/style.h"
#include "tools/judge/guesses.h"

#include <stdint.h>

#define MORPH_STEPS 9U       ///< Weights 0, 1/8, .. 1
#define MORPH_BARS 2U        ///< Of each step
#define MORPH_TOLERANCE 0.05 ///< By which a mean may fall, and still be rising
#define MORPH_LEAST_RISE 0.1 ///< From the first step to the last

typedef struct {
  Style from;
  Style to;
} MorphPair;

#define N_MORPHS 3U

/// The pairs that are tried
extern const MorphPair morph_pairs[N_MORPHS];

typedef struct {
  MorphPair pair;
  View      view;
  uint32_t  n[MORPH_STEPS];      ///< Windows
  double    likely[MORPH_STEPS]; ///< Of the style that is gone to
  double    error[MORPH_STEPS];  ///< Standard error of that mean
} Morph;

/**
   Go from one style to another.

   @param guesses (N_VIEWS): the probes.  The view is that of both parts where
   both styles have both and are known, else of the part that both have.
   @return STATUS_NO_MEM; STATUS_MISMATCH when no probe knows both styles.
*/
NODISCARD Status
morph_run(Composer*      composer,
          const Guesses* guesses,
          MorphPair      pair,
          uint32_t       n_seeds,
          Morph*         morph);

/// Rank correlation of weight and likelihood
double
morph_spearman(const Morph* morph);

/// Met when it rises, and never falls by more than the tolerance
Mark
morph_mark(const Morph* morph);

#endif // PERPETUO_TOOLS_SWEEP_MORPH_H
