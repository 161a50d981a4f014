// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/sketch.h"

#include <string.h>

/// The energy at which styles are as usual
#define USUAL 69U

static const Character plain = {0, 0};

static Sketch a;
static Sketch b;

static void
test_notes_are_cut_at_the_end(void)
{
  a.n_notes = 0U;
  CHECK(sketch_add(&a, (GridNote){90U, 24U, 0, 100U, 0}, 96U));
  CHECK(a.notes[0].length == 6U);
  CHECK(!sketch_add(&a, (GridNote){96U, 24U, 0, 100U, 0}, 96U));
  CHECK(a.n_notes == 1U);
}

static void
test_a_sketch_gets_full(void)
{
  a.n_notes = 0U;
  for (uint32_t i = 0U; i < PHRASE_MAX_NOTES; ++i) {
    CHECK(sketch_add(&a, (GridNote){i, 1U, 0, 100U, 0}, 1000U));
  }
  CHECK(!sketch_add(&a, (GridNote){700U, 1U, 0, 100U, 0}, 1000U));
}

static void
test_equal_means_every_field(void)
{
  const GridNote note = {10U, 6U, 3, 90U, -4};
  for (int field = 0; field < 5; ++field) {
    GridNote other = note;
    other.grid += field == 0 ? 2U : 0U;
    other.length   = (uint16_t)(other.length + (field == 1 ? 2 : 0));
    other.pitch    = (int8_t)(other.pitch + (field == 2 ? 1 : 0));
    other.velocity = (uint8_t)(other.velocity + (field == 3 ? 1 : 0));
    other.lean     = (int8_t)(other.lean + (field == 4 ? 1 : 0));
    a.n_notes = b.n_notes = 0U;
    (void)sketch_add(&a, note, 96U);
    (void)sketch_add(&b, note, 96U);
    CHECK(sketch_is_equal(&a, &b));
    b.notes[0] = other;
    CHECK(!sketch_is_equal(&a, &b));
  }
  b.n_notes = 0U;
  CHECK(!sketch_is_equal(&a, &b));
}

static void
test_onsets_are_bits(void)
{
  uint64_t onsets[SKETCH_ONSET_WORDS];
  a.n_notes = 0U;
  (void)sketch_add(&a, (GridNote){0U, 6U, 0, 100U, 0}, 384U);
  (void)sketch_add(&a, (GridNote){96U + 70U, 6U, 0, 100U, 0}, 384U);
  sketch_onsets(&a, 96U, onsets);
  CHECK(onsets[0] == 1U);
  CHECK(onsets[VOCAB_ONSET_WORDS] == 0U);
  CHECK(onsets[VOCAB_ONSET_WORDS + 1U] == UINT64_C(1) << 6U);
  CHECK(onsets[2U * VOCAB_ONSET_WORDS] == 0U);
}

static void
test_a_slice_begins_anew(void)
{
  a.n_notes = 0U;
  for (uint32_t i = 0U; i < 4U; ++i) {
    (void)sketch_add(
      &a, (GridNote){96U * i + 12U, 200U, (int8_t)i, 100U, 0}, 384U);
  }
  sketch_slice(&a, 96U, 288U, &b);
  CHECK(b.n_notes == 2U);
  CHECK(b.notes[0].grid == 12U && b.notes[0].pitch == 1);
  CHECK(b.notes[1].grid == 108U && b.notes[1].length == 84U);
}

static void
test_any_sketch_has_room_as_tokens(void)
{
  static uint16_t tokens[SKETCH_MAX_TOKENS];

  // As many moments as there can be, each with a lean, a hit and a wait
  a.n_notes = 0U;
  for (uint32_t i = 0U; i < PHRASE_MAX_NOTES; ++i) {
    (void)sketch_add(&a, (GridNote){4U * i, 6U, 0, 100U, 12}, 4608U);
  }
  const uint32_t n = sketch_encode(&a, PART_DRUMS, 4608U, tokens);
  CHECK(n < SKETCH_MAX_TOKENS);

  Cursor   cursor;
  GridNote note;
  uint32_t n_notes = 0U;
  cursor_init(&cursor, PART_DRUMS, (Metre){24U, 4U});
  for (uint32_t i = 0U; i < n; ++i) {
    n_notes += cursor_step(&cursor, tokens[i], &note) ? 1U : 0U;
  }
  CHECK(n_notes == PHRASE_MAX_NOTES);
  CHECK(cursor.grid == 4608U);
}

static void
test_knobs_in_the_middle_are_the_styles(void)
{
  Mix    mix;
  int8_t dense[N_DENSE];
  mix_init(&mix);
  wish_describe(&mix, PART_MELODY, USUAL, -1, plain, dense);
  CHECK(dense[DENSE_STYLE + STYLE_HOUSE] == 127);
  CHECK(dense[DENSE_DENSITY] == style_row(STYLE_HOUSE)->density[PART_MELODY]);
  CHECK(dense[DENSE_RANGE] == style_row(STYLE_HOUSE)->range);
  CHECK(dense[DENSE_ENERGY] == 48);
  CHECK(dense[DENSE_MODE] == -127);
}

static void
test_knobs_reach_their_part(void)
{
  Mix    mix;
  int8_t melody[N_DENSE];
  int8_t drums[N_DENSE];
  mix_init(&mix);
  mix.melody_density = 100U;
  mix.drum_density   = 0U;
  mix.range          = 100U;
  wish_describe(&mix, PART_MELODY, 100U, -1, plain, melody);
  wish_describe(&mix, PART_DRUMS, 0U, -1, plain, drums);
  CHECK(melody[DENSE_DENSITY] == 127 && drums[DENSE_DENSITY] == -127);
  CHECK(melody[DENSE_RANGE] == 127 && drums[DENSE_RANGE] == 0);
  CHECK(melody[DENSE_ENERGY] == 127 && drums[DENSE_ENERGY] == -127);

  int last = -128;
  for (unsigned knob = 0U; knob <= 100U; ++knob) {
    mix.melody_density = (uint8_t)knob;
    wish_describe(&mix, PART_MELODY, USUAL, -1, plain, melody);
    CHECK(melody[DENSE_DENSITY] > last);
    last = melody[DENSE_DENSITY];
  }
}

static void
test_themes_differ_in_the_middle_of_a_knob(void)
{
  static const Character up = {100, 100};
  Mix                    mix;
  int8_t                 usual[N_DENSE];
  int8_t                 other[N_DENSE];
  mix_init(&mix);
  const StyleRow* const row = style_row(STYLE_HOUSE);
  wish_describe(&mix, PART_MELODY, USUAL, -1, plain, usual);
  wish_describe(&mix, PART_MELODY, USUAL, -1, up, other);
  CHECK(other[DENSE_DENSITY] - usual[DENSE_DENSITY] ==
        row->density_spread[PART_MELODY]);
  CHECK(other[DENSE_RANGE] - usual[DENSE_RANGE] == row->range_spread);

  // At the ends a knob is obeyed to the letter
  for (unsigned end = 0U; end <= 100U; end += 100U) {
    mix.melody_density = (uint8_t)end;
    mix.range          = (uint8_t)end;
    wish_describe(&mix, PART_MELODY, USUAL, -1, plain, usual);
    wish_describe(&mix, PART_MELODY, USUAL, -1, up, other);
    CHECK(!memcmp(usual, other, sizeof(usual)));
  }
}

static void
test_energy_makes_busy(void)
{
  Mix mix;
  mix_init(&mix);
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    int8_t least[N_DENSE];
    int8_t most[N_DENSE];
    wish_describe(&mix, (Part)part, 20U, -1, plain, least);
    wish_describe(&mix, (Part)part, 100U, -1, plain, most);
    CHECK(most[DENSE_DENSITY] > least[DENSE_DENSITY] + 30);
    CHECK(part == PART_DRUMS || most[DENSE_RANGE] > least[DENSE_RANGE] + 10);
  }
}

static void
test_wildness_has_its_middle_at_one(void)
{
  Wish wish;
  memset(&wish, 0, sizeof(wish));
  wish_set_wildness(&wish, 50U);
  CHECK(wish.temperature == 1.0f);
  wish_set_wildness(&wish, 0U);
  CHECK(wish.temperature < 0.7f && wish.top_p < 0.95f);
  wish_set_wildness(&wish, 255U);
  CHECK(wish.temperature > 1.3f && wish.top_p == 1.0f);
}

static void
test_repeats(void)
{
  static const int8_t pitches[] = {3, 3, 5, 5, 5, 3, 5, 5};
  static Sketch       sketch;
  sketch.n_notes = 0U;
  CHECK(sketch_repeats(&sketch) == 0U);
  for (uint32_t i = 0U; i < 8U; ++i) {
    CHECK(sketch_add(&sketch, (GridNote){6U * i, 6U, pitches[i], 90U, 0}, 96U));
  }
  CHECK(sketch_repeats(&sketch) == 3U);
  sketch.n_notes = 1U;
  CHECK(sketch_repeats(&sketch) == 1U);
}

int
main(void)
{
  RUN(test_notes_are_cut_at_the_end);
  RUN(test_a_sketch_gets_full);
  RUN(test_equal_means_every_field);
  RUN(test_onsets_are_bits);
  RUN(test_a_slice_begins_anew);
  RUN(test_any_sketch_has_room_as_tokens);
  RUN(test_knobs_in_the_middle_are_the_styles);
  RUN(test_knobs_reach_their_part);
  RUN(test_themes_differ_in_the_middle_of_a_knob);
  RUN(test_energy_makes_busy);
  RUN(test_repeats);
  RUN(test_wildness_has_its_middle_at_one);
  CHECK_END();
}
