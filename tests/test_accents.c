// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/accents.h"

#include <stdbool.h>
#include <string.h>

#define BAR 96U ///< Grid steps of 4/4

static uint64_t onsets[SKETCH_ONSET_WORDS];

static Wish
wish_of(const uint32_t n_bars)
{
  Wish wish;
  memset(&wish, 0, sizeof(wish));
  wish.part          = PART_DRUMS;
  wish.n_bars        = n_bars;
  wish.around.metre  = (Metre){4U, 4U};
  wish.around.n_bars = n_bars;
  wish.around.onsets = onsets;
  return wish;
}

/// A melody that plays at the grid steps listed
static void
play(const uint32_t* const grids, const uint32_t n)
{
  static Sketch melody;
  melody.n_notes = 0U;
  for (uint32_t i = 0U; i < n; ++i) {
    CHECK(sketch_add(&melody, (GridNote){grids[i], 6U, 0, 100U, 0}, 8U * BAR));
  }
  sketch_onsets(&melody, BAR, onsets);
}

/// Drums that hit every `step` grid steps of a phrase, from `begin` on
static int
met_by(const Wish* const wish, const uint32_t begin, const uint32_t step)
{
  static Sketch drums;
  drums.n_notes = 0U;
  for (uint32_t at = begin; at < wish_end_grid(wish); at += step) {
    CHECK(sketch_add(&drums, (GridNote){at, 6U, 0, 100U, 0}, UINT32_MAX));
  }
  return accents_met(wish, &drums);
}

static void
test_beats_meet_beats(void)
{
  static const uint32_t beats[] = {0U, 24U, 48U, 72U, BAR, BAR + 48U};
  const Wish            wish    = wish_of(2U);
  play(beats, 6U);
  CHECK(met_by(&wish, 0U, 24U) == 750);   // All of it, on a quarter of all
  CHECK(met_by(&wish, 12U, 24U) == -250); // None of it
  CHECK(met_by(&wish, 0U, 6U) == 0);      // All of it, by hitting everywhere
  CHECK(met_by(&wish, 0U, 48U) == 666 - 125); // Four of six
  CHECK(met_by(&wish, BAR * 2U, 6U) == 0);    // Silence
}

static void
test_a_triplet_is_at_its_sixteenth(void)
{
  static const uint32_t triplet[] = {8U};
  const Wish            wish      = wish_of(1U);
  play(triplet, 1U);
  CHECK(met_by(&wish, 6U, BAR) == 1000 - 62);
}

static void
test_nothing_to_meet(void)
{
  Wish wish = wish_of(2U);
  play(NULL, 0U);
  CHECK(met_by(&wish, 0U, 24U) == 0);
  wish.around.onsets = NULL;
  CHECK(!met_by(&wish, 0U, 24U));
}

static void
test_all_lengths_and_metres(void)
{
  static const Metre metres[] = {{1U, 16U}, {3U, 4U}, {7U, 8U}, {16U, 4U}};
  memset(onsets, 0xFF, sizeof(onsets));
  for (uint32_t i = 0U; i < sizeof(metres) / sizeof(metres[0]); ++i) {
    for (uint32_t n_bars = 1U; n_bars <= PHRASE_MAX_BARS; ++n_bars) {
      Wish wish         = wish_of(n_bars);
      wish.around.metre = metres[i];
      const int met     = met_by(&wish, 0U, 24U);
      CHECK(met >= -1000 && met <= 1000);
    }
  }
}

static void
test_favour(void)
{
  CHECK(accents_favour(0) == 1.0f);
  CHECK(accents_favour(50) > 2.0f * accents_favour(0));
  CHECK(accents_favour(-10) < 1.0f);
  CHECK(accents_favour(-1000) > 0.0f);
  for (int met = -1000; met < 1000; ++met) {
    CHECK(accents_favour(met) <= accents_favour(met + 1));
  }
}

int
main(void)
{
  RUN(test_beats_meet_beats);
  RUN(test_a_triplet_is_at_its_sixteenth);
  RUN(test_nothing_to_meet);
  RUN(test_all_lengths_and_metres);
  RUN(test_favour);
  CHECK_END();
}
