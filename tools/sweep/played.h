// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the composer plays, as the judge's takes and as plain sums
#ifndef PERPETUO_TOOLS_SWEEP_PLAYED_H
#define PERPETUO_TOOLS_SWEEP_PLAYED_H

#include "base/status.h"
#include "compose/composer.h"
#include "music/phrase.h"
#include "tools/judge/takes.h"

#include <stdbool.h>
#include <stdint.h>

/// Sums over bars
typedef struct {
  uint32_t n_bars;
  uint32_t n_notes;
  uint32_t n_in_scale;
  double   pitches; ///< Sum of MIDI note numbers
  uint32_t n_hits;
  double   velocities; ///< Sum of the hits'
} Sums;

/// A take without notes, with room for so many phrases.  STATUS_NO_MEM.
NODISCARD Status
played_begin(Style style, uint32_t n_phrases, Take* take);

/// Write a phrase of a part behind the bars of a take.
/// @param tonic MIDI note number that is pitch 0.
void
played_write(const Phrase* phrase, Part part, int tonic, Take* take);

/// Compose both parts of a phrase in 4/4 and append them
void
played_add(Composer* composer, const Mix* mix, uint32_t i_phrase, Take* take);

/// Bring a take's hits in order; when all is in it
void
played_end(Take* take);

/// Count a phrase of a part
void
played_count(const Phrase* phrase, Part part, const Mix* mix, Sums* sums);

/// Compose bars of a mix and count them; drums only when asked for.
/// @param n_bars In whole phrases.
void
played_sum(Composer*  composer,
           const Mix* mix,
           uint32_t   n_bars,
           bool       has_drums,
           Sums*      sums);

/// The mix that sweeps begin with: all defaults, one style, and a steady form,
/// so that nothing but what is swept moves
Mix
played_mix(Style style, uint32_t seed);

#endif // PERPETUO_TOOLS_SWEEP_PLAYED_H
