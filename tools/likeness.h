// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   How alike two songs are, as far as numbers say it.

   A song's traits are means of the judge's features over its windows and bars,
   and some that the judge has no use for: how high, how long and how loud.
   They compare when they are brought to one scale, which is how much each
   trait differs over all songs at hand.
*/
#ifndef PERPETUO_TOOLS_LIKENESS_H
#define PERPETUO_TOOLS_LIKENESS_H

#include "base/status.h"
#include "music/part.h"
#include "tools/capture.h"
#include "tools/judge/drum_features.h"
#include "tools/judge/melody_features.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  TRAIT_MELODY, ///< The judge's melody features; ...
  TRAIT_PITCH = TRAIT_MELODY + N_MELODY_FEATURES, ///< Mean MIDI key
  TRAIT_LENGTH,                                   ///< Mean, steps
  TRAIT_LOUDNESS,                                 ///< Mean velocity
  TRAIT_THEME,                                    ///< How much it comes back
  TRAIT_DRUMS, ///< The judge's drum features; ...
  TRAIT_DRUM_LOUDNESS = TRAIT_DRUMS + N_DRUM_FEATURES,
  TRAIT_DISTINCT, ///< Different bars over bars
  N_TRAITS
};

typedef struct {
  uint32_t n_notes[N_PARTS]; ///< That there are; parts without have no traits
  double   value[N_TRAITS];
} Traits;

/**
   Measure what the plugin played on its default channels and kit.

   @param notes (n_notes) sorted by place, of the bars 0 .. n_bars - 1, in 4/4.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
traits_measure(const CaptureNote* notes,
               size_t             n_notes,
               uint32_t           n_bars,
               Traits*            traits);

/// The traits halfway between two songs'
Traits
traits_mean(const Traits* a, const Traits* b);

/// Standard deviations of traits over songs that have the part.
/// @param scale (N_TRAITS).
void
traits_spread(const Traits* songs, size_t n_songs, double* scale);

/// Root of the mean square of what differs, in units of `scale`, over the
/// parts that both have; not a number when there is none
double
traits_distance(const Traits* a, const Traits* b, const double* scale);

#endif // PERPETUO_TOOLS_LIKENESS_H
