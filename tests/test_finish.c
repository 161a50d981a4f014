// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "compose/finish.h"
#include "music/drum_map.h"
#include "music/scale.h"
#include "tests/valid_phrase.h"

static Sketch sketch;
static Phrase phrase;

static Mix
plain_mix(void)
{
  Mix mix;
  mix_init(&mix);
  mix.humanise = 0U;
  return mix;
}

static void
add(const uint32_t grid, const uint16_t length, const int pitch)
{
  (void)sketch_add(
    &sketch, (GridNote){grid, length, (int8_t)pitch, 100U, 0}, 8U * 576U);
}

static void
finish(const Mix* const mix, const Part part, const Metre metre)
{
  const Finish f = {mix, part, metre, 4U, 60U, rng_seed(5U)};
  finish_phrase(&f, &sketch, &phrase);
}

static void
test_keys_lie_around_middle_c(void)
{
  CHECK(finish_tonic(0U) == 60);
  CHECK(finish_tonic(6U) == 66);
  CHECK(finish_tonic(7U) == 55);
  CHECK(finish_tonic(11U) == 59);
}

static void
test_plain_notes_are_as_written(void)
{
  Mix mix        = plain_mix();
  mix.key        = 9U;
  sketch.n_notes = 0U;
  add(0U, 12U, 0);
  add(24U, 24U, 7);
  finish(&mix, PART_MELODY, (Metre){4U, 4U});
  CHECK(phrase.n_notes == 2U && phrase.n_bars == 4U);
  CHECK(phrase.bar_ticks == 3840U);
  CHECK(phrase.notes[0].tick == 0U && phrase.notes[0].length == 480U);
  CHECK(phrase.notes[0].key == 57U);
  CHECK(phrase.notes[1].tick == 960U && phrase.notes[1].length == 960U);
  CHECK(phrase.notes[1].key == 64U);
  CHECK(phrase.notes[0].velocity > phrase.notes[1].velocity);
}

static void
test_lengths_are_scaled_and_never_overlap(void)
{
  Mix mix        = plain_mix();
  sketch.n_notes = 0U;
  add(0U, 24U, 0);
  add(24U, 12U, 0);
  mix.melody_length = 50U;
  finish(&mix, PART_MELODY, (Metre){4U, 4U});
  CHECK(phrase.notes[0].length == 480U && phrase.notes[1].length == 240U);
  mix.melody_length = 200U;
  finish(&mix, PART_MELODY, (Metre){4U, 4U});
  CHECK(phrase.notes[0].length == 960U && phrase.notes[1].length == 960U);
}

static void
test_swing_moves_both_ends(void)
{
  Mix mix        = plain_mix();
  sketch.n_notes = 0U;
  add(0U, 6U, 0);
  add(6U, 6U, 2);
  mix.swing = 100U;
  finish(&mix, PART_MELODY, (Metre){4U, 4U});
  CHECK(phrase.notes[1].tick == 320U && phrase.notes[1].length == 160U);
  CHECK(phrase.notes[0].length == 320U);
}

static void
test_drums_have_their_kit_and_lean(void)
{
  Mix mix        = plain_mix();
  sketch.n_notes = 0U;
  (void)sketch_add(&sketch, (GridNote){0U, 6U, DRUM_CLAP, 90U, -24}, 384U);
  (void)sketch_add(&sketch, (GridNote){24U, 6U, DRUM_CLAP, 90U, -24}, 384U);
  (void)sketch_add(&sketch, (GridNote){26U, 6U, DRUM_CLAP, 90U, 0}, 384U);
  finish(&mix, PART_DRUMS, (Metre){4U, 4U});
  CHECK(phrase.notes[0].tick == 0U); // It cannot lean out of its bar
  CHECK(phrase.notes[1].tick == 936U);
  CHECK(phrase.notes[1].length == 1040U - 936U);
  CHECK(phrase.notes[0].key == drum_map_key(DRUM_MAP_GM, DRUM_CLAP));
  CHECK(phrase.notes[0].velocity == 90U);

  mix.drum_map = DRUM_MAP_ROWS;
  finish(&mix, PART_DRUMS, (Metre){4U, 4U});
  CHECK(phrase.notes[0].key == drum_map_key(DRUM_MAP_ROWS, DRUM_CLAP));
}

static void
test_loudness(void)
{
  Mix mix        = plain_mix();
  sketch.n_notes = 0U;
  (void)sketch_add(&sketch, (GridNote){0U, 6U, DRUM_KICK, 100U, 0}, 384U);
  mix.velocity = 50U;
  finish(&mix, PART_DRUMS, (Metre){4U, 4U});
  CHECK(phrase.notes[0].velocity == 50U);
  mix.velocity = 1U;
  finish(&mix, PART_DRUMS, (Metre){4U, 4U});
  CHECK(phrase.notes[0].velocity == 1U);
  mix.velocity = 127U;
  finish(&mix, PART_DRUMS, (Metre){4U, 4U});
  CHECK(phrase.notes[0].velocity == 127U);

  mix.velocity   = 100U;
  const Finish f = {&mix, PART_DRUMS, {4U, 4U}, 4U, 100U, 0U};
  finish_phrase(&f, &sketch, &phrase);
  CHECK(phrase.notes[0].velocity == 110U);
}

/// A sketch of random notes, sorted as generators leave them
static void
random_sketch(const Part part, const uint64_t key, const uint32_t end)
{
  uint32_t grid  = 0U;
  sketch.n_notes = 0U;
  for (uint32_t i = 0U; grid < end; ++i) {
    const uint64_t k      = rng_key(key, i);
    const uint32_t length = 2U + 2U * rng_below(k, 0U, 10U);
    const int      pitch  = part == PART_MELODY
                              ? (int)rng_below(k, 1U, 60U) + MELODY_MIN_PITCH
                              : (int)rng_below(k, 1U, (uint32_t)N_DRUM_VOICES);
    const int      lean =
      part == PART_DRUMS ? 12 * ((int)rng_below(k, 2U, 5U) - 2) : 0;
    (void)sketch_add(&sketch,
                     (GridNote){grid,
                                (uint16_t)length,
                                (int8_t)pitch,
                                (uint8_t)(1U + rng_below(k, 3U, 127U)),
                                (int8_t)lean},
                     end);
    grid += part == PART_MELODY ? length : 2U * rng_below(k, 4U, 5U);
    if (part == PART_DRUMS && !rng_below(k, 4U, 5U)) {
      grid += 2U; // No voice twice at one moment
    }
  }
}

static void
test_whatever_comes_is_valid(void)
{
  static const Metre metres[] = {
    {4U, 4U}, {3U, 4U}, {5U, 4U}, {6U, 8U}, {7U, 8U}, {12U, 8U}, {1U, 16U}};
  for (uint32_t i = 0U; i < 700U; ++i) {
    const uint64_t key   = rng_key(rng_seed(9U), i);
    const Part     part  = (Part)(i % 2U);
    const Metre    metre = metres[i / 2U % 7U];
    Mix            mix   = plain_mix();
    mix.key              = (uint8_t)rng_below(key, 0U, 12U);
    mix.scale            = (uint8_t)rng_below(key, 1U, N_SCALES);
    mix.swing            = (uint8_t)rng_below(key, 2U, 101U);
    mix.humanise         = (uint8_t)rng_below(key, 3U, 101U);
    mix.melody_length    = (uint8_t)(10U + rng_below(key, 4U, 191U));
    random_sketch(part, key, 4U * metre_bar_grids(metre));
    finish(&mix, part, metre);

    CHECK(phrase.n_notes > 0U);
    CHECK(phrase_is_valid(&phrase));
    CHECK(part == PART_DRUMS || phrase_is_monophonic(&phrase));
    CHECK(part == PART_DRUMS ||
          phrase_is_in(&phrase, (Scale)mix.scale, mix.key));
  }
}

static void
test_feel_leaves_notes_in_their_bars(void)
{
  Mix mix      = plain_mix();
  mix.humanise = 100U;
  for (uint32_t i = 0U; i < 200U; ++i) {
    sketch.n_notes = 0U;
    (void)sketch_add(&sketch, (GridNote){96U, 6U, DRUM_KICK, 90U, -24}, 384U);
    (void)sketch_add(&sketch, (GridNote){190U, 2U, DRUM_KICK, 90U, 24}, 384U);
    const Finish f = {&mix, PART_DRUMS, {4U, 4U}, 4U, 60U, rng_seed(i)};
    finish_phrase(&f, &sketch, &phrase);
    CHECK(phrase.n_notes == 2U);
    CHECK(phrase.notes[0].tick >= 3840U && phrase.notes[1].tick < 7680U);
  }
}

int
main(void)
{
  RUN(test_keys_lie_around_middle_c);
  RUN(test_plain_notes_are_as_written);
  RUN(test_lengths_are_scaled_and_never_overlap);
  RUN(test_swing_moves_both_ends);
  RUN(test_drums_have_their_kit_and_lean);
  RUN(test_loudness);
  RUN(test_whatever_comes_is_valid);
  RUN(test_feel_leaves_notes_in_their_bars);
  CHECK_END();
}
