// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "music/scale.h"

#include <string.h>

/// Semitones above the tonic, as theory books spell them
static const struct {
  Scale       scale;
  const char* name;
  int         n;
  int         pitches[8];
} spelled[] = {
  {SCALE_MAJOR, "Major", 7, {0, 2, 4, 5, 7, 9, 11}},
  {SCALE_NATURAL_MINOR, "Natural minor", 7, {0, 2, 3, 5, 7, 8, 10}},
  {SCALE_HARMONIC_MINOR, "Harmonic minor", 7, {0, 2, 3, 5, 7, 8, 11}},
  {SCALE_DORIAN, "Dorian", 7, {0, 2, 3, 5, 7, 9, 10}},
  {SCALE_PHRYGIAN, "Phrygian", 7, {0, 1, 3, 5, 7, 8, 10}},
  {SCALE_LYDIAN, "Lydian", 7, {0, 2, 4, 6, 7, 9, 11}},
  {SCALE_MIXOLYDIAN, "Mixolydian", 7, {0, 2, 4, 5, 7, 9, 10}},
  {SCALE_MAJOR_PENTATONIC, "Major pentatonic", 5, {0, 2, 4, 7, 9}},
  {SCALE_MINOR_PENTATONIC, "Minor pentatonic", 5, {0, 3, 5, 7, 10}},
  {SCALE_BLUES, "Blues", 6, {0, 3, 5, 6, 7, 10}},
};

static void
test_scales_are_spelled_right(void)
{
  CHECK(sizeof(spelled) / sizeof(spelled[0]) == N_SCALES - 1U);
  for (size_t i = 0U; i < sizeof(spelled) / sizeof(spelled[0]); ++i) {
    uint32_t pitches   = 0U;
    int      has_third = 0;
    for (int k = 0; k < spelled[i].n; ++k) {
      pitches |= 1U << (unsigned)spelled[i].pitches[k];
      has_third += spelled[i].pitches[k] == 4 ? 1 : 0;
    }
    CHECK(scale_pitches(spelled[i].scale) == pitches);
    CHECK(scale_mode(spelled[i].scale) == (has_third ? 1 : -1));
    CHECK(!strcmp(scale_name(spelled[i].scale), spelled[i].name));
  }
  CHECK(scale_pitches(SCALE_FREE) == ALL_PITCHES);
  CHECK(scale_mode(SCALE_FREE) == 0);
}

static int
is_in(const Scale scale, const int pitch)
{
  return (int)(scale_pitches(scale) >> (unsigned)((pitch + 120) % 12)) & 1;
}

static void
test_snap_finds_the_nearest(void)
{
  for (int s = 0; s < (int)N_SCALES; ++s) {
    for (int pitch = -50; pitch <= 50; ++pitch) {
      const int snapped = scale_snap((Scale)s, pitch);
      const int away    = abs(snapped - pitch);
      CHECK(is_in((Scale)s, snapped));
      for (int nearer = 0; nearer < away; ++nearer) {
        CHECK(!is_in((Scale)s, pitch - nearer));
        CHECK(!is_in((Scale)s, pitch + nearer));
      }
    }
  }
}

static void
test_of_two_the_lower_one(void)
{
  CHECK(scale_snap(SCALE_MAJOR, 1) == 0);
  CHECK(scale_snap(SCALE_MAJOR, -11) == -12);
  CHECK(scale_snap(SCALE_MINOR_PENTATONIC, 9) == 10);
  CHECK(scale_snap(SCALE_FREE, 6) == 6);
}

static void
test_no_scale_is_free(void)
{
  CHECK(scale_pitches((Scale)99) == ALL_PITCHES);
  CHECK(scale_snap((Scale)99, 13) == 13);
}

int
main(void)
{
  RUN(test_scales_are_spelled_right);
  RUN(test_snap_finds_the_nearest);
  RUN(test_of_two_the_lower_one);
  RUN(test_no_scale_is_free);
  CHECK_END();
}
