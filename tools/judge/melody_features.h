// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A melody in numbers, two bars at a time.

   Windows begin at every other bar line.  Those with fewer than
   WINDOW_MIN_NOTES onsets say nothing of intervals and are left out; of a long
   piece WINDOWS_PER_PIECE are taken, evenly, so that none outweighs others.
*/
#ifndef PERPETUO_TOOLS_JUDGE_MELODY_FEATURES_H
#define PERPETUO_TOOLS_JUDGE_MELODY_FEATURES_H

#include "tools/judge/samples.h"
#include "tools/judge/takes.h"

#include <stdint.h>

#define WINDOW_BARS 2U
#define WINDOW_STEPS (WINDOW_BARS * BAR_STEPS)
#define WINDOW_MIN_NOTES 3U
#define WINDOWS_PER_PIECE 16U

typedef enum {
  MELODY_NOTES,         ///< Onsets
  MELODY_RANGE,         ///< Highest less lowest pitch, semitones
  MELODY_PITCH_CLASSES, ///< Different ones
  MELODY_PITCH_ENTROPY, ///< Of pitch classes, bits
  MELODY_IN_SCALE,      ///< Share of notes in the best of 12 major scales
  MELODY_INTERVAL,      ///< Mean absolute interval, semitones
  MELODY_LEAPS,         ///< Share of intervals above 4 semitones
  MELODY_REPEATS,       ///< Share of intervals of 0
  MELODY_GAP,           ///< Mean inter-onset interval, steps
  MELODY_GAP_ENTROPY,   ///< Of inter-onset intervals, bits
  MELODY_OFF_BEAT,      ///< Share of onsets that are not on a beat
  MELODY_EMPTY_BEATS,   ///< Share of beats in which nothing sounds
  MELODY_GROOVE,        ///< 1 - Hamming(bar 1, bar 2) / 16 of onsets
  N_MELODY_FEATURES
} MelodyFeature;

/// What a feature is called in a report
const char*
melody_feature_name(MelodyFeature feature);

/**
   Measure a window.

   @param notes (n_notes) with onsets in the window; at least one.
   @param begin Step at which the window begins.
   @param row (N_MELODY_FEATURES).
*/
void
melody_features_measure(const TakeNote* notes,
                        uint32_t        n_notes,
                        uint32_t        begin,
                        double*         row);

/// The windows of a take's first line: their first steps.
/// @param begin Room for WINDOWS_PER_PIECE.  @return How many there are.
uint32_t
melody_windows(const Take* take, uint32_t* begin);

/// The windows of all takes, measured.  STATUS_NO_MEM.
NODISCARD Status
melody_features_of(const TakeSet* set, Samples* samples);

#endif // PERPETUO_TOOLS_JUDGE_MELODY_FEATURES_H
