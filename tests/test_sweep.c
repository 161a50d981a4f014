// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"
#include "tests/tiny_models.h"
#include "tools/sweep/knobs.h"
#include "tools/sweep/morph.h"
#include "tools/sweep/played.h"
#include "tools/sweep/ranks.h"
#include "tools/sweep/sweep_report.h"

#include <string.h>

static Folder    folder;
static Composer* composer;

static const SweepPlan small_plan = {4U, 2U, 2U, {STYLE_HOUSE, STYLE_TECHNO}};

// ---------------------------------------------------------------------- ranks

static void
test_ranks(void)
{
  static const double values[] = {3.0, 1.0, 3.0, 7.0, 3.0, 1.0};
  static const double wanted[] = {4.0, 1.5, 4.0, 6.0, 4.0, 1.5};
  double              rank[6];
  ranks_of(values, 6U, rank);
  for (uint32_t i = 0U; i < 6U; ++i) {
    NEAR(rank[i], wanted[i], 1e-12);
  }
}

static void
test_spearman(void)
{
  static const double up[]    = {1.0, 2.0, 3.0, 4.0, 5.0};
  static const double steep[] = {-9.0, 0.0, 0.5, 100.0, 1e6};
  static const double down[]  = {5.0, 4.0, 3.0, 2.0, 1.0};
  static const double flat[]  = {2.0, 2.0, 2.0, 2.0, 2.0};
  static const double swap[]  = {1.0, 3.0, 2.0, 4.0, 5.0};
  static const double ties[]  = {1.0, 1.0, 2.0, 2.0, 3.0};
  static const double holes[] = {1.0, NAN, 3.0, NAN, 2.0};
  NEAR(ranks_spearman(up, steep, 5U), 1.0, 1e-12);
  NEAR(ranks_spearman(up, down, 5U), -1.0, 1e-12);
  NEAR(ranks_spearman(up, flat, 5U), 0.0, 0.0);
  NEAR(ranks_spearman(up, swap, 5U), 0.9, 1e-12); // 1 - 6 * 2 / (5 * 24)

  // Ranks 1.5 1.5 3.5 3.5 5: 9 over the root of 10 times 9
  NEAR(ranks_spearman(up, ties, 5U), 9.0 / sqrt(90.0), 1e-12);

  // What is left are the ranks 1 2 3 and 1 3 2
  NEAR(ranks_spearman(up, holes, 5U), 0.5, 1e-12);
  CHECK(isnan(ranks_spearman(up, holes, 2U)));
}

static void
test_falls(void)
{
  static const double rising[] = {0.1, 0.2, 0.2, 0.9};
  static const double dented[] = {0.1, 0.5, 0.45, 0.4, 0.9, 0.85};
  NEAR(ranks_deepest_fall(rising, 4U), 0.0, 0.0);
  NEAR(ranks_deepest_fall(dented, 6U), 0.1, 1e-12);
}

// ---------------------------------------------------------------------- played

static void
test_phrases_become_takes(void)
{
  static const Note melody[] = {{0U, 470U, 60U, 90U},
                                {485U, 100U, 64U, 90U}, // A little late
                                {500U, 480U, 65U, 90U}, // The same step, longer
                                {1910U, 10U, 67U, 90U}};
  static const Note drums[]  = {{10U, 30U, 36U, 100U},
                                {230U, 30U, 42U, 60U},
                                {250U, 30U, 42U, 80U},
                                {330U, 30U, 38U, 70U},
                                {960U, 30U, 76U, 70U}}; // None of the nine
  Phrase            phrase;
  Take              take;
  CHECK(!played_begin(STYLE_ACID, 2U, &take));
  take.n_bars = 1U;
  phrase_init(&phrase, 1U, 3840U);
  for (uint32_t i = 0U; i < 4U; ++i) {
    CHECK(phrase_add(&phrase, melody[i]));
  }
  played_write(&phrase, PART_MELODY, 60, &take);
  phrase_init(&phrase, 1U, 3840U);
  for (uint32_t i = 0U; i < 5U; ++i) {
    CHECK(phrase_add(&phrase, drums[i]));
  }
  played_write(&phrase, PART_DRUMS, 60, &take);
  played_end(&take);

  const TakeLine* const line = &take.line[0];
  CHECK(take.style == STYLE_ACID && line->n_notes == 3U);
  CHECK(line->notes[0].step == 16U && line->notes[0].length == 2U);
  CHECK(line->notes[1].step == 18U && line->notes[1].pitch == 5);
  CHECK(line->notes[2].step == 24U && line->notes[2].length == 1U);

  CHECK(take.n_hits == 3U);
  CHECK(take.hits[0].voice == DRUM_KICK && take.hits[0].step == 16U);
  NEAR(take.hits[0].late_ms, 10.0 * 60e3 / (120.0 * 960.0), 1e-9);
  CHECK(take.hits[1].voice == DRUM_SNARE && take.hits[1].step == 17U);
  NEAR(take.hits[1].late_ms, 10.0 * 60e3 / (120.0 * 960.0), 1e-9); // Triplet
  CHECK(take.hits[2].voice == DRUM_HAT_CLOSED && take.hits[2].velocity == 80U);
  take_clear(&take);
}

static void
test_notes_are_counted(void)
{
  Phrase phrase;
  Sums   sums = {0U, 0U, 0U, 0.0, 0U, 0.0};
  Mix    mix  = played_mix(STYLE_TECHNO, 7U);
  CHECK(mix.seed == 7U && mix.form == FORM_STEADY);
  CHECK(mix.style[STYLE_TECHNO] == 100U && !mix.style[STYLE_HOUSE]);
  mix.scale = SCALE_MAJOR;
  mix.key   = 2U; // D: D, F sharp and A are in it, F is not
  phrase_init(&phrase, 1U, 3840U);
  for (uint32_t i = 0U; i < 4U; ++i) {
    static const uint8_t keys[] = {50U, 66U, 65U, 69U};
    CHECK(phrase_add(&phrase, (Note){i * 240U, 240U, keys[i], 90U}));
  }
  played_count(&phrase, PART_MELODY, &mix, &sums);
  CHECK(sums.n_notes == 4U && sums.n_in_scale == 3U);
  NEAR(sums.pitches, 250.0, 0.0);
  played_count(&phrase, PART_DRUMS, &mix, &sums);
  CHECK(sums.n_notes == 4U && sums.n_hits == 4U);
  NEAR(sums.velocities, 360.0, 0.0);
}

// ----------------------------------------------------------------------- knobs

static void
test_questions_are_answered(void)
{
  // Values of our own in place of what was composed
  Sweep sweep;
  sweep.plan  = (SweepPlan){4U, 1U, 2U, {STYLE_HOUSE, STYLE_TECHNO}};
  sweep.value = (double*)calloc((size_t)N_KNOBS * 2U * N_MEASURES * KNOB_STEPS,
                                sizeof(double));
  for (uint32_t row = 0U; row < N_KNOBS * 2U * N_MEASURES; ++row) {
    for (uint32_t i = 0U; i < KNOB_STEPS; ++i) {
      sweep.value[(size_t)row * KNOB_STEPS + i] = 3.0 * i;
    }
  }
  double worst = 0.0;
  for (uint32_t q = 0U; q < N_QUESTIONS; ++q) {
    CHECK(sweep_mark(&sweep, q, &worst) == MARK_AIM);
    NEAR(worst, 1.0, 1e-12);
  }

  // The register of techno, whose row is that of its pitch, falls
  double* const pitch =
    sweep.value +
    ((KNOB_REGISTER * 2U + 1U) * (size_t)N_MEASURES + MEASURE_PITCH) *
      KNOB_STEPS;
  for (uint32_t i = 0U; i < KNOB_STEPS; ++i) {
    pitch[i] = -1.0 * i;
  }
  CHECK(sweep_mark(&sweep, 2U, &worst) == MARK_MISSED);
  NEAR(worst, -1.0, 1e-12);
  NEAR(sweep_answer(&sweep, 2U, 0U).mean, 1.0, 1e-12);
  NEAR(sweep_answer(&sweep, 2U, 1U).curve[10], -10.0, 1e-12);
  CHECK(sweep_mark(&sweep, 1U, &worst) == MARK_AIM);

  // Of energy's three measures one falls: the mean rank still rises
  double* const hits =
    sweep.value +
    ((KNOB_ENERGY * 2U) * (size_t)N_MEASURES + MEASURE_HITS) * KNOB_STEPS;
  for (uint32_t i = 0U; i < KNOB_STEPS; ++i) {
    hits[i] = -1.0 * i;
  }
  CHECK(sweep_mark(&sweep, 3U, &worst) == MARK_MISSED);
  CHECK(sweep_mark(&sweep, 6U, &worst) == MARK_AIM);
  NEAR(sweep_answer(&sweep, 6U, 0U).curve[0], (11.0 + 1.0 + 1.0) / 3.0, 1e-12);
  free(sweep.value);
}

static void
test_knobs_are_turned(void)
{
  Sweep sweep;
  CHECK(!sweep_run(composer, &small_plan, &sweep));
  for (uint32_t q = 0U; q < N_QUESTIONS; ++q) {
    for (uint32_t s = 0U; s < small_plan.n_styles; ++s) {
      const Answer answer = sweep_answer(&sweep, q, s);
      CHECK(isnan(answer.mean) || fabs(answer.mean) <= 1.0);
    }
  }
  Mix  mix = played_mix(STYLE_TECHNO, 2U);
  Sums sums;
  mix.drum_density = 70U;
  played_sum(composer, &mix, 4U, true, &sums);
  CHECK(sums.n_bars == 4U);

  // Knob, style 1 of 2, seed 1 of 2, measure, step
  const size_t song = (KNOB_DRUM_DENSITY * 2U + 1U) * 2U + 1U;
  NEAR(sweep.value[(song * N_MEASURES + MEASURE_HITS) * KNOB_STEPS + 7U],
       sums.n_hits / 4.0,
       1e-12);
  sweep_clear(&sweep);
}

static void
test_scales_are_locked(void)
{
  ScaleLock lock;
  scale_lock_run(composer, &small_plan, &lock);
  CHECK(scale_lock_mark(&lock) == MARK_AIM);
  --lock.n_inside[SCALE_DORIAN];
  CHECK(scale_lock_mark(&lock) == MARK_MISSED);
  memset(&lock, 0, sizeof(lock));
  CHECK(scale_lock_mark(&lock) == MARK_NONE);
}

// -----------------------------------------------------------------------
// morphs

/// Take what is composed as real music of two styles
static void
make_guesses(Guesses* const guesses)
{
  TakeSet set = {0U, 0U, NULL};
  for (uint32_t i = 0U; i < 2U * PROBE_LEAST_PIECES; ++i) {
    const Mix mix = played_mix(i % 2U ? STYLE_HOUSE : STYLE_TRANCE, 50U + i);
    Take      take;
    CHECK(!played_begin(i % 2U ? STYLE_HOUSE : STYLE_TRANCE, 2U, &take));
    played_add(composer, &mix, 0U, &take);
    played_add(composer, &mix, 1U, &take);
    CHECK(take.n_bars == 8U);
    played_end(&take);
    CHECK(!takes_add(&set, &take));
  }
  for (uint32_t v = 0U; v < N_VIEWS; ++v) {
    CHECK(!guesses_begin((View)v, &set, &set, ANY_STYLE, &guesses[v]));
  }
  takes_clear(&set);
}

static void
test_morphs(void)
{
  Guesses* const guesses = (Guesses*)calloc(N_VIEWS, sizeof(Guesses));
  Morph          morph;
  Morph          again;
  make_guesses(guesses);
  const MorphPair pair = {STYLE_HOUSE, STYLE_TRANCE};
  CHECK(!morph_run(composer, guesses, pair, 3U, &morph));
  CHECK(!morph_run(composer, guesses, pair, 3U, &again));
  CHECK(!memcmp(&morph, &again, sizeof(morph)));
  for (uint32_t i = 0U; i < MORPH_STEPS; ++i) {
    CHECK(morph.n[i] <= 3U);
    CHECK(!morph.n[i] || (morph.likely[i] >= 0.0 && morph.likely[i] <= 1.0));
  }
  const MorphPair strange = {STYLE_HOUSE, STYLE_BAROQUE};
  CHECK(morph_run(composer, guesses, strange, 1U, &morph) == STATUS_MISMATCH);
  free(guesses);
}

static void
test_verdicts_of_morphs(void)
{
  Morph morph = {{STYLE_HOUSE, STYLE_TRANCE}, VIEW_BOTH, {0U}, {0.0}, {0.0}};
  for (uint32_t i = 0U; i < MORPH_STEPS; ++i) {
    morph.n[i]      = 8U;
    morph.likely[i] = 0.1 + 0.08 * i;
  }
  CHECK(morph_mark(&morph) == MARK_MET);
  NEAR(morph_spearman(&morph), 1.0, 1e-12);
  morph.likely[4] = morph.likely[3] - 0.04; // Within what is let pass
  CHECK(morph_mark(&morph) == MARK_MET);
  morph.likely[4] = morph.likely[3] - 0.06;
  CHECK(morph_mark(&morph) == MARK_MISSED);
  for (uint32_t i = 0U; i < MORPH_STEPS; ++i) {
    morph.likely[i] = 0.1 + 0.01 * i; // It rises, but hardly
  }
  CHECK(morph_mark(&morph) == MARK_MISSED);
  morph.n[2] = 0U;
  CHECK(morph_mark(&morph) == MARK_NONE);
}

// ----------------------------------------------------------------------
// reports

static void
test_without_memory(void)
{
  const int64_t n_live = failing_alloc_n_live();
  Sweep         sweep;
  Take          take;
  if (failing_alloc_is_able()) {
    failing_alloc_begin(1U);
    CHECK(sweep_run(composer, &small_plan, &sweep) == STATUS_NO_MEM);
    CHECK(failing_alloc_end());
    sweep_clear(&sweep);
    for (uint32_t nth = 1U; nth <= 2U; ++nth) {
      failing_alloc_begin(nth);
      CHECK(played_begin(STYLE_HOUSE, 1U, &take) == STATUS_NO_MEM);
      CHECK(failing_alloc_end());
    }
  }
  CHECK(failing_alloc_n_live() == n_live);
}

int
main(void)
{
  Trouble trouble = {""};
  CHECK(folder_make(&folder));
  CHECK(!tiny_models_write(folder.path, 3U, &trouble));
  CHECK(!composer_new(folder.path, NULL, &composer, &trouble));
  RUN(test_ranks);
  RUN(test_spearman);
  RUN(test_falls);
  RUN(test_phrases_become_takes);
  RUN(test_notes_are_counted);
  RUN(test_questions_are_answered);
  RUN(test_knobs_are_turned);
  RUN(test_scales_are_locked);
  RUN(test_morphs);
  RUN(test_verdicts_of_morphs);
  RUN(test_without_memory);
  composer_free(composer);
  folder_free(&folder);
  CHECK_END();
}
