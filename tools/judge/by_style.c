// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/by_style.h"

#include "base/rng.h"
#include "tools/judge/neighbours.h"
#include "tools/judge/overlap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SEED 3U
#define MIN_DRAWN 2U ///< Pieces of a set without which nothing is compared

/// A set's features, by part
typedef struct {
  Samples of[N_PARTS];
} Views;

// ------------------------------------------------------------------ the table

Row
style_table_row(const uint32_t i_row)
{
  static const Row rows[N_STYLE_ROWS] = {
    [STYLE_OA + PART_MELODY] = {NULL, "OA, melody", 3U, RULE_RATIO, 0.95, 0.98},
    [STYLE_OA + PART_DRUMS]  = {NULL, "OA, drums", 3U, RULE_RATIO, 0.95, 0.98},
    [STYLE_NEIGHBOURS +
      PART_MELODY]    = {NULL, "1-NN, melody", 3U, RULE_MOST, 0.58, 0.04},
    [STYLE_NEIGHBOURS +
      PART_DRUMS]     = {NULL, "1-NN, drums", 3U, RULE_MOST, 0.58, 0.04},
    [STYLE_FARTHEST +
      PART_MELODY]    = {NULL, "farthest, melody", 2U, RULE_SPREAD, 1.0, 0.3},
    [STYLE_FARTHEST +
      PART_DRUMS]     = {NULL, "farthest, drums", 2U, RULE_SPREAD, 1.0, 0.3},
    [STYLE_KICK_ON_1] = {NULL, "kick on 1", 2U, RULE_NEAR, 0.1, 0.03},
    [STYLE_BACKBEAT]  = {NULL, "backbeat", 2U, RULE_NEAR, 0.1, 0.03},
    [STYLE_DISTINCT]  = {NULL, "distinct", 2U, RULE_WITHIN, 0.5, 0.95},
    [STYLE_FILL]      = {NULL, "fills", 2U, RULE_LEAST, 0.0, 0.0},
  };
  return rows[i_row];
}

static unsigned
part_of_row(const uint32_t i_row)
{
  return i_row < STYLE_KICK_ON_1 ? i_row % N_PARTS : (unsigned)PART_DRUMS;
}

Mark
style_table_mark(const StyleTable* const table,
                 const uint32_t          i_set,
                 const uint32_t          i_row)
{
  const Row row = style_table_row(i_row);
  return table->is_enough[part_of_row(i_row)]
           ? row_mark(&row,
                      table->sets[i_set].value[i_row],
                      table->real.value[i_row],
                      1.0)
           : MARK_NONE;
}

const char*
style_feature_name(const unsigned part, const uint32_t feature)
{
  return part == PART_MELODY ? melody_feature_name((MelodyFeature)feature)
                             : drum_feature_name((DrumFeature)feature);
}

// ---------------------------------------------------------------- measurement

static void
clear_views(Views* const views)
{
  samples_clear(&views->of[PART_DRUMS]);
  samples_clear(&views->of[PART_MELODY]);
}

static Status
make_views(const TakeSet* const set, Views* const views)
{
  memset(views, 0, sizeof(*views));
  const Status st = melody_features_of(set, &views->of[PART_MELODY]);
  return st ? st : drum_features_of(set, &views->of[PART_DRUMS]);
}

static double
mean_overlap(const Samples* const a, const Samples* const b)
{
  double sum = 0.0;
  for (uint32_t c = 0U; c < a->n_columns; ++c) {
    sum += overlap_area(a, b, c);
  }
  return sum / a->n_columns;
}

/// Some pieces of a table, at random.  @param rest Those that are not, or null.
static Status
draw(const Samples* const from,
     const uint64_t       key,
     const uint32_t       n,
     Samples* const       drawn,
     Samples* const       rest)
{
  bool* const is_in = (bool*)calloc((size_t)from->n_pieces + 1U, sizeof(bool));
  if (!is_in) {
    return STATUS_NO_MEM;
  }
  samples_choose(from, key, n, is_in);
  Status st = samples_pick(from, is_in, drawn);
  for (uint32_t i = 0U; i < from->n_pieces; ++i) {
    is_in[i] = !is_in[i];
  }
  st = st || !rest ? st : samples_pick(from, is_in, rest);
  free(is_in);
  return st;
}

/// The overlaps of one draw: of ours with a half of the real pieces, and of as
/// much of the other half
static Status
compare_draw(const Samples* const own,
             const Samples* const real,
             const uint64_t       key,
             double* const        sums)
{
  const uint32_t n_half = samples_n_pieces(real) / 2U;
  const uint32_t n_own  = samples_n_pieces(own);
  const uint32_t n      = n_own < n_half ? n_own : n_half;
  enum { HALF, OTHER, OTHER_DRAWN, OWN_DRAWN, N };
  Samples s[N];
  memset(s, 0, sizeof(s));
  Status st = draw(real, rng_key(key, 0U), n_half, &s[OTHER], &s[HALF]);
  st = st ? st : draw(&s[OTHER], rng_key(key, 1U), n, &s[OTHER_DRAWN], NULL);
  st = st ? st : draw(own, rng_key(key, 2U), n, &s[OWN_DRAWN], NULL);
  if (!st) {
    sums[0] += mean_overlap(&s[OWN_DRAWN], &s[HALF]);
    sums[1] += mean_overlap(&s[OTHER_DRAWN], &s[HALF]);
  }
  for (uint32_t i = 0U; i < N; ++i) {
    samples_clear(&s[i]);
  }
  return st;
}

static Status
compare_overlaps(const Samples* const own,
                 const Samples* const real,
                 double* const        share)
{
  double sums[2] = {0.0, 0.0};
  Status st      = STATUS_SUCCESS;
  for (uint32_t d = 0U; !st && d < NEIGHBOURS_DRAWS; ++d) {
    st = compare_draw(own, real, rng_key(rng_seed(SEED), d), sums);
  }
  if (!st && sums[1] > 0.0) {
    *share = sums[0] / sums[1];
  }
  return st;
}

/// The mean that is farthest from the real one, in deviations of real windows
static void
find_farthest(const Samples* const own,
              const Samples* const real,
              StyleFigures* const  figures,
              const unsigned       part)
{
  double* const farthest = &figures->value[STYLE_FARTHEST + part];
  for (uint32_t c = 0U; c < own->n_columns; ++c) {
    const double off = samples_mean(own, c) - samples_mean(real, c);
    const double sd  = samples_spread(real, c);

    // These two have a mark of their own
    const bool is_other =
      part == PART_DRUMS && (c == DRUMS_KICK_ON_1 || c == DRUMS_BACKBEAT);
    const double far = sd > 0.0 ? fabs(off) / sd : 0.0;
    if (!is_other && sd > 0.0 && (isnan(*farthest) || far > *farthest)) {
      *farthest               = far;
      figures->farthest[part] = c;
      figures->is_more[part]  = off > 0.0;
    }
  }
}

static Status
compare_part(const Samples* const own,
             const Samples* const real,
             const unsigned       part,
             StyleFigures* const  figures)
{
  if (figures->n_pieces[part] < MIN_DRAWN) {
    return STATUS_SUCCESS;
  }
  find_farthest(own, real, figures, part);
  const Status st =
    compare_overlaps(own, real, &figures->value[STYLE_OA + part]);
  return st ? st
            : neighbours_accuracy(own,
                                  real,
                                  rng_seed(SEED),
                                  NEIGHBOURS_DRAWS,
                                  &figures->value[STYLE_NEIGHBOURS + part]);
}

/// What needs nothing to be compared with
static Status
measure_drums(const TakeSet* const set,
              const Samples* const drums,
              StyleFigures* const  figures)
{
  double* const value    = figures->value;
  value[STYLE_KICK_ON_1] = samples_mean(drums, DRUMS_KICK_ON_1);
  value[STYLE_BACKBEAT]  = samples_mean(drums, DRUMS_BACKBEAT);
  const Status st        = drum_distinct_bars(set, &value[STYLE_DISTINCT]);
  return st ? st : drum_fill_contrast(set, &value[STYLE_FILL]);
}

static Status
measure_set(const TakeSet* const set,
            Views* const         views,
            StyleFigures* const  figures)
{
  for (uint32_t i = 0U; i < N_STYLE_ROWS; ++i) {
    figures->value[i] = (double)NAN;
  }
  const Status st = make_views(set, views);
  for (unsigned part = 0U; !st && part < N_PARTS; ++part) {
    figures->n_pieces[part] = samples_n_pieces(&views->of[part]);
  }
  return st ? st : measure_drums(set, &views->of[PART_DRUMS], figures);
}

/// What real music gets: a share of 1, and a half that is not told from the
/// other
static Status
measure_real(const Views* const views, StyleTable* const table)
{
  Status st = STATUS_SUCCESS;
  for (unsigned part = 0U; !st && part < N_PARTS; ++part) {
    const Samples* const real  = &views->of[part];
    double* const        value = table->real.value;
    table->is_enough[part] = table->real.n_pieces[part] >= STYLE_LEAST_PIECES;
    if (!table->is_enough[part]) {
      continue;
    }
    double sum                   = 0.0;
    value[STYLE_OA + part]       = 1.0;
    value[STYLE_FARTHEST + part] = 0.0;
    for (uint32_t d = 0U; !st && d < NEIGHBOURS_DRAWS; ++d) {
      const uint64_t key = rng_key(rng_seed(SEED), d);
      Samples        half[2];
      double         accuracy = 0.0;
      memset(half, 0, sizeof(half));
      st = draw(real, key, table->real.n_pieces[part] / 2U, &half[0], &half[1]);
      st =
        st ? st : neighbours_accuracy(&half[0], &half[1], key, 1U, &accuracy);
      sum += accuracy / NEIGHBOURS_DRAWS;
      samples_clear(&half[1]);
      samples_clear(&half[0]);
    }
    value[STYLE_NEIGHBOURS + part] = sum;
  }
  return st;
}

static Status
measure_against(const TakeSet* const set,
                const Views* const   real,
                StyleTable* const    table,
                StyleFigures* const  figures)
{
  Views   views;
  TakeSet own;
  memset(&views, 0, sizeof(views));
  Status st = takes_lend(set, (int)table->style, &own);
  st        = st ? st : measure_set(&own, &views, figures);
  for (unsigned part = 0U; !st && part < N_PARTS; ++part) {
    if (table->is_enough[part]) {
      st = compare_part(&views.of[part], &real->of[part], part, figures);
    }
  }
  clear_views(&views);
  takes_give_back(&own);
  return st;
}

/// Whether held-out pieces are too few in a part that there is music of
static bool
is_scarce(const StyleTable* const table, const Views* const known)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    if (known->of[part].n_rows &&
        table->n_held_out[part] < STYLE_LEAST_PIECES) {
      return true;
    }
  }
  return false;
}

/// Let pieces to learn from count as real, too, where they are needed
static Status
widen(const TakeSet* const all,
      TakeSet* const       real,
      Views* const         views,
      StyleTable* const    table)
{
  Views   known;
  TakeSet more;
  memset(&known, 0, sizeof(known));
  Status st = takes_lend(all, (int)table->style, &more);
  st        = st ? st : make_views(&more, &known);
  if (!st && is_scarce(table, &known)) {
    table->is_widened = true;
    clear_views(views);
    st = takes_lend_more(all, (int)table->style, real);
    st = st ? st : measure_set(real, views, &table->real);
  }
  clear_views(&known);
  takes_give_back(&more);
  return st;
}

Status
style_table_measure(const StyleMusic* const music, StyleTable* const table)
{
  Views   views;
  TakeSet real;
  memset(table, 0, sizeof(*table));
  memset(&views, 0, sizeof(views));
  table->style = music->style;
  Status st    = takes_lend(music->held_out, (int)music->style, &real);
  st           = st ? st : measure_set(&real, &views, &table->real);
  memcpy(table->n_held_out, table->real.n_pieces, sizeof(table->n_held_out));
  if (!st && music->known) {
    st = widen(music->known, &real, &views, table);
  }
  st = st ? st : measure_real(&views, table);
  for (uint32_t i = 0U; !st && i < music->n_sets; ++i) {
    st = measure_against(&music->sets[i], &views, table, &table->sets[i]);
  }
  clear_views(&views);
  takes_give_back(&real);
  return st;
}
