// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/figures.h"

#include "base/rng.h"
#include "tools/judge/form.h"
#include "tools/judge/neighbours.h"
#include "tools/judge/overlap.h"
#include "tools/judge/together.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 1U
#define MAX_COLUMNS 32U ///< Features of a part at most

_Static_assert((int)N_DRUM_FEATURES <= 32 && (int)N_MELODY_FEATURES <= 32,
               "There is room for all features");

// ------------------------------------------------------------------ the table

/// Rows that are not one for each feature
static const Row rows[N_ROWS] = {
  [ROW_PIECES]         = {"Melody", "pieces", 0U, RULE_NONE, 0.0, 0.0},
  [ROW_WINDOWS]        = {NULL, "windows of 2 bars", 0U, RULE_NONE, 0.0, 0.0},
  [ROW_MELODY_MEAN_OA] = {NULL, "mean OA", 3U, RULE_RATIO, 0.95, 0.98},
  [ROW_MELODY_NEIGHBOURS] =
    {"Melody, as a whole", "1-NN", 3U, RULE_MOST, 0.58, 0.04},
  [ROW_COPIED]        = {NULL, "copied 8-grams", 3U, RULE_OVER, 0.01, 0.0},
  [ROW_MEAN_RUN]      = {NULL, "longest run, mean", 1U, RULE_NONE, 0.0, 0.0},
  [ROW_LONGEST_RUN]   = {NULL, "longest run", 0U, RULE_OVER, 2.0, 0.0},
  [ROW_BITS]          = {NULL, "bits per note", 2U, RULE_NEAR, 1.0, 0.5},
  [ROW_THEME]         = {NULL, "theme return", 3U, RULE_NONE, 0.0, 0.0},
  [ROW_CADENCE]       = {NULL, "cadences", 3U, RULE_NONE, 0.0, 0.0},
  [ROW_DRUM_PIECES]   = {"Drums", "pieces", 0U, RULE_NONE, 0.0, 0.0},
  [ROW_BARS]          = {NULL, "bars", 0U, RULE_NONE, 0.0, 0.0},
  [ROW_DRUMS_MEAN_OA] = {NULL, "mean OA", 3U, RULE_RATIO, 0.95, 0.98},
  [ROW_DRUMS_NEIGHBOURS] =
    {"Drums, as a whole", "1-NN", 3U, RULE_MOST, 0.58, 0.04},
  [ROW_DISTINCT]    = {NULL, "distinct bars", 3U, RULE_WITHIN, 0.5, 0.95},
  [ROW_BARS_COPIED] = {NULL, "bars copied", 3U, RULE_NONE, 0.0, 0.0},
  [ROW_FILL]        = {NULL, "fill contrast", 3U, RULE_LEAST, 0.0, 0.0},
  [ROW_AGREEMENT]   = {"Together", "onsets on a hit", 3U, RULE_NONE, 0.0, 0.0},
  [ROW_STRANGERS]   = {NULL, "over strangers", 3U, RULE_NONE, 0.0, 0.0},
  [ROW_LISTENING]   = {NULL, "difference", 3U, RULE_NONE, 0.0, 0.0},
};

static Row
melody_row(const uint32_t feature, const bool is_overlap)
{
  const char* const label = melody_feature_name((MelodyFeature)feature);
  return is_overlap ? (Row){feature ? NULL : "Melody, overlap (OA)",
                            label,
                            3U,
                            RULE_NONE,
                            0.0,
                            0.0}
                    : (Row){feature ? NULL : "Melody, means of windows",
                            label,
                            3U,
                            RULE_SPREAD,
                            1.0,
                            0.3};
}

static Row
drum_row(const uint32_t feature, const bool is_overlap)
{
  const char* const label = drum_feature_name((DrumFeature)feature);
  if (is_overlap) {
    return (Row){
      feature ? NULL : "Drums, overlap (OA)", label, 3U, RULE_NONE, 0.0, 0.0};
  }
  if (feature == DRUMS_KICK_ON_1 || feature == DRUMS_BACKBEAT) {
    return (Row){NULL, label, 3U, RULE_NEAR, 0.1, 0.03};
  }
  return (Row){
    feature ? NULL : "Drums, means of bars", label, 3U, RULE_SPREAD, 1.0, 0.3};
}

Row
figures_row(const uint32_t i_row)
{
  if (i_row >= ROW_MELODY && i_row < ROW_MELODY_MEAN_OA) {
    return i_row < ROW_MELODY_OA ? melody_row(i_row - ROW_MELODY, false)
                                 : melody_row(i_row - ROW_MELODY_OA, true);
  }
  if (i_row >= ROW_DRUMS && i_row < ROW_DRUMS_MEAN_OA) {
    return i_row < ROW_DRUMS_OA ? drum_row(i_row - ROW_DRUMS, false)
                                : drum_row(i_row - ROW_DRUMS_OA, true);
  }
  return rows[i_row];
}

static Mark
mark_if(const bool is_met, const bool is_aim)
{
  return !is_met ? MARK_MISSED : is_aim ? MARK_AIM : MARK_MET;
}

Mark
row_mark(const Row* const row,
         const double     it,
         const double     want,
         const double     sd)
{
  const double off = fabs(it - want);
  if (isnan(it)) {
    return MARK_NONE;
  }

  switch (row->rule) {
  case RULE_MOST:
    return mark_if(it <= row->must, fabs(it - 0.5) <= row->aim);
  case RULE_WITHIN:
    return mark_if(it >= row->must && it <= row->aim, false);
  default:
    break;
  }
  if (isnan(want)) {
    return MARK_NONE;
  }
  switch (row->rule) {
  case RULE_RATIO:
    return mark_if(it >= row->must * want, it >= row->aim * want);
  case RULE_OVER:
    return mark_if(it <= want + row->must, it <= want + row->aim);
  case RULE_NEAR:
    return mark_if(off <= row->must, off <= row->aim);
  case RULE_SPREAD:
    return mark_if(off <= row->must * sd, off <= row->aim * sd);
  case RULE_LEAST:
    return mark_if(it >= want, false);
  default:
    return MARK_NONE;
  }
}

Mark
figures_mark(const uint32_t       i_row,
             const Figures* const figures,
             const Figures* const real)
{
  const Row row = figures_row(i_row);
  return row_mark(
    &row, figures->value[i_row], real->value[i_row], real->spread[i_row]);
}

double
row_badness(const Row* const row, const double value, const double real)
{
  switch (row->rule) {
  case RULE_RATIO:
    return -value / real;
  case RULE_LEAST:
    return real - value;
  case RULE_NEAR:
  case RULE_SPREAD:
    return fabs(value - real);
  case RULE_WITHIN:
    return fmax(row->must - value, value - row->aim);
  case RULE_OVER:
    return value - real;
  default:
    return value;
  }
}

void
row_mark_text(const Row* const row, char* const text, const size_t room)
{
  switch (row->rule) {
  case RULE_NONE:
    snprintf(text, room, "%s", "");
    break;
  case RULE_LEAST:
    snprintf(text, room, "at least real");
    break;
  case RULE_RATIO:
    snprintf(text, room, "at least %g x real (aim %g x)", row->must, row->aim);
    break;
  case RULE_MOST:
    snprintf(text, room, "at most %g (aim .5 within %g)", row->must, row->aim);
    break;
  case RULE_OVER:
    snprintf(text, room, "at most real + %g (aim + %g)", row->must, row->aim);
    break;
  case RULE_NEAR:
    snprintf(text, room, "real within %g (aim %g)", row->must, row->aim);
    break;
  case RULE_SPREAD:
    snprintf(text, room, "real within %g sd (aim %g)", row->must, row->aim);
    break;
  case RULE_WITHIN:
    snprintf(text, room, "%g to %g", row->must, row->aim);
    break;
  }
}

void
figures_mark_text(const uint32_t i_row, char* const text, const size_t room)
{
  const Row row = figures_row(i_row);
  row_mark_text(&row, text, room);
}

// ---------------------------------------------------------------- measurement

/// One of two parts of the rows: features of windows or of bars
typedef struct {
  uint32_t first;      ///< Row of the first mean
  uint32_t first_oa;   ///< Row of the first overlap
  uint32_t mean_oa;    ///< Row of their mean
  uint32_t neighbours; ///< Row of the 1-NN accuracy
  uint32_t n_pieces;   ///< Row of the number of pieces
  uint32_t n_rows;     ///< Row of the number of windows or bars
} Block;

static const Block melody_block = {ROW_MELODY,
                                   ROW_MELODY_OA,
                                   ROW_MELODY_MEAN_OA,
                                   ROW_MELODY_NEIGHBOURS,
                                   ROW_PIECES,
                                   ROW_WINDOWS};
static const Block drum_block   = {ROW_DRUMS,
                                   ROW_DRUMS_OA,
                                   ROW_DRUMS_MEAN_OA,
                                   ROW_DRUMS_NEIGHBOURS,
                                   ROW_DRUM_PIECES,
                                   ROW_BARS};

static void
set_means(Figures* const       figures,
          const Block* const   block,
          const Samples* const samples)
{
  figures->value[block->n_pieces] = samples_n_pieces(samples);
  figures->value[block->n_rows]   = samples->n_rows;
  for (uint32_t c = 0U; c < samples->n_columns; ++c) {
    figures->value[block->first + c]  = samples_mean(samples, c);
    figures->spread[block->first + c] = samples_spread(samples, c);
  }
}

/// Overlaps of all features, added to `sum`
static void
add_overlaps(const Samples* const a, const Samples* const b, double* const sum)
{
  for (uint32_t c = 0U; c < a->n_columns; ++c) {
    sum[c] += overlap_area(a, b, c);
  }
}

static void
set_overlaps(Figures* const      figures,
             const Block* const  block,
             const double* const sum,
             const uint32_t      n_columns,
             const double        n)
{
  double mean = 0.0;
  for (uint32_t c = 0U; c < n_columns; ++c) {
    figures->value[block->first_oa + c] = sum[c] / n;
    mean += sum[c] / n / n_columns;
  }
  figures->value[block->mean_oa] = mean;
}

static Status
compare_with_real(Figures* const       figures,
                  const Block* const   block,
                  const Samples* const samples,
                  const Samples* const real)
{
  double sum[MAX_COLUMNS] = {0.0};
  add_overlaps(samples, real, sum);
  set_overlaps(figures, block, sum, samples->n_columns, 1.0);
  return neighbours_accuracy(samples,
                             real,
                             rng_seed(SEED),
                             NEIGHBOURS_DRAWS,
                             &figures->value[block->neighbours]);
}

/// Split the pieces that have rows into two halves, at random
static void
choose_halves(const Samples* const samples,
              const uint64_t       key,
              bool* const          is_first,
              bool* const          is_second)
{
  samples_choose(samples, key, samples_n_pieces(samples) / 2U, is_first);
  memset(is_second, 0, samples->n_pieces * sizeof(bool));
  for (uint32_t i = 0U; i < samples->n_rows; ++i) {
    is_second[samples->piece[i]] = !is_first[samples->piece[i]];
  }
}

/// One half of real pieces against the other
static Status
compare_halves(const Samples* const samples,
               const uint64_t       key,
               bool* const          is_in, ///< (2, n_pieces) scratch
               double* const        sum,
               double* const        accuracy)
{
  Samples  half[2];
  double   own      = 0.0;
  uint32_t n_pieces = samples->n_pieces;
  memset(half, 0, sizeof(half));
  choose_halves(samples, key, is_in, is_in + n_pieces);
  Status st = samples_pick(samples, is_in, &half[0]);
  st        = st ? st : samples_pick(samples, is_in + n_pieces, &half[1]);
  st        = st ? st : neighbours_accuracy(&half[0], &half[1], key, 1U, &own);
  if (!st) {
    add_overlaps(&half[0], &half[1], sum);
    *accuracy += own;
  }
  samples_clear(&half[1]);
  samples_clear(&half[0]);
  return st;
}

static Status
compare_with_itself(Figures* const       figures,
                    const Block* const   block,
                    const Samples* const samples)
{
  const uint64_t key              = rng_key(rng_seed(SEED), 1U);
  double         sum[MAX_COLUMNS] = {0.0};
  double         accuracy         = 0.0;
  bool* const    is_in =
    (bool*)calloc(2U * (size_t)samples->n_pieces + 1U, sizeof(bool));
  Status st = is_in ? STATUS_SUCCESS : STATUS_NO_MEM;
  for (uint32_t d = 0U; !st && d < NEIGHBOURS_DRAWS; ++d) {
    st = compare_halves(samples, rng_key(key, d), is_in, sum, &accuracy);
  }
  if (!st) {
    set_overlaps(figures, block, sum, samples->n_columns, NEIGHBOURS_DRAWS);
    figures->value[block->neighbours] = accuracy / NEIGHBOURS_DRAWS;
  }
  free(is_in);
  return st;
}

static Status
measure_block(const Yardstick* const yardstick,
              const Block* const     block,
              const Samples* const   samples,
              const Samples* const   real,
              Figures* const         figures)
{
  set_means(figures, block, samples);
  return yardstick->real ? compare_with_real(figures, block, samples, real)
                         : compare_with_itself(figures, block, samples);
}

/// What is known of the melodies, and how they surprise
static Status
measure_memory(const Yardstick* const yardstick,
               const TakeSet* const   set,
               Figures* const         figures)
{
  CopyCount sum     = {0U, 0U, 0U};
  double    runs    = 0.0;
  double    bits    = 0.0;
  uint32_t  n_lines = 0U;
  uint64_t  n_moves = 0U;
  Status    st      = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < set->n_takes; ++i) {
    if (set->takes[i].n_lines) {
      const TakeLine* const line  = &set->takes[i].line[0];
      CopyCount             count = {0U, 0U, 0U};
      st = copying_count(yardstick->copying, line, &count);
      st = st ? st : surprise_add(yardstick->surprise, line, &bits, &n_moves);
      sum.n_grams += count.n_grams;
      sum.n_copied += count.n_copied;
      sum.longest = count.longest > sum.longest ? count.longest : sum.longest;
      runs += count.longest;
      ++n_lines;
    }
  }
  if (sum.n_grams) {
    figures->value[ROW_COPIED] = (double)sum.n_copied / sum.n_grams;
  }
  if (n_lines) {
    figures->value[ROW_MEAN_RUN]    = runs / n_lines;
    figures->value[ROW_LONGEST_RUN] = sum.longest;
  }
  if (n_moves) {
    figures->value[ROW_BITS] = bits / (double)n_moves;
  }
  return st;
}

static Status
measure_rest(const Yardstick* const yardstick,
             const TakeSet* const   set,
             Figures* const         figures)
{
  double* const value    = figures->value;
  Together      together = {0U, 0.0, 0.0};
  value[ROW_THEME]       = form_theme_return(set);
  value[ROW_CADENCE]     = form_cadences(set, yardstick->rest_length);
  value[ROW_BARS_COPIED] = bar_book_share(yardstick->bars, set);
  Status st              = drum_distinct_bars(set, &value[ROW_DISTINCT]);
  st                     = st ? st : drum_fill_contrast(set, &value[ROW_FILL]);
  st = st ? st : together_measure(set, rng_key(rng_seed(SEED), 2U), &together);
  if (!st) {
    value[ROW_AGREEMENT] = together.own;
    value[ROW_STRANGERS] = together.strangers;
    value[ROW_LISTENING] = together.own - together.strangers;
  }
  return st;
}

Status
figures_measure(const Yardstick* const yardstick,
                const char* const      name,
                const TakeSet* const   set,
                Figures* const         figures)
{
  const Figures* const real = yardstick->real;
  memset(figures, 0, sizeof(*figures));
  snprintf(figures->name, sizeof(figures->name), "%s", name);
  figures->set = set;
  for (uint32_t i = 0U; i < N_ROWS; ++i) {
    figures->value[i] = (double)NAN;
  }

  Status st = melody_features_of(set, &figures->melody);
  st        = st ? st : drum_features_of(set, &figures->drums);
  st        = st ? st
                 : measure_block(yardstick,
                          &melody_block,
                          &figures->melody,
                          real ? &real->melody : NULL,
                          figures);
  st        = st ? st
                 : measure_block(yardstick,
                          &drum_block,
                          &figures->drums,
                          real ? &real->drums : NULL,
                          figures);
  st        = st ? st : measure_memory(yardstick, set, figures);
  return st ? st : measure_rest(yardstick, set, figures);
}

void
figures_clear(Figures* const figures)
{
  samples_clear(&figures->drums);
  samples_clear(&figures->melody);
}
