// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Drums in numbers, bar by bar, and what only shows over many bars.

   Bars without a hit are left out; of a long piece BARS_PER_PIECE are taken,
   evenly.
*/
#ifndef PERPETUO_TOOLS_JUDGE_DRUM_FEATURES_H
#define PERPETUO_TOOLS_JUDGE_DRUM_FEATURES_H

#include "base/status.h"
#include "music/drum_map.h"
#include "tools/judge/samples.h"
#include "tools/judge/takes.h"

#include <stdint.h>

#define BARS_PER_PIECE 32U

typedef enum {
  DRUMS_HITS,
  DRUMS_VOICE,                                ///< Hits of the first voice; ...
  DRUMS_VOICES = DRUMS_VOICE + N_DRUM_VOICES, ///< Different ones
  DRUMS_KICK_ON_1,                            ///< 1 or 0
  DRUMS_BACKBEAT,    ///< Share of beats 2 and 4 with a snare or clap
  DRUMS_ON_EIGHTHS,  ///< Share of hits
  DRUMS_SYNCOPATION, ///< Of the kick
  DRUMS_CHANGE,      ///< Hamming distance to the bar before, hits; 0 at first
  DRUMS_LOUDNESS,    ///< Standard deviation of velocities
  DRUMS_TIMING,      ///< Standard deviation of lateness, ms
  N_DRUM_FEATURES
} DrumFeature;

/// What a feature is called in a report
const char*
drum_feature_name(DrumFeature feature);

/**
   How much a rhythm goes against a bar of 4/4.

   An onset that is followed by silence on a stronger place of the bar counts
   by how much stronger; the bar is taken to go round.
   Source: Longuet-Higgins and Lee 1984, as in Fitch and Rosenfeld 2007.
   @param onsets Bit s for step s.
*/
uint32_t
drum_syncopation(uint32_t onsets);

/// The hits of a bar as a picture: for each step a bit for each voice
void
drum_pattern(const Take* take, uint32_t bar, uint16_t pattern[BAR_STEPS]);

/// Measure a bar that has hits.  @param row (N_DRUM_FEATURES).
void
drum_features_measure(const Take* take, uint32_t bar, double* row);

/// Bars of all takes, measured.  STATUS_NO_MEM.
NODISCARD Status
drum_features_of(const TakeSet* set, Samples* samples);

/// Patterns of bars that are known, to find them again
typedef struct {
  size_t    n;
  uint64_t* hash; ///< (n) sorted
} BarBook;

/// Learn all bars with hits.  STATUS_NO_MEM.
NODISCARD Status
bar_book_init(BarBook* book, const TakeSet* known);

/// Free it; a zeroed book is allowed
void
bar_book_clear(BarBook* book);

/// Share of a set's bars with hits that are in the book; not a number without
double
bar_book_share(const BarBook* book, const TakeSet* set);

/// Mean over takes with at least eight bars of drums: different bars over
/// bars.  STATUS_NO_MEM.
NODISCARD Status
drum_distinct_bars(const TakeSet* set, double* share);

/// Median over groups of eight bars that all have hits: hits in the last one
/// over the mean of the others.  STATUS_NO_MEM.
NODISCARD Status
drum_fill_contrast(const TakeSet* set, double* contrast);

#endif // PERPETUO_TOOLS_JUDGE_DRUM_FEATURES_H
