// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "tools/train/chords.h"

#include <stdint.h>
#include <string.h>

#define HALF 960U ///< Ticks of half a bar
#define N_SLOTS 8U

static const Stretch stretch = {0U, N_SLOTS* HALF, 480U};

/// Sound keys together for some halves of bars
static void
sound(ChordEvidence* const slots,
      const uint32_t       i_half,
      const uint32_t       n_halves,
      const uint8_t* const keys,
      const uint32_t       n_keys)
{
  for (uint32_t i = 0U; i < n_keys; ++i) {
    const MidiNote note = {i_half * HALF, n_halves * HALF, keys[i], 90U, 0U};
    chords_listen(&stretch, HALF, &note, 1U, slots, N_SLOTS);
  }
}

static void
test_triads_in_any_order(void)
{
  static const uint8_t keys[4][4] = {{45U, 60U, 64U, 69U},
                                     {41U, 60U, 65U, 69U},
                                     {48U, 60U, 67U, 64U},
                                     {43U, 59U, 62U, 65U}};
  ChordEvidence        slots[N_SLOTS];
  Chord                chords[N_SLOTS];
  memset(slots, 0, sizeof(slots));
  for (uint32_t i = 0U; i < 4U; ++i) {
    sound(slots, 2U * i, 2U, keys[i], 4U);
  }

  // In A minor: A minor, F major, C major, G with a seventh
  chords_find(slots, N_SLOTS, 9, -1, chords);
  for (uint32_t i = 0U; i < 2U; ++i) {
    CHECK(chords[i] == chord_make(0, CHORD_MINOR));
    CHECK(chords[2U + i] == chord_make(8, CHORD_MAJOR));
    CHECK(chords[4U + i] == chord_make(3, CHORD_MAJOR));
    CHECK(chords[6U + i] == chord_make(10, CHORD_MAJOR));
  }
}

static void
test_a_bass_alone_is_of_the_key(void)
{
  static const uint8_t keys[] = {45U, 41U, 43U, 38U};
  ChordEvidence        slots[N_SLOTS];
  Chord                chords[N_SLOTS];
  memset(slots, 0, sizeof(slots));
  for (uint32_t i = 0U; i < 4U; ++i) {
    sound(slots, 2U * i, 2U, &keys[i], 1U);
  }
  chords_find(slots, N_SLOTS, 9, -1, chords);
  CHECK(chords[0] == chord_make(0, CHORD_MINOR));
  CHECK(chords[2] == chord_make(8, CHORD_MAJOR));
  CHECK(chords[4] == chord_make(10, CHORD_MAJOR));
  CHECK(chords[6] == chord_make(5, CHORD_MINOR));
}

static void
test_chords_change_in_the_middle_of_a_bar(void)
{
  static const uint8_t c[] = {48U, 60U, 64U, 67U};
  static const uint8_t g[] = {43U, 59U, 62U, 67U};
  ChordEvidence        slots[N_SLOTS];
  Chord                chords[N_SLOTS];
  memset(slots, 0, sizeof(slots));
  sound(slots, 0U, 1U, c, 4U);
  sound(slots, 1U, 1U, g, 4U);
  chords_find(slots, N_SLOTS, 0, 1, chords);
  CHECK(chords[0] == chord_make(0, CHORD_MAJOR));
  CHECK(chords[1] == chord_make(7, CHORD_MAJOR));
}

static void
test_silence_is_unknown_and_half_of_it_is_its_bar(void)
{
  static const uint8_t c[] = {48U, 60U, 64U, 67U};
  ChordEvidence        slots[N_SLOTS];
  Chord                chords[N_SLOTS];
  memset(slots, 0, sizeof(slots));
  sound(slots, 2U, 1U, c, 4U);
  chords_find(slots, N_SLOTS, 0, 1, chords);
  for (uint32_t i = 0U; i < N_SLOTS; ++i) {
    CHECK(chords[i] ==
          (i / 2U == 1U ? chord_make(0, CHORD_MAJOR) : (Chord)CHORD_UNKNOWN));
  }
}

static void
test_what_rings_past_the_end_is_let_be(void)
{
  static const uint8_t c[] = {48U, 60U, 64U, 67U};
  ChordEvidence        slots[N_SLOTS + 1U];
  memset(slots, 0, sizeof(slots));
  sound(slots, N_SLOTS - 1U, 100U, c, 4U);
  CHECK(slots[N_SLOTS - 1U].lowest == 49U);
  CHECK(!slots[N_SLOTS].lowest && !(slots[N_SLOTS].weight[0] > 0.0));
}

int
main(void)
{
  RUN(test_triads_in_any_order);
  RUN(test_a_bass_alone_is_of_the_key);
  RUN(test_chords_change_in_the_middle_of_a_bar);
  RUN(test_silence_is_unknown_and_half_of_it_is_its_bar);
  RUN(test_what_rings_past_the_end_is_let_be);
  CHECK_END();
}
