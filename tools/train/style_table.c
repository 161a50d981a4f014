// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/style_table.h"

#include "base/rng.h"
#include "music/style.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define GROUP_BARS 4U
#define MAX_NOTES 4096U
#define MIN_NOTES 2U

/// A phrase returns when its bars but the last, where fills stand, are those of
/// one of so many phrases before it
#define RETURN_PHRASES 4U
#define RETURN_BARS (GROUP_BARS - 1U)

/// Apart by so many ticks, hits of one moment are as loose as a machine's
#define USUAL_TICKS 5.0

/// Sums for a mean and a standard deviation
typedef struct {
  double n;
  double sum;
  double squares;
} Moments;

/// And for how one thing rises with another
typedef struct {
  Moments x;
  Moments y;
  double  products;
} Slope;

/// What is measured of one part of a style
typedef struct {
  Moments density; ///< Of four bars
  Moments range;
  Moments line_density; ///< Of means of lines
  Moments line_range;
  Slope   slope;
  Moments apart;   ///< Ticks between hits of one moment
  Moments returns; ///< 1 for a phrase that returns, 0 for one that does not
} StyleFigures;

static void
add(Moments* const m, const double value)
{
  m->n += 1.0;
  m->sum += value;
  m->squares += value * value;
}

static double
mean_of(const Moments* const m)
{
  return m->n > 0.0 ? m->sum / m->n : 0.0;
}

static double
variance_of(const Moments* const m)
{
  const double mean = mean_of(m);
  return m->n > 0.0 ? m->squares / m->n - mean * mean : 0.0;
}

static double
slope_of(const Slope* const s)
{
  const double variance = variance_of(&s->x);
  return variance > 0.0
           ? (s->products / s->x.n - mean_of(&s->x) * mean_of(&s->y)) / variance
           : 0.0;
}

static double
spread_of(const Moments* const all, const Moments* const lines)
{
  return sqrt((variance_of(all) + variance_of(lines)) / 2.0);
}

/// What begins in the bars of a phrase that can return, as one number
static uint64_t
hash_phrase(const GridNote* const notes,
            const uint32_t        n,
            const uint32_t        end_grid)
{
  uint64_t hash = rng_seed(1U);
  for (uint32_t i = 0U; i < n && notes[i].grid < end_grid; ++i) {
    hash = rng_key(rng_key(hash, notes[i].grid), (uint64_t)notes[i].pitch);
  }
  return hash;
}

/// Whether a phrase returns, of those that have others before them
static void
measure_return(uint64_t* const before,
               const uint32_t  i_phrase,
               const uint64_t  hash,
               Moments* const  returns)
{
  bool is_there = false;
  for (uint32_t k = 0U; k < RETURN_PHRASES && k < i_phrase; ++k) {
    is_there = is_there || before[k] == hash;
  }
  if (i_phrase) {
    add(returns, is_there ? 1.0 : 0.0);
  }
  before[i_phrase % RETURN_PHRASES] = hash;
}

static void
measure_line(const Piece* const  piece,
             const Line* const   line,
             StyleFigures* const to)
{
  static GridNote notes[MAX_NOTES];
  const uint32_t  n_grids = GROUP_BARS * metre_bar_grids(piece->metre);
  Moments         density = {0.0, 0.0, 0.0};
  Moments         range   = {0.0, 0.0, 0.0};
  uint64_t        before[RETURN_PHRASES];
  uint32_t        i_phrase = 0U;
  for (uint32_t bar = 0U; bar + GROUP_BARS <= piece->n_bars;
       bar += GROUP_BARS) {
    const uint32_t n =
      corpus_phrase(piece, line, bar, GROUP_BARS, notes, MAX_NOTES);
    const double d = vocab_density(line->part, n, n_grids);
    const double r = vocab_range(line->part, notes, n);
    const double e = piece->energy[bar];
    if (n < MIN_NOTES) {
      continue;
    }
    const uint64_t hash =
      hash_phrase(notes, n, RETURN_BARS * metre_bar_grids(piece->metre));
    measure_return(before, i_phrase++, hash, &to->returns);
    add(&density, d);
    add(&range, r);
    add(&to->density, d);
    add(&to->range, r);
    if (piece->energy[bar]) {
      add(&to->slope.x, e);
      add(&to->slope.y, d);
      to->slope.products += d * e;
    }
  }
  if (density.n > 0.0) {
    add(&to->line_density, mean_of(&density));
    add(&to->line_range, mean_of(&range));
  }
  for (uint32_t i = 1U; line->part == PART_DRUMS && i < line->n_notes; ++i) {
    if (line->notes[i].grid == line->notes[i - 1U].grid) {
      add(&to->apart, line->notes[i].lean - line->notes[i - 1U].lean);
    }
  }
}

/// The variation at which so many phrases come as their theme is: the treatment
/// of a phrase is drawn twice (compose/song.h)
static double
variation_of(const Moments* const returns)
{
  return 100.0 * (1.0 - sqrt(mean_of(returns)));
}

void
style_table_print(const Corpus* const corpus, FILE* const file)
{
  fputs("style         density       spread      range spread   loose "
        "variation   slope\n",
        file);
  for (unsigned style = 0U; style < N_STYLES; ++style) {
    StyleFigures f[N_PARTS];
    memset(f, 0, sizeof(f));
    for (uint32_t i = 0U; i < corpus->n_pieces; ++i) {
      const Piece* const piece = &corpus->pieces[i];
      for (uint32_t k = 0U; k < piece->n_lines; ++k) {
        const Line* const line = &piece->lines[k];
        if (piece->style == (int)style && piece->split == SPLIT_TRAIN &&
            (!k || line->part == PART_DRUMS)) {
          measure_line(piece, line, &f[line->part]);
        }
      }
    }
    const StyleFigures* const m = &f[PART_MELODY];
    const StyleFigures* const d = &f[PART_DRUMS];
    fprintf(file,
            "%-12s {%4.0f, %4.0f} {%4.0f, %4.0f} %6.0f %6.0f %6.0f%% {%3.0f, "
            "%3.0f} %.2f/%.2f\n",
            style_row((Style)style)->symbol,
            mean_of(&m->density),
            mean_of(&d->density),
            spread_of(&m->density, &m->line_density),
            spread_of(&d->density, &d->line_density),
            mean_of(&m->range),
            spread_of(&m->range, &m->line_range),
            sqrt(d->apart.n > 0.0 ? d->apart.squares / d->apart.n / 2.0 : 0.0) *
              100.0 / USUAL_TICKS,
            variation_of(&m->returns),
            variation_of(&d->returns),
            slope_of(&m->slope),
            slope_of(&d->slope));
  }
}
