// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "compose/generator.h"
#include "compose/model_folder.h"
#include "music/drum_map.h"
#include "tests/failing_alloc.h"
#include "tests/folder.h"
#include "tests/tiny_models.h"

#include <string.h>

#define MAX_N 16U

static Loaded     loaded[N_PARTS];
static Generator* generator[N_PARTS];
static Candidate  some[MAX_N];
static Candidate  others[MAX_N];
static Candidate  theme;
static uint8_t    fill[PHRASE_MAX_BARS];
static Chord      chords[PHRASE_MAX_BARS * CHORDS_PER_BAR + 1U];
static uint64_t   onsets[SKETCH_ONSET_WORDS];

static const Metre metres[] =
  {{4U, 4U}, {3U, 4U}, {5U, 4U}, {6U, 8U}, {7U, 8U}, {12U, 8U}, {1U, 32U}};

#define N_METRES (sizeof(metres) / sizeof(metres[0]))

static Wish
plain_wish(const Part part, const uint32_t n_bars)
{
  Mix mix;
  mix_init(&mix);
  Wish wish = {.part    = part,
               .n_bars  = n_bars,
               .around  = {{4U, 4U}, 0U, n_bars, fill, NULL, chords},
               .pitches = 0xFFFU};
  if (part == PART_DRUMS) {
    wish.around.onsets = onsets;
  }
  for (uint32_t i = 0U; i < sizeof(chords); ++i) {
    chords[i] = (Chord)(5U * i % N_CHORDS);
  }
  wish_describe(&mix, part, 60U, -1, (Character){0, 0}, wish.dense);
  wish_set_wildness(&wish, 50U);
  return wish;
}

static void
write_some(const Wish* const wish, const uint64_t key, const uint32_t n)
{
  generator_begin(generator[wish->part], wish);
  generator_write(generator[wish->part], key, n, some);
}

static void
test_chords_reach_the_melody_and_no_drums(void)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Wish wish = plain_wish((Part)part, 4U);
    write_some(&wish, 7U, 4U);
    memcpy(others, some, sizeof(others));

    Wish  other         = wish;
    Chord silent[33]    = {0U};
    other.around.chords = silent;
    write_some(&other, 7U, 4U);
    unsigned n_same = 0U;
    for (unsigned i = 0U; i < 4U; ++i) {
      n_same += sketch_is_equal(&some[i].sketch, &others[i].sketch);
    }
    CHECK(n_same == (part == PART_DRUMS ? 4U : 0U));
  }
}

static void
test_sketches_are_sorted_and_end(void)
{
  for (size_t m = 0U; m < N_METRES * 2U; ++m) {
    Wish wish         = plain_wish((Part)(m % 2U), 1U << m % 4U);
    wish.around.metre = metres[m / 2U];
    write_some(&wish, m, MAX_N);
    const uint32_t end = wish_end_grid(&wish);
    for (uint32_t i = 0U; i < MAX_N; ++i) {
      const Sketch* const s     = &some[i].sketch;
      uint32_t            until = 0U;
      for (uint32_t k = 0U; k < s->n_notes; ++k) {
        const GridNote* const note = &s->notes[k];
        CHECK(note->grid < end && note->length <= end - note->grid);
        if (wish.part == PART_MELODY) {
          CHECK(note->grid >= until);
          CHECK(note->pitch >= MELODY_MIN_PITCH &&
                note->pitch <= MELODY_MAX_PITCH);
          until = note->grid + note->length;
        } else {
          CHECK(note->pitch >= 0 && note->pitch < (int)N_DRUM_VOICES);
          CHECK(!k || note[-1].grid < note->grid ||
                (note[-1].grid == note->grid && note[-1].pitch < note->pitch));
        }
      }
    }
  }
}

static void
test_a_candidate_is_the_same_in_any_company(void)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Wish wish = plain_wish((Part)part, 4U);
    write_some(&wish, 77U, MAX_N);
    for (uint32_t n = 1U; n < MAX_N; ++n) {
      generator_begin(generator[part], &wish);
      generator_write(generator[part], 77U, n, others);
      for (uint32_t i = 0U; i < n; ++i) {
        CHECK(sketch_is_equal(&some[i].sketch, &others[i].sketch));
      }
    }
    CHECK(!sketch_is_equal(&some[0].sketch, &some[1].sketch));
  }
}

static void
test_what_was_written_before_does_not_matter(void)
{
  const Wish wish  = plain_wish(PART_MELODY, 4U);
  Wish       other = plain_wish(PART_MELODY, 8U);
  write_some(&wish, 3U, 4U);
  for (uint32_t i = 0U; i < 4U; ++i) {
    others[i] = some[i];
  }

  write_some(&wish, 4U, 1U);
  theme           = some[0];
  other.n_bars    = 4U;
  other.theme     = &theme.sketch;
  other.is_answer = true;
  write_some(&other, 5U, 3U);
  write_some(&wish, 3U, 4U);
  for (uint32_t i = 0U; i < 4U; ++i) {
    CHECK(sketch_is_equal(&some[i].sketch, &others[i].sketch));
  }
}

/// The notes of a bar, counted from its start
static void
bar_of(const Sketch* const sketch, const uint32_t bar, Sketch* const to)
{
  sketch_slice(sketch, bar * 96U, (bar + 1U) * 96U, to);
}

static void
test_kept_bars_are_the_themes(void)
{
  static Sketch a;
  static Sketch b;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    for (uint32_t kept = 0U; kept < 256U; kept += 5U) {
      Wish wish = plain_wish((Part)part, 8U);
      write_some(&wish, 100U, 1U);
      theme      = some[0];
      wish.theme = &theme.sketch;
      wish.kept  = kept;
      write_some(&wish, 101U, 3U);
      for (uint32_t i = 0U; i < 3U; ++i) {
        for (uint32_t bar = 0U; bar < 8U; ++bar) {
          if ((kept >> bar) & 1U) {
            bar_of(&theme.sketch, bar, &a);
            bar_of(&some[i].sketch, bar, &b);
            CHECK(a.n_notes == b.n_notes);
            for (uint32_t k = 0U; k < a.n_notes && k < b.n_notes; ++k) {
              CHECK(a.notes[k].grid == b.notes[k].grid);
              CHECK(a.notes[k].pitch == b.notes[k].pitch);
              CHECK(a.notes[k].velocity == b.notes[k].velocity);
            }
          }
        }
      }
      if (!(kept & 1U)) {
        CHECK(!sketch_is_equal(&some[0].sketch, &some[1].sketch));
      }
    }
  }
}

static void
test_an_answer_hears_the_theme(void)
{
  Wish wish = plain_wish(PART_MELODY, 4U);
  write_some(&wish, 8U, 1U);
  theme      = some[0];
  wish.theme = &theme.sketch;
  write_some(&wish, 9U, 1U);
  others[0]      = some[0];
  wish.is_answer = true;
  write_some(&wish, 9U, 1U);
  CHECK(!sketch_is_equal(&some[0].sketch, &others[0].sketch));
  CHECK(!sketch_is_equal(&some[0].sketch, &theme.sketch));
}

static void
test_only_allowed_pitches(void)
{
  Wish wish    = plain_wish(PART_MELODY, 8U);
  wish.pitches = 0x295U;
  write_some(&wish, 1U, MAX_N);
  for (uint32_t i = 0U; i < MAX_N; ++i) {
    for (uint32_t k = 0U; k < some[i].sketch.n_notes; ++k) {
      const int pitch = some[i].sketch.notes[k].pitch;
      CHECK((wish.pitches >> (unsigned)((pitch + 120) % 12)) & 1U);
    }
  }
}

static void
test_what_is_asked_changes_what_comes(void)
{
  Wish wish = plain_wish(PART_DRUMS, 4U);
  write_some(&wish, 2U, 1U);
  others[0]                 = some[0];
  wish.dense[DENSE_DENSITY] = 127;
  write_some(&wish, 2U, 1U);
  CHECK(!sketch_is_equal(&some[0].sketch, &others[0].sketch));

  wish      = plain_wish(PART_DRUMS, 4U);
  onsets[0] = 1U;
  write_some(&wish, 2U, 1U);
  CHECK(!sketch_is_equal(&some[0].sketch, &others[0].sketch));
  onsets[0] = 0U;
}

static void
test_frozen_models_end_too(void)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    Wish wish         = plain_wish((Part)part, 8U);
    wish.around.metre = (Metre){24U, 4U};
    wish.temperature  = 0.0f;
    write_some(&wish, 2U, 2U);
    CHECK(sketch_is_equal(&some[0].sketch, &some[1].sketch));
    CHECK(some[0].sketch.n_notes <= PHRASE_MAX_NOTES);
  }
}

static void
test_no_memory_is_said(void)
{
  if (!failing_alloc_is_able()) {
    return;
  }
  const int64_t n_live = failing_alloc_n_live();
  bool          failed = true;
  for (uint32_t nth = 1U; failed; ++nth) {
    Generator* fresh = NULL;
    failing_alloc_begin(nth);
    const Status st = generator_new(loaded[PART_DRUMS].net, PART_DRUMS, &fresh);
    failed          = failing_alloc_end();
    CHECK(failed == (st == STATUS_NO_MEM));
    CHECK(failed == !fresh);
    generator_free(fresh);
    CHECK(failing_alloc_n_live() == n_live);
  }
}

int
main(void)
{
  Folder  folder;
  Trouble trouble = {""};
  if (!folder_make(&folder) || tiny_models_write(folder.path, 1U, &trouble)) {
    fprintf(stderr, "No models: %s\n", trouble.text);
    return 1;
  }
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    if (model_folder_find(folder.path,
                          MODEL_GENERATOR,
                          (Part)part,
                          0U,
                          &loaded[part],
                          &trouble) ||
        generator_new(loaded[part].net, (Part)part, &generator[part])) {
      fprintf(stderr, "No generator: %s\n", trouble.text);
      return 1;
    }
  }
  folder_free(&folder);

  RUN(test_chords_reach_the_melody_and_no_drums);
  RUN(test_sketches_are_sorted_and_end);
  RUN(test_a_candidate_is_the_same_in_any_company);
  RUN(test_what_was_written_before_does_not_matter);
  RUN(test_kept_bars_are_the_themes);
  RUN(test_an_answer_hears_the_theme);
  RUN(test_only_allowed_pitches);
  RUN(test_what_is_asked_changes_what_comes);
  RUN(test_frozen_models_end_too);
  RUN(test_no_memory_is_said);

  generator_free(NULL);
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    generator_free(generator[part]);
    loaded_clear(&loaded[part]);
  }
  CHECK_END();
}
