// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "music/harmony.h"

#include <stdbool.h>
#include <string.h>

#define N_DRAWS 400U

/// Draw with all of the weight on one style
static void
draw(const Style    style,
     const int      mode,
     const Scale    scale,
     const uint32_t i,
     Chord          chords[HARMONY_CHORDS])
{
  int8_t styles[N_STYLES] = {0};
  styles[style]           = 127;
  harmony_draw(styles, mode, scale, rng_key(rng_seed(5U), i), chords);
}

static bool
is_known(const Chord chords[HARMONY_CHORDS])
{
  return !memchr(chords, (int)CHORD_UNKNOWN, HARMONY_CHORDS);
}

static void
test_every_style_has_harmonies(void)
{
  for (unsigned style = 0U; style < N_STYLES; ++style) {
    for (int mode = -1; mode <= 1; mode += 2) {
      Chord first[HARMONY_CHORDS];
      bool  has_other = false;
      draw((Style)style, mode, SCALE_FREE, 0U, first);
      CHECK(is_known(first));
      for (uint32_t i = 1U; i < N_DRAWS; ++i) {
        Chord chords[HARMONY_CHORDS];
        draw((Style)style, mode, SCALE_FREE, i, chords);
        CHECK(is_known(chords));
        has_other = has_other || memcmp(first, chords, sizeof(chords)) != 0;
      }
      CHECK(has_other);
    }
  }
}

static void
test_same_key_same_harmony(void)
{
  for (uint32_t i = 0U; i < 20U; ++i) {
    Chord a[HARMONY_CHORDS];
    Chord b[HARMONY_CHORDS];
    draw(STYLE_TRANCE, -1, SCALE_FREE, i, a);
    draw(STYLE_TRANCE, -1, SCALE_FREE, i, b);
    CHECK(!memcmp(a, b, sizeof(a)));
  }
}

static void
test_chords_are_of_a_locked_scale(void)
{
  for (unsigned scale = 1U; scale < N_SCALES; ++scale) {
    const int      mode    = scale_mode((Scale)scale);
    const bool     is_few  = scale >= (unsigned)SCALE_MAJOR_PENTATONIC;
    const uint32_t pitches = scale_pitches(!is_few    ? (Scale)scale
                                           : mode < 0 ? SCALE_NATURAL_MINOR
                                                      : SCALE_MAJOR);
    for (uint32_t i = 0U; i < N_DRAWS; ++i) {
      Chord chords[HARMONY_CHORDS];
      draw(STYLE_HOUSE, mode, (Scale)scale, i, chords);
      CHECK(is_known(chords)); // Each has some that fit
      for (unsigned k = 0U; k < HARMONY_CHORDS; ++k) {
        CHECK(!(chord_pitches(chords[k]) & ~pitches));
      }
    }
  }
}

static void
test_no_harmony_is_unknown(void)
{
  // A mode that no row has
  Chord chords[HARMONY_CHORDS];
  memset(chords, 1, sizeof(chords));
  draw(STYLE_HOUSE, 0, SCALE_FREE, 0U, chords);
  for (unsigned k = 0U; k < HARMONY_CHORDS; ++k) {
    CHECK(chords[k] == CHORD_UNKNOWN);
  }
}

/// How often it is one chord throughout
static uint32_t
count_vamps(const Style style)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < N_DRAWS; ++i) {
    Chord chords[HARMONY_CHORDS];
    draw(style, -1, SCALE_FREE, i, chords);
    bool is_vamp = true;
    for (unsigned k = 1U; k < HARMONY_CHORDS; ++k) {
      is_vamp = is_vamp && chords[k] == chords[0];
    }
    n += is_vamp ? 1U : 0U;
  }
  return n;
}

static void
test_styles_differ(void)
{
  CHECK(count_vamps(STYLE_ACID) > N_DRAWS * 3U / 4U);
  CHECK(count_vamps(STYLE_SYNTHWAVE) < N_DRAWS / 4U);
}

int
main(void)
{
  RUN(test_every_style_has_harmonies);
  RUN(test_same_key_same_harmony);
  RUN(test_chords_are_of_a_locked_scale);
  RUN(test_no_harmony_is_unknown);
  RUN(test_styles_differ);
  CHECK_END();
}
