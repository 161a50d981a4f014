// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "music/chord.h"

static void
test_every_chord_is_another(void)
{
  uint32_t seen[N_CHORDS] = {0U};
  for (int root = -24; root < 24; ++root) {
    for (unsigned kind = 0U; kind < N_CHORD_KINDS; ++kind) {
      const Chord chord = chord_make(root, (ChordKind)kind);
      CHECK(chord && chord < N_CHORDS);
      CHECK(chord_root(chord) == (uint32_t)((root + 48) % 12));
      ++seen[chord];
    }
  }
  CHECK(!seen[CHORD_UNKNOWN]);
  for (unsigned i = 1U; i < N_CHORDS; ++i) {
    CHECK(seen[i] == 4U);
  }
}

static void
test_pitches_are_thirds_and_fifths(void)
{
  CHECK(chord_pitches(chord_make(0, CHORD_MAJOR)) ==
        (1U << 0U | 1U << 4U | 1U << 7U));
  CHECK(chord_pitches(chord_make(9, CHORD_MINOR)) ==
        (1U << 9U | 1U << 0U | 1U << 4U));
  CHECK(chord_pitches(chord_make(11, CHORD_DIMINISHED)) ==
        (1U << 11U | 1U << 2U | 1U << 5U));
}

static void
test_what_is_no_chord_has_no_pitches(void)
{
  CHECK(!chord_pitches(CHORD_UNKNOWN) && !chord_root(CHORD_UNKNOWN));
  CHECK(!chord_pitches(N_CHORDS) && !chord_root(N_CHORDS));
  CHECK(!chord_pitches(255U) && !chord_root(255U));
}

int
main(void)
{
  RUN(test_every_chord_is_another);
  RUN(test_pitches_are_thirds_and_fifths);
  RUN(test_what_is_no_chord_has_no_pitches);
  CHECK_END();
}
