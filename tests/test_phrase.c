// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "music/phrase.h"

#define BAR 3840U

static Phrase phrase;

static void
test_starts_empty(void)
{
  phrase_init(&phrase, 4U, BAR);
  CHECK(phrase.n_notes == 0U && phrase.n_bars == 4U && phrase.bar_ticks == BAR);
  CHECK(phrase.n_tries == 0U && phrase.n_rejected == 0U);
  NEAR(phrase.score, 0.0, 0.0);
  phrase_finish(&phrase);
  CHECK(phrase.n_notes == 0U);
  CHECK(phrase_find(&phrase, 0U) == 0U);

  phrase_init(&phrase, 0U, BAR);
  CHECK(phrase.n_bars == 1U);
  phrase_init(&phrase, 99U, BAR);
  CHECK(phrase.n_bars == PHRASE_MAX_BARS);
}

static void
test_takes_only_notes_inside(void)
{
  phrase_init(&phrase, 1U, BAR);
  CHECK(phrase_add(&phrase, (Note){0U, 10U, 60U, 100U}));
  CHECK(phrase_add(&phrase, (Note){BAR - 1U, 10U, 60U, 100U}));
  CHECK(!phrase_add(&phrase, (Note){BAR, 10U, 60U, 100U}));
  CHECK(!phrase_add(&phrase, (Note){UINT32_MAX, 10U, 60U, 100U}));
  CHECK(!phrase_add(&phrase, (Note){0U, 10U, 128U, 100U}));
  CHECK(phrase.n_notes == 2U);
}

static void
test_makes_values_playable(void)
{
  phrase_init(&phrase, 1U, BAR);
  CHECK(phrase_add(&phrase, (Note){0U, 0U, 60U, 0U}));
  CHECK(phrase_add(&phrase, (Note){5U, 1U, 60U, 255U}));
  CHECK(phrase.notes[0].length == 1U && phrase.notes[0].velocity == 1U);
  CHECK(phrase.notes[1].velocity == 127U);
}

static void
test_full_changes_nothing(void)
{
  phrase_init(&phrase, 8U, BAR);
  for (uint32_t i = 0U; i < PHRASE_MAX_NOTES; ++i) {
    CHECK(phrase_add(&phrase, (Note){i * 3U, 2U, 60U, 100U}));
  }
  CHECK(!phrase_add(&phrase, (Note){0U, 2U, 61U, 100U}));
  CHECK(phrase.n_notes == PHRASE_MAX_NOTES);
  CHECK(phrase.notes[PHRASE_MAX_NOTES - 1U].key == 60U);
}

static void
test_sorts_by_tick_then_key(void)
{
  phrase_init(&phrase, 2U, BAR);
  uint32_t x = 7U;
  for (uint32_t i = 0U; i < 300U; ++i) {
    x = x * 1103515245U + 12345U;
    CHECK(phrase_add(
      &phrase,
      (Note){(x >> 8U) % 400U * 4U, 9U, (uint8_t)((x >> 20U) % 128U), 90U}));
  }
  phrase_finish(&phrase);
  CHECK(phrase.n_notes > 250U);
  for (uint32_t i = 1U; i < phrase.n_notes; ++i) {
    const Note a = phrase.notes[i - 1U];
    const Note b = phrase.notes[i];
    CHECK(a.tick < b.tick || (a.tick == b.tick && a.key < b.key));
  }
}

static void
test_cuts_what_rings_on(void)
{
  phrase_init(&phrase, 1U, BAR);
  CHECK(phrase_add(&phrase, (Note){100U, 500U, 60U, 100U}));
  CHECK(phrase_add(&phrase, (Note){0U, 500U, 60U, 100U}));
  CHECK(phrase_add(&phrase, (Note){0U, 500U, 62U, 100U}));
  CHECK(phrase_add(&phrase, (Note){BAR - 10U, 500U, 60U, 100U}));
  phrase_finish(&phrase);
  CHECK(phrase.n_notes == 4U);
  CHECK(phrase.notes[0].key == 60U && phrase.notes[0].length == 100U);
  CHECK(phrase.notes[1].key == 62U && phrase.notes[1].length == 500U);
  CHECK(phrase.notes[2].tick == 100U && phrase.notes[2].length == 500U);
  CHECK(phrase.notes[3].length == 10U);
}

static void
test_huge_length_is_cut_too(void)
{
  phrase_init(&phrase, 1U, BAR);
  CHECK(phrase_add(&phrase, (Note){10U, UINT32_MAX, 60U, 100U}));
  phrase_finish(&phrase);
  CHECK(phrase.notes[0].length == BAR - 10U);
}

static void
test_twins_become_one(void)
{
  phrase_init(&phrase, 1U, BAR);
  CHECK(phrase_add(&phrase, (Note){0U, 50U, 36U, 40U}));
  CHECK(phrase_add(&phrase, (Note){0U, 20U, 36U, 110U}));
  CHECK(phrase_add(&phrase, (Note){0U, 30U, 38U, 70U}));
  phrase_finish(&phrase);
  CHECK(phrase.n_notes == 2U);
  CHECK(phrase.notes[0].key == 36U && phrase.notes[0].velocity == 110U &&
        phrase.notes[0].length == 50U);
  CHECK(phrase.notes[1].key == 38U);
}

static void
test_finds_every_tick(void)
{
  phrase_init(&phrase, 1U, BAR);
  for (uint32_t i = 0U; i < 40U; ++i) {
    CHECK(phrase_add(&phrase, (Note){i / 2U * 7U, 3U, (uint8_t)(60U + i), 9U}));
  }
  phrase_finish(&phrase);
  for (uint32_t tick = 0U; tick < 200U; ++tick) {
    uint32_t i = 0U;
    while (i < phrase.n_notes && phrase.notes[i].tick < tick) {
      ++i;
    }
    CHECK(phrase_find(&phrase, tick) == i);
  }
}

int
main(void)
{
  RUN(test_starts_empty);
  RUN(test_takes_only_notes_inside);
  RUN(test_makes_values_playable);
  RUN(test_full_changes_nothing);
  RUN(test_sorts_by_tick_then_key);
  RUN(test_cuts_what_rings_on);
  RUN(test_huge_length_is_cut_too);
  RUN(test_twins_become_one);
  RUN(test_finds_every_tick);
  CHECK_END();
}
