// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   All that the judge has to say of one set of pieces, as rows of figures.

   The rows are a table: what each is called and which mark it has to reach.
   Real music is measured against itself, one half of its pieces against the
   other, so that every figure of a set stands beside what real music gets.
*/
#ifndef PERPETUO_TOOLS_JUDGE_FIGURES_H
#define PERPETUO_TOOLS_JUDGE_FIGURES_H

#include "base/status.h"
#include "tools/judge/copying.h"
#include "tools/judge/drum_features.h"
#include "tools/judge/melody_features.h"
#include "tools/judge/samples.h"
#include "tools/judge/surprise.h"
#include "tools/judge/takes.h"

#include <stdbool.h>
#include <stdint.h>

#define FIGURES_NAME_ROOM 64U
#define FIGURES_MAX_SETS 16U ///< In one report

enum {
  ROW_PIECES, ///< With windows of melody
  ROW_WINDOWS,
  ROW_MELODY, ///< Means of the melody features; ...
  ROW_MELODY_OA      = ROW_MELODY + N_MELODY_FEATURES,
  ROW_MELODY_MEAN_OA = ROW_MELODY_OA + N_MELODY_FEATURES,
  ROW_MELODY_NEIGHBOURS,
  ROW_COPIED,   ///< Share of 8-grams that are known
  ROW_MEAN_RUN, ///< Longest known run of a piece, notes, mean over pieces
  ROW_LONGEST_RUN,
  ROW_BITS,
  ROW_THEME,
  ROW_CADENCE,
  ROW_DRUM_PIECES,
  ROW_BARS,
  ROW_DRUMS, ///< Means of the drum features; ...
  ROW_DRUMS_OA      = ROW_DRUMS + N_DRUM_FEATURES,
  ROW_DRUMS_MEAN_OA = ROW_DRUMS_OA + N_DRUM_FEATURES,
  ROW_DRUMS_NEIGHBOURS,
  ROW_DISTINCT,
  ROW_BARS_COPIED,
  ROW_FILL,
  ROW_AGREEMENT,
  ROW_STRANGERS,
  ROW_LISTENING, ///< Agreement less that of strangers
  N_ROWS
};

/// How a figure is held against that of real music
typedef enum {
  RULE_NONE,
  RULE_RATIO,  ///< At least `must` times as much
  RULE_MOST,   ///< At most `must`; aim: no further from .5 than `aim`
  RULE_OVER,   ///< At most `must` more
  RULE_NEAR,   ///< Within `must`
  RULE_SPREAD, ///< Within `must` standard deviations of real windows
  RULE_WITHIN, ///< From `must` to `aim`
  RULE_LEAST,  ///< At least as much
} Rule;

typedef struct {
  const char* heading; ///< Of the rows that begin here, or null
  const char* label;
  uint32_t    n_decimals;
  Rule        rule;
  double      must;
  double      aim;
} Row;

/// What became of a mark
typedef enum { MARK_NONE, MARK_MISSED, MARK_MET, MARK_AIM } Mark;

/// The figures of a set
typedef struct {
  char           name[FIGURES_NAME_ROOM];
  const TakeSet* set; ///< Borrowed
  Samples        melody;
  Samples        drums;
  double         value[N_ROWS];  ///< Not a number where there is none
  double         spread[N_ROWS]; ///< Of features: standard deviation, else 0
} Figures;

/// What sets are measured against.  Borrows all.
typedef struct {
  const Copying*  copying; ///< All music to learn from
  const BarBook*  bars;
  const Surprise* surprise;    ///< Music to learn from of the styles
  double          rest_length; ///< Median length of real notes, steps
  const Figures*  real;        ///< Null while real music itself is measured
} Yardstick;

/// Whether a figure reaches a mark.  @param sd Of real windows, for
/// RULE_SPREAD.
Mark
row_mark(const Row* row, double value, double real, double sd);

/// How bad a figure is, for finding the worst of some: more is worse
double
row_badness(const Row* row, double value, double real);

/// In words what a mark asks for; "" for none
void
row_mark_text(const Row* row, char* text, size_t room);

/// What a row is called, and its mark
Row
figures_row(uint32_t i_row);

/// Whether a figure reaches the mark of its row
Mark
figures_mark(uint32_t i_row, const Figures* figures, const Figures* real);

/// In words what a row's mark asks for; "" when it has none
void
figures_mark_text(uint32_t i_row, char* text, size_t room);

/// Measure a set.  STATUS_NO_MEM.  `figures` is to be cleared in any case.
NODISCARD Status
figures_measure(const Yardstick* yardstick,
                const char*      name,
                const TakeSet*   set,
                Figures*         figures);

/// Free the samples; zeroed figures are allowed
void
figures_clear(Figures* figures);

#endif // PERPETUO_TOOLS_JUDGE_FIGURES_H
