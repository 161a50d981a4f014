// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "music/drum_map.h"
#include "tools/train/quantise.h"

#include <string.h>

#define TPQ 480U
#define MAX 256U

static const Stretch whole = {0U, 1000000U, TPQ};

/// Quantise onsets given in song ticks, of which each lasts for a sixteenth
static void
quantise(const uint32_t* const ticks,
         const uint32_t        n,
         uint32_t* const       grid,
         int8_t* const         lean)
{
  MidiNote notes[MAX];
  for (uint32_t i = 0U; i < n; ++i) {
    notes[i] = (MidiNote){ticks[i], TPQ / 4U, 60U, 100U, 0U};
  }
  quantise_onsets(&whole, notes, n, grid, lean);
}

static void
check_grid(const uint32_t* const ticks,
           const uint32_t        n,
           const uint32_t* const expected)
{
  uint32_t grid[MAX];
  int8_t   lean[MAX];
  quantise(ticks, n, grid, lean);
  for (uint32_t i = 0U; i < n; ++i) {
    if (grid[i] != expected[i]) {
      fprintf(stderr,
              "onset %u at %u: %u, not %u\n",
              i,
              ticks[i],
              grid[i],
              expected[i]);
    }
    CHECK(grid[i] == expected[i]);
  }
}

static void
test_sixteenths(void)
{
  check_grid((const uint32_t[]){0U, 120U, 240U, 360U, 480U, 600U},
             6U,
             (const uint32_t[]){0U, 6U, 12U, 18U, 24U, 30U});
}

static void
test_triplets(void)
{
  check_grid((const uint32_t[]){0U, 160U, 320U, 480U},
             4U,
             (const uint32_t[]){0U, 8U, 16U, 24U});
  check_grid((const uint32_t[]){0U, 80U, 160U, 240U, 320U, 400U},
             6U,
             (const uint32_t[]){0U, 4U, 8U, 12U, 16U, 20U});
}

static void
test_swung_eighths_are_triplets(void)
{
  check_grid((const uint32_t[]){0U, 320U, 480U, 800U},
             4U,
             (const uint32_t[]){0U, 16U, 24U, 40U});
}

static void
test_thirty_seconds_lean(void)
{
  static const uint32_t ticks[] = {0U, 60U, 120U, 180U, 240U};
  uint32_t              grid[5];
  int8_t                lean[5];
  check_grid(ticks, 5U, (const uint32_t[]){0U, 2U, 6U, 8U, 12U});
  quantise(ticks, 5U, grid, lean);
  CHECK(lean[0] == 0 && lean[1] == 40 && lean[2] == 0 && lean[3] == 40);
}

static void
test_played_notes_go_to_the_nearest(void)
{
  static const uint32_t ticks[] = {5U, 113U, 250U, 352U, 473U, 610U};
  uint32_t              grid[6];
  int8_t                lean[6];
  check_grid(ticks, 6U, (const uint32_t[]){0U, 6U, 12U, 18U, 24U, 30U});
  quantise(ticks, 6U, grid, lean);
  CHECK(lean[0] == 10 && lean[1] == -14 && lean[2] == 20 && lean[4] == -14);
}

static void
test_swing_is_found(void)
{
  // Sixteenths at 62 %: 149 of 240.  Beats with one late onset would be taken
  // for triplets by themselves.
  uint32_t ticks[MAX];
  uint32_t expected[MAX];
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < 64U; ++i) {
    if (i % 8U != 3U && i % 8U != 4U) {
      ticks[n]      = i / 2U * 240U + (i % 2U ? 149U : 0U);
      expected[n++] = i * 6U;
    }
  }
  check_grid(ticks, n, expected);

  int8_t   lean[MAX];
  uint32_t grid[MAX];
  quantise(ticks, n, grid, lean);
  for (uint32_t i = 0U; i < n; ++i) {
    CHECK(lean[i] == (grid[i] % 12U ? 58 : 0));
  }
}

static void
test_triplets_are_not_swing(void)
{
  uint32_t ticks[96];
  uint32_t expected[96];
  for (uint32_t i = 0U; i < 96U; ++i) {
    ticks[i]    = i * 160U;
    expected[i] = i * 8U;
  }
  check_grid(ticks, 96U, expected);
}

static void
test_other_divisions_and_beginnings(void)
{
  const Stretch  stretch = {1000U, 5000U, 7U};
  const MidiNote notes[] = {{1000U, 7U, 60U, 100U, 0U},
                            {1007U, 7U, 60U, 100U, 0U},
                            {1014U, 7U, 60U, 100U, 0U}};
  uint32_t       grid[3];
  int8_t         lean[3];
  quantise_onsets(&stretch, notes, 3U, grid, lean);
  CHECK(grid[0] == 0U && grid[1] == 24U && grid[2] == 48U);
}

static void
test_random_onsets_stay_in_order(void)
{
  uint32_t x = 9U;
  for (int round = 0; round < 200; ++round) {
    uint32_t ticks[MAX];
    uint32_t grid[MAX];
    int8_t   lean[MAX];
    uint32_t tick = 0U;
    for (uint32_t i = 0U; i < MAX; ++i) {
      x = x * 1664525U + 1013904223U;
      tick += (x >> 16U) % 200U;
      ticks[i] = tick;
    }
    quantise(ticks, MAX, grid, lean);
    for (uint32_t i = 0U; i < MAX; ++i) {
      CHECK(grid[i] % 2U == 0U && (!i || grid[i - 1U] <= grid[i]));
      CHECK(lean[i] >= -60 && lean[i] <= 60);
      NEAR(grid[i] * 20.0, ticks[i], 81.0);
    }
  }
}

// ------------------------------------------------------------------- melody

static uint32_t
melody(const MidiNote* const notes,
       const uint32_t        n,
       const bool            is_chordal,
       GridNote* const       out)
{
  uint32_t n_out = 0U;
  CHECK(!quantise_melody(&whole, notes, n, is_chordal, out, &n_out));
  return n_out;
}

static void
test_short_gaps_are_closed(void)
{
  // A sixteenth's gate of half, an eighth's of half, a held note
  const MidiNote notes[] = {{0U, 60U, 60U, 90U, 0U},
                            {120U, 120U, 62U, 90U, 0U},
                            {360U, 900U, 64U, 90U, 0U}};
  GridNote       out[3];
  CHECK(melody(notes, 3U, false, out) == 3U);
  CHECK(out[0].length == 6U);
  CHECK(out[1].length == 6U && out[2].grid == 18U);
  CHECK(out[2].length == 48U);
  CHECK(out[0].velocity == 90U && out[0].pitch == 60 && out[0].lean == 0);
}

static void
test_highest_of_a_chord(void)
{
  const MidiNote notes[] = {{0U, 480U, 60U, 90U, 0U},
                            {0U, 480U, 64U, 90U, 0U},
                            {0U, 480U, 67U, 90U, 0U},
                            {480U, 480U, 59U, 90U, 0U},
                            {480U, 480U, 65U, 90U, 0U}};
  GridNote       out[5];
  CHECK(melody(notes, 5U, true, out) == 2U);
  CHECK(out[0].pitch == 67 && out[1].pitch == 65);
}

static void
test_texture_under_a_melody(void)
{
  // A held high note over lower ones that move
  const MidiNote notes[] = {{0U, 960U, 72U, 90U, 0U},
                            {240U, 240U, 60U, 90U, 0U},
                            {480U, 240U, 64U, 90U, 0U},
                            {960U, 480U, 74U, 90U, 0U}};
  GridNote       out[4];
  CHECK(melody(notes, 4U, true, out) == 2U);
  CHECK(out[0].pitch == 72 && out[0].length == 48U && out[1].pitch == 74);

  // In music for one voice, every onset counts
  CHECK(melody(notes, 4U, false, out) == 4U);
  CHECK(out[0].length == 12U);
}

static void
test_grace_notes_give_way(void)
{
  const MidiNote notes[] = {{0U, 20U, 70U, 90U, 0U}, {20U, 460U, 67U, 90U, 0U}};
  GridNote       out[2];
  CHECK(melody(notes, 2U, false, out) == 1U);
  CHECK(out[0].pitch == 67 && out[0].grid == 0U);
}

static void
test_nothing_gives_nothing(void)
{
  GridNote out[1];
  uint32_t n = 9U;
  CHECK(!quantise_melody(&whole, NULL, 0U, false, out, &n) && n == 0U);
  n = 9U;
  CHECK(!quantise_drums(&whole, NULL, 0U, out, &n) && n == 0U);
}

// -------------------------------------------------------------------- drums

static void
test_drum_voices_in_order(void)
{
  const MidiNote notes[] = {{0U, 30U, 42U, 70U, 9U},
                            {0U, 30U, 36U, 120U, 9U},
                            {2U, 30U, 35U, 50U, 9U},
                            {240U, 30U, 56U, 90U, 9U},
                            {480U, 30U, 38U, 100U, 9U}};
  GridNote       out[5];
  uint32_t       n = 0U;
  CHECK(!quantise_drums(&whole, notes, 5U, out, &n));
  CHECK(n == 3U); // Both kicks are one, the cowbell is none
  CHECK(out[0].pitch == DRUM_KICK && out[0].velocity == 120U);
  CHECK(out[1].pitch == DRUM_HAT_CLOSED && out[2].pitch == DRUM_SNARE);
  CHECK(out[2].grid == 24U);
}

static void
test_a_late_take_is_centred(void)
{
  MidiNote notes[32];
  GridNote out[32];
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < 32U; ++i) {
    notes[i] =
      (MidiNote){i * 240U + 15U + (i % 4U == 1U ? 5U : 0U), 30U, 36U, 90U, 9U};
  }
  CHECK(!quantise_drums(&whole, notes, 32U, out, &n));
  CHECK(n == 32U);
  for (uint32_t i = 0U; i < n; ++i) {
    CHECK(out[i].grid == i * 12U);
    CHECK(out[i].lean == (i % 4U == 1U ? 10 : 0));
  }
}

static void
test_endless_notes_stay_long(void)
{
  // One tick to a quarter, so that its end is beyond what 32 bits can count
  const Stretch  slow  = {0U, 100U, 1U};
  const MidiNote notes = {0U, UINT32_C(178956970), 60U, 90U, 0U};
  GridNote       out   = {0U, 0U, 0, 0U, 0};
  uint32_t       n     = 0U;
  CHECK(!quantise_melody(&slow, &notes, 1U, false, &out, &n) && n == 1U);
  CHECK(out.length >= 65520U);
}

int
main(void)
{
  RUN(test_sixteenths);
  RUN(test_endless_notes_stay_long);
  RUN(test_triplets);
  RUN(test_swung_eighths_are_triplets);
  RUN(test_thirty_seconds_lean);
  RUN(test_played_notes_go_to_the_nearest);
  RUN(test_swing_is_found);
  RUN(test_triplets_are_not_swing);
  RUN(test_other_divisions_and_beginnings);
  RUN(test_random_onsets_stay_in_order);
  RUN(test_short_gaps_are_closed);
  RUN(test_highest_of_a_chord);
  RUN(test_texture_under_a_melody);
  RUN(test_grace_notes_give_way);
  RUN(test_nothing_gives_nothing);
  RUN(test_drum_voices_in_order);
  RUN(test_a_late_take_is_centred);
  CHECK_END();
}
