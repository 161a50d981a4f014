// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "tests/failing_alloc.h"
#include "tools/judge/by_style.h"
#include "tools/judge/guesses.h"
#include "tools/judge/report.h"
#include "tools/judge/samples.h"
#include "tools/judge/style_probe.h"
#include "tools/judge/summary.h"
#include "tools/judge/takes.h"

#include <string.h>

#define N_BARS 8U

/// How made-up music goes
typedef struct {
  Style    style;
  uint32_t gap;   ///< Between notes, up to so many steps
  int      range; ///< Of pitches
  uint32_t hits;  ///< One in so many steps is hit
} Manner;

static const Manner busy = {STYLE_HOUSE, 2U, 5, 2U};
static const Manner calm = {STYLE_TECHNO, 6U, 20, 5U};

/// As the busy ones, but called otherwise
static const Manner twin = {STYLE_TECHNO, 2U, 5, 2U};

static Take
make_take(const Manner* const manner, const uint64_t seed)
{
  const uint64_t key = rng_seed(seed);
  const uint32_t end = N_BARS * BAR_STEPS;
  Take           take;
  memset(&take, 0, sizeof(take));
  snprintf(take.name, sizeof(take.name), "made up");
  take.style         = (int)manner->style;
  take.n_bars        = N_BARS;
  take.n_lines       = 1U;
  take.line[0].notes = (TakeNote*)calloc(end, sizeof(TakeNote));
  take.hits          = (TakeHit*)calloc(end, sizeof(TakeHit));
  for (uint32_t step = 0U; step < end;) {
    const uint32_t gap   = 1U + rng_below(key, step, manner->gap);
    const int      pitch = (int)rng_below(key, 1000U + step, 30U);
    take.line[0].notes[take.line[0].n_notes++] =
      (TakeNote){step, gap, pitch % manner->range};
    step += gap;
  }
  for (uint32_t step = 0U; step < end; ++step) {
    if (step % BAR_STEPS == 8U || !rng_below(key, 2000U + step, manner->hits)) {
      take.hits[take.n_hits++] = (TakeHit){step, DRUM_KICK, 90U, 0.0};
    }
  }
  return take;
}

static void
add_takes(TakeSet* const      set,
          const Manner* const manner,
          const uint64_t      seed,
          const uint32_t      n)
{
  for (uint32_t i = 0U; i < n; ++i) {
    const Take take = make_take(manner, seed + i);
    CHECK(!takes_add(set, &take));
  }
}

/// Music of two manners
static TakeSet
make_set(const Manner* const a,
         const Manner* const b,
         const uint64_t      seed,
         const uint32_t      n)
{
  TakeSet set = {0U, 0U, NULL};
  add_takes(&set, a, seed, n);
  add_takes(&set, b, seed + 1000U, n);
  return set;
}

// --------------------------------------------------------- taking and choosing

static void
test_takes_are_lent_by_style(void)
{
  TakeSet set = make_set(&busy, &calm, 1U, 3U);
  TakeSet lent;
  CHECK(!takes_lend(&set, STYLE_TECHNO, &lent));
  CHECK(lent.n_takes == 3U);
  CHECK(lent.takes[0].line[0].notes == set.takes[3].line[0].notes);
  CHECK(!takes_lend_more(&set, STYLE_HOUSE, &lent));
  CHECK(lent.n_takes == 6U);
  takes_give_back(&lent);
  CHECK(!takes_lend(&set, STYLE_ACID, &lent));
  CHECK(!lent.n_takes);
  takes_give_back(&lent);
  takes_clear(&set);
}

static void
test_pieces_are_chosen(void)
{
  // Pieces 0, 2 and 5 have rows
  static const uint32_t pieces[] = {0U, 0U, 2U, 5U, 5U, 5U};
  const double          row[1]   = {1.0};
  Samples               samples;
  uint32_t              n_times[6] = {0U};
  CHECK(!samples_init(&samples, 6U, 1U));
  for (uint32_t i = 0U; i < 6U; ++i) {
    samples_add(&samples, pieces[i], row);
  }
  CHECK(samples_n_pieces(&samples) == 3U);
  for (uint64_t key = 0U; key < 300U; ++key) {
    bool     is_in[6];
    uint32_t n = 0U;
    samples_choose(&samples, rng_seed(key), 2U, is_in);
    for (uint32_t i = 0U; i < 6U; ++i) {
      n += is_in[i];
      n_times[i] += is_in[i];
    }
    CHECK(n == 2U);
    samples_choose(&samples, rng_seed(key), 9U, is_in);
    CHECK(is_in[0] && is_in[2] && is_in[5] && !is_in[1]);
  }
  CHECK(!n_times[1] && !n_times[3] && !n_times[4]);
  NEAR(n_times[0], 200, 40);
  NEAR(n_times[2], 200, 40);
  NEAR(n_times[5], 200, 40);
  samples_clear(&samples);
}

// -------------------------------------------------------------------- the
// probe

static Guesses*
guess(const View           view,
      const TakeSet* const known,
      const TakeSet* const held_out,
      const TakeSet* const shown)
{
  Guesses* const guesses = (Guesses*)calloc(1U, sizeof(Guesses));
  CHECK(!guesses_begin(view, known, held_out, ANY_STYLE, guesses));
  CHECK(!guesses_show(shown, 0U, guesses));
  return guesses;
}

static void
test_styles_are_told_apart(void)
{
  TakeSet known = make_set(&busy, &calm, 1U, 12U);
  TakeSet held  = make_set(&busy, &calm, 3000U, 4U);
  TakeSet shown = make_set(&busy, &twin, 6000U, 4U);
  for (uint32_t v = 0U; v < N_VIEWS; ++v) {
    Guesses* const    guesses = guess((View)v, &known, &held, &shown);
    const ProbeResult result  = guesses_result(guesses, 0U);
    CHECK(guesses->probe.n_styles == 2U && result.n_styles == 2U);
    NEAR(result.chance, 0.5, 0.0);
    CHECK(result.real > 0.95);

    // What is called techno goes as house does, and is taken for it
    CHECK(guesses_share(guesses->sets[0], STYLE_HOUSE) > 0.9);
    CHECK(guesses_share(guesses->sets[0], STYLE_TECHNO) < 0.1);
    CHECK(isnan(guesses_share(guesses->sets[0], STYLE_ACID)));
    NEAR(result.accuracy, 0.5, 0.05);
    CHECK(guesses_mark(&result) == MARK_MISSED);

    CHECK(!guesses_show(&held, 1U, guesses));
    const ProbeResult same = guesses_result(guesses, 1U);
    NEAR(same.accuracy, same.real, 0.0);
    free(guesses);
  }
  takes_clear(&shown);
  takes_clear(&held);
  takes_clear(&known);
}

static void
test_twins_are_not_told_apart(void)
{
  TakeSet           known   = make_set(&busy, &twin, 1U, 12U);
  TakeSet           held    = make_set(&busy, &twin, 3000U, 12U);
  Guesses* const    guesses = guess(VIEW_BOTH, &known, &held, &held);
  const ProbeResult result  = guesses_result(guesses, 0U);
  CHECK(result.real > 0.3 && result.real < 0.7);
  free(guesses);
  takes_clear(&held);
  takes_clear(&known);
}

static void
test_likelihoods(void)
{
  TakeSet        known   = make_set(&busy, &calm, 1U, 12U);
  Guesses* const guesses = guess(VIEW_BOTH, &known, &known, &known);
  TakeSet        one     = {0U, 0U, NULL};
  Samples        samples;
  add_takes(&one, &calm, 500U, 1U);
  CHECK(!view_samples(VIEW_BOTH, &one, &samples));
  CHECK(samples.n_rows == N_BARS / 2U && samples.n_columns == PROBE_COLUMNS);
  const int i_calm = style_probe_find(&guesses->probe, STYLE_TECHNO);
  CHECK(i_calm == 1 && style_probe_find(&guesses->probe, STYLE_ACID) == -1);
  for (uint32_t i = 0U; i < samples.n_rows; ++i) {
    double likely[N_STYLES];
    style_probe_ask(
      &guesses->probe, samples.value + (size_t)i * PROBE_COLUMNS, likely);
    NEAR(likely[0] + likely[1], 1.0, 1e-12);
    CHECK(likely[i_calm] > 0.5);
  }
  samples_clear(&samples);
  takes_clear(&one);
  free(guesses);
  takes_clear(&known);
}

static void
test_too_little_is_not_learned(void)
{
  TakeSet known = {0U, 0U, NULL};
  TakeSet held  = make_set(&busy, &calm, 3000U, 2U);
  add_takes(&known, &busy, 1U, 12U);
  add_takes(&known, &calm, 100U, PROBE_LEAST_PIECES - 1U);
  Guesses* guesses = guess(VIEW_MELODY, &known, &held, &held);
  CHECK(!guesses->probe.n_styles); // One style alone is none
  const ProbeResult none = guesses_result(guesses, 0U);
  CHECK(!none.n_styles && isnan(none.accuracy) && isnan(none.chance));
  CHECK(guesses_mark(&none) == MARK_NONE);
  free(guesses);

  add_takes(&known, &calm, 200U, 1U);
  guesses = guess(VIEW_MELODY, &known, &held, &held);
  CHECK(guesses->probe.n_styles == 2U);
  free(guesses);

  // Of what was not held out nothing can be said
  TakeSet half = {0U, 0U, NULL};
  add_takes(&half, &busy, 4000U, 2U);
  guesses = guess(VIEW_MELODY, &known, &half, &held);
  CHECK(!guesses->probe.n_styles);
  free(guesses);
  takes_clear(&half);
  takes_clear(&held);
  takes_clear(&known);
}

static void
test_windows_have_what_is_looked_at(void)
{
  TakeSet set = {0U, 0U, NULL};
  add_takes(&set, &busy, 1U, 2U);
  set.takes[0].n_hits                   = 0U;
  set.takes[1].n_lines                  = 0U;
  static const uint32_t wanted[N_VIEWS] = {N_BARS / 2U, N_BARS / 2U, 0U};
  for (uint32_t v = 0U; v < N_VIEWS; ++v) {
    Samples samples;
    CHECK(!view_samples((View)v, &set, &samples));
    CHECK(samples.n_rows == wanted[v]);
    CHECK(!samples.n_rows || samples.piece[0] == (v == VIEW_DRUMS));
    samples_clear(&samples);
  }
  takes_clear(&set);
}

static void
test_marks_of_the_probe(void)
{
  static const struct {
    ProbeResult result;
    Mark        mark;
  } rows[] = {
    {{4U, 0.19, 0.2, 0.1}, MARK_MISSED}, // As real, but below twice chance
    {{4U, 0.2, 0.5, 0.1}, MARK_MET},
    {{4U, 0.39, 0.5, 0.1}, MARK_MET},
    {{4U, 0.41, 0.5, 0.1}, MARK_AIM},
    {{0U, 0.9, 0.5, 0.1}, MARK_NONE},
  };
  for (uint32_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    CHECK(guesses_mark(&rows[i].result) == rows[i].mark);
  }
}

// ---------------------------------------------------------------- style tables

static StyleTable
measure(const Style          style,
        const TakeSet* const held_out,
        const TakeSet* const known,
        const TakeSet* const own)
{
  StyleTable       table;
  const StyleMusic music = {style, held_out, known, 1U, own};
  CHECK(!style_table_measure(&music, &table));
  return table;
}

static void
test_like_and_unlike_of_a_style(void)
{
  TakeSet    held  = make_set(&busy, &calm, 1U, 12U);
  TakeSet    own   = make_set(&busy, &twin, 3000U, 6U);
  StyleTable like  = measure(STYLE_HOUSE, &held, NULL, &own);
  StyleTable other = measure(STYLE_TECHNO, &held, NULL, &own);
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    CHECK(like.is_enough[part] && like.n_held_out[part] == 12U);
    CHECK(like.sets[0].n_pieces[part] == 6U);

    // One size: neither more nor less than what real music gets
    NEAR(like.sets[0].value[STYLE_OA + part], 1.0, 0.08);
    NEAR(like.sets[0].value[STYLE_NEIGHBOURS + part], 0.5, 0.25);
    NEAR(like.real.value[STYLE_NEIGHBOURS + part], 0.5, 0.25);
    CHECK(like.sets[0].value[STYLE_FARTHEST + part] < 0.6);
    CHECK(other.sets[0].value[STYLE_NEIGHBOURS + part] > 0.8);
    CHECK(style_table_mark(&other, 0U, STYLE_OA + part) == MARK_MISSED);
    CHECK(style_table_mark(&other, 0U, STYLE_NEIGHBOURS + part) == MARK_MISSED);
    CHECK(style_table_mark(&other, 0U, STYLE_FARTHEST + part) == MARK_MISSED);
  }
  takes_clear(&own);
  takes_clear(&held);
}

static void
test_the_farthest_mean_is_named(void)
{
  TakeSet held = {0U, 0U, NULL};
  TakeSet own  = {0U, 0U, NULL};
  add_takes(&held, &busy, 1U, 12U);
  add_takes(&own, &busy, 3000U, 6U);
  for (uint32_t i = 0U; i < own.n_takes; ++i) {
    Take* const take = &own.takes[i];
    for (uint32_t k = 0U; k < take->n_hits; ++k) {
      take->hits[k].voice = DRUM_RIDE; // Of which real music has none: no sd
    }
    for (uint32_t k = 0U; k < take->line[0].n_notes; ++k) {
      take->line[0].notes[k].pitch *= 7;
    }
  }
  const StyleTable table = measure(STYLE_HOUSE, &held, NULL, &own);
  const uint32_t   far   = table.sets[0].farthest[PART_MELODY];
  CHECK(far == MELODY_RANGE || far == MELODY_INTERVAL);
  CHECK(table.sets[0].value[STYLE_FARTHEST + PART_MELODY] > 3.0);
  CHECK(table.sets[0].is_more[PART_MELODY]);
  CHECK(!table.sets[0].is_more[PART_DRUMS]);
  CHECK(table.sets[0].farthest[PART_DRUMS] == DRUMS_VOICE + DRUM_KICK);
  CHECK(isfinite(table.sets[0].value[STYLE_FARTHEST + PART_DRUMS]));
  takes_clear(&own);
  takes_clear(&held);
}

static void
test_scarce_styles_are_told(void)
{
  TakeSet    held  = make_set(&busy, &calm, 1U, STYLE_LEAST_PIECES - 1U);
  TakeSet    known = make_set(&busy, &calm, 5000U, 12U);
  TakeSet    own   = make_set(&busy, &calm, 9000U, 6U);
  StyleTable table = measure(STYLE_HOUSE, &held, NULL, &own);
  CHECK(!table.is_enough[PART_MELODY] && !table.is_widened);
  for (uint32_t i = 0U; i < N_STYLE_ROWS; ++i) {
    CHECK(style_table_mark(&table, 0U, i) == MARK_NONE);
  }
  CHECK(isnan(table.sets[0].value[STYLE_OA]));
  CHECK(!isnan(table.sets[0].value[STYLE_KICK_ON_1]));

  table = measure(STYLE_HOUSE, &held, &known, &own);
  CHECK(table.is_widened && table.is_enough[PART_DRUMS]);
  CHECK(table.n_held_out[PART_DRUMS] == STYLE_LEAST_PIECES - 1U);
  CHECK(table.real.n_pieces[PART_DRUMS] == STYLE_LEAST_PIECES + 11U);
  CHECK(!isnan(table.sets[0].value[STYLE_OA]));

  // Where there is enough nothing is added
  add_takes(&held, &busy, 20000U, 1U);
  table = measure(STYLE_HOUSE, &held, &known, &own);
  CHECK(!table.is_widened && table.is_enough[PART_DRUMS]);
  takes_clear(&own);
  takes_clear(&known);
  takes_clear(&held);
}

// ----------------------------------------------------------------- the summary

/// A report with made-up figures: one baseline, ours, and what no gate judged
typedef struct {
  Figures    real;
  Figures    sets[3];
  StyleTable tables[2];
  Report     report;
} Made;

static Made made;

static void
make_report(void)
{
  memset(&made, 0, sizeof(made));
  for (uint32_t i = 0U; i < N_ROWS; ++i) {
    made.real.value[i]  = 0.5;
    made.real.spread[i] = 0.1;
    for (uint32_t s = 0U; s < 3U; ++s) {
      made.sets[s].value[i] = 0.5;
    }
  }
  for (uint32_t t = 0U; t < 2U; ++t) {
    StyleTable* const table      = &made.tables[t];
    table->style                 = t ? STYLE_TECHNO : STYLE_HOUSE;
    table->is_enough[PART_DRUMS] = table->is_enough[PART_MELODY] = true;
    for (uint32_t i = 0U; i < N_STYLE_ROWS; ++i) {
      const bool is_share     = i < STYLE_NEIGHBOURS;
      const bool is_far       = i >= STYLE_FARTHEST && i < STYLE_KICK_ON_1;
      table->real.value[i]    = is_share ? 1.0 : is_far ? 0.0 : 0.5;
      table->sets[0].value[i] = table->real.value[i];
    }
  }
  made.report.real        = &made.real;
  made.report.n_sets      = 3U;
  made.report.sets        = made.sets;
  made.report.n_baselines = 1U;
}

static SummaryLine
find_line(const uint32_t i_set, const char* const number)
{
  for (uint32_t i = 0U; i < summary_n_lines(); ++i) {
    const SummaryLine line = summary_line(&made.report, i_set, i);
    if (!strncmp(line.number, number, strlen(number))) {
      return line;
    }
  }
  fprintf(stderr, "no line \"%s\"\n", number);
  CHECK(false);
  return (SummaryLine){"", "", "", MARK_NONE, ""};
}

static bool
says(const uint32_t    i_set,
     const char* const number,
     const char* const verdict,
     const char* const value)
{
  const SummaryLine line = find_line(i_set, number);
  const bool        ok   = !strcmp(summary_verdict(&line), verdict) &&
                  strstr(line.value, value) != NULL;
  if (!ok) {
    fprintf(stderr,
            "%s: \"%s\", %s\n",
            line.number,
            line.value,
            summary_verdict(&line));
  }
  return ok;
}

static void
test_verdicts(void)
{
  make_report();
  CHECK(says(1U, "mean OA, melody", "aim reached", "1.000 x real"));
  CHECK(says(1U, "mean OA, melody", "aim reached", "--by-style"));
  made.sets[1].value[ROW_MELODY_MEAN_OA] = 0.48;
  CHECK(says(1U, "mean OA, melody", "met", "0.960 x real"));
  made.sets[1].value[ROW_MELODY_MEAN_OA] = 0.4;
  CHECK(says(1U, "mean OA, melody", "MISSED", "0.800 x real"));
  CHECK(says(2U, "mean OA, melody", "aim reached", "1.000 x real"));

  made.sets[1].value[ROW_DRUMS_NEIGHBOURS] = 0.57;
  CHECK(says(1U, "1-NN, drums", "met", "0.570 (real 0.500)"));
  made.sets[1].value[ROW_LONGEST_RUN] = 9.0;
  made.real.value[ROW_LONGEST_RUN]    = 6.0;
  CHECK(says(1U, "longest run", "MISSED", "9 (real 6)"));
  made.sets[1].value[ROW_FILL] = (double)NAN;
  CHECK(says(1U, "fill contrast", "not measured", "no such music"));
  CHECK(says(1U, "AUC", "not measured", "./waf train --evaluate"));
  CHECK(says(1U, "density", "not measured", "./waf sweep"));
  CHECK(says(1U, "style known by both", "not measured", "--by-style"));
}

static void
test_means_are_counted(void)
{
  make_report();
  CHECK(says(1U, "every mean, melody", "aim reached", "13 of 13"));
  made.sets[1].value[ROW_MELODY + MELODY_LEAPS] = 0.55;
  CHECK(says(1U,
             "every mean, melody",
             "met",
             "13 of 13, 12 within .3; farthest 0.50 sd: leaps above 4"));
  made.sets[1].value[ROW_MELODY + MELODY_NOTES] = 0.3;
  CHECK(says(1U,
             "every mean, melody",
             "MISSED",
             "12 of 13, 11 within .3; farthest 2.00 sd: notes"));

  // The kick on 1 and the backbeat have marks of their own
  made.sets[1].value[ROW_DRUMS + DRUMS_KICK_ON_1] = 0.9;
  CHECK(says(1U, "every mean, drums", "aim reached", "16 of 16"));
  CHECK(says(1U, "kick on 1", "MISSED", "0.900 (real 0.500)"));
}

static void
test_every_style_has_to_reach_a_mark(void)
{
  make_report();
  made.report.n_styles                   = 2U;
  made.report.by_style                   = made.tables;
  made.sets[1].value[ROW_MELODY_MEAN_OA] = 0.1; // As a whole: not asked
  CHECK(says(1U, "mean OA, melody", "aim reached", "2 of 2 styles"));
  made.tables[1].sets[0].value[STYLE_OA] = 0.96;
  CHECK(
    says(1U, "mean OA, melody", "met", "2 of 2 styles, worst 0.960 techno"));
  made.tables[0].sets[0].value[STYLE_OA] = 0.5;
  CHECK(
    says(1U, "mean OA, melody", "MISSED", "1 of 2 styles, worst 0.500 house"));

  // The worst is the one that is farthest from the mark, not the smallest
  made.tables[0].sets[0].value[STYLE_BACKBEAT] = 0.55;
  made.tables[1].sets[0].value[STYLE_BACKBEAT] = 0.75;
  CHECK(says(
    1U, "backbeat", "MISSED", "1 of 2 styles, worst 0.75 (real 0.50) techno"));

  made.tables[1].is_widened = true;
  CHECK(says(1U, "backbeat", "MISSED", "techno; 1 with what was learned from"));
  made.tables[0].is_enough[PART_MELODY] = false;
  CHECK(says(1U, "mean OA, melody", "met", "1 of 1 styles"));
  made.tables[1].is_enough[PART_MELODY] = false;
  CHECK(says(1U, "mean OA, melody", "MISSED", "no style has enough"));
}

static void
test_the_gate_is_held_against_none(void)
{
  make_report();
  CHECK(says(1U, "accepted", "not measured", "--ungated"));
  made.report.has_ungated = true;
  made.report.i_ungated   = 2U;
  CHECK(says(1U, "accepted", "met", "1.00 of distinct bars"));
  CHECK(says(2U, "accepted", "not measured", "ungated"));
  made.sets[1].value[ROW_DISTINCT] = 0.44;
  CHECK(says(1U, "accepted", "MISSED", "0.88 of distinct bars"));
  made.sets[1].value[ROW_DISTINCT]         = 0.5;
  made.sets[1].value[ROW_DRUMS_NEIGHBOURS] = 0.7;
  CHECK(says(1U, "accepted", "MISSED", "drums 0.700 from 0.500"));
  made.sets[2].value[ROW_DRUMS_NEIGHBOURS] = 0.8;
  CHECK(says(1U, "accepted", "met", "drums 0.700 from 0.800"));
  made.sets[1].value[ROW_MELODY_MEAN_OA] = 0.4;
  CHECK(says(1U, "accepted", "MISSED", "melody 0.400 from 0.500"));
}

// ------------------------------------------------------------------- memory

static Status
measure_all(const TakeSet* const set, Guesses* const guesses)
{
  StyleTable       table;
  const StyleMusic music = {STYLE_HOUSE, set, set, 1U, set};
  Status           st = guesses_begin(VIEW_BOTH, set, set, ANY_STYLE, guesses);
  st                  = st ? st : guesses_show(set, 0U, guesses);
  return st ? st : style_table_measure(&music, &table);
}

static void
test_without_memory(void)
{
  TakeSet        set     = make_set(&busy, &calm, 1U, 4U);
  Guesses* const guesses = (Guesses*)calloc(1U, sizeof(Guesses));
  CHECK(!measure_all(&set, guesses));
  const int64_t n_live     = failing_alloc_n_live();
  uint32_t      nth        = 1U;
  uint32_t      n_forgiven = 0U;

  // Each of the first, and some of the many that are alike
  for (; failing_alloc_is_able() && nth < 4000U; nth += nth < 80U ? 1U : 9U) {
    failing_alloc_begin(nth);
    const Status st = measure_all(&set, guesses);
    if (!failing_alloc_end()) {
      CHECK(!st);
      break;
    }
    CHECK(st == STATUS_NO_MEM || !st);
    CHECK(failing_alloc_n_live() == n_live);
    n_forgiven += !st;
  }
  CHECK(!failing_alloc_is_able() || (nth > 50U && nth < 4000U));
  CHECK(n_forgiven <= 8U); // Sorting can do without
  free(guesses);
  takes_clear(&set);
}

int
main(void)
{
  RUN(test_takes_are_lent_by_style);
  RUN(test_pieces_are_chosen);
  RUN(test_styles_are_told_apart);
  RUN(test_twins_are_not_told_apart);
  RUN(test_likelihoods);
  RUN(test_too_little_is_not_learned);
  RUN(test_windows_have_what_is_looked_at);
  RUN(test_marks_of_the_probe);
  RUN(test_like_and_unlike_of_a_style);
  RUN(test_the_farthest_mean_is_named);
  RUN(test_scarce_styles_are_told);
  RUN(test_verdicts);
  RUN(test_means_are_counted);
  RUN(test_every_style_has_to_reach_a_mark);
  RUN(test_the_gate_is_held_against_none);
  RUN(test_without_memory);
  CHECK_END();
}
