// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "music/drum_map.h"

#include <string.h>

static void
test_voices_come_back_from_general_midi(void)
{
  for (int voice = 0; voice < (int)N_DRUM_VOICES; ++voice) {
    const uint8_t key = drum_map_key(DRUM_MAP_GM, (DrumVoice)voice);
    CHECK(drum_map_voice(key) == voice);
  }
}

static void
test_each_map_keeps_voices_apart(void)
{
  for (int map = 0; map < (int)N_DRUM_MAPS; ++map) {
    for (int a = 0; a < (int)N_DRUM_VOICES; ++a) {
      CHECK(drum_map_key((DrumMap)map, (DrumVoice)a) < 128U);
      for (int b = 0; b < a; ++b) {
        CHECK(drum_map_key((DrumMap)map, (DrumVoice)a) !=
              drum_map_key((DrumMap)map, (DrumVoice)b));
      }
    }
  }
}

static void
test_rows_rise_by_semitones(void)
{
  for (int voice = 0; voice < (int)N_DRUM_VOICES; ++voice) {
    CHECK(drum_map_key(DRUM_MAP_ROWS, (DrumVoice)voice) == 36 + voice);
  }
}

static void
test_standard_keys(void)
{
  CHECK(drum_map_key(DRUM_MAP_GM, DRUM_KICK) == 36U);
  CHECK(drum_map_key(DRUM_MAP_GM, DRUM_SNARE) == 38U);
  CHECK(drum_map_key(DRUM_MAP_GM, DRUM_CLAP) == 39U);
  CHECK(drum_map_key(DRUM_MAP_GM, DRUM_HAT_CLOSED) == 42U);
  CHECK(drum_map_key(DRUM_MAP_GM, DRUM_HAT_OPEN) == 46U);
  CHECK(drum_map_key(DRUM_MAP_GM, DRUM_CRASH) == 49U);
  CHECK(drum_map_key(DRUM_MAP_GM, DRUM_RIDE) == 51U);
}

static void
test_other_kits_find_a_voice(void)
{
  CHECK(drum_map_voice(35U) == DRUM_KICK);
  CHECK(drum_map_voice(40U) == DRUM_SNARE);
  CHECK(drum_map_voice(37U) == DRUM_SNARE);
  CHECK(drum_map_voice(22U) == DRUM_HAT_CLOSED);
  CHECK(drum_map_voice(26U) == DRUM_HAT_OPEN);
  CHECK(drum_map_voice(48U) == DRUM_TOM_HIGH);
  CHECK(drum_map_voice(58U) == DRUM_TOM_LOW);
  CHECK(drum_map_voice(57U) == DRUM_CRASH);
  CHECK(drum_map_voice(59U) == DRUM_RIDE);
}

static void
test_cowbells_are_none_of_the_nine(void)
{
  CHECK(drum_map_voice(56U) == -1);
  CHECK(drum_map_voice(71U) == -1);
  CHECK(drum_map_voice(0U) == -1);
  CHECK(drum_map_voice(255U) == -1);
}

static void
test_names(void)
{
  for (int voice = 0; voice < (int)N_DRUM_VOICES; ++voice) {
    CHECK(strlen(drum_map_name((DrumVoice)voice)) > 3U);
    for (int other = 0; other < voice; ++other) {
      CHECK(strcmp(drum_map_name((DrumVoice)voice),
                   drum_map_name((DrumVoice)other)));
    }
  }
  CHECK(!strcmp(drum_map_name(DRUM_KICK), "Kick"));
  CHECK(!strcmp(drum_map_name(N_DRUM_VOICES), ""));
}

int
main(void)
{
  RUN(test_voices_come_back_from_general_midi);
  RUN(test_each_map_keeps_voices_apart);
  RUN(test_rows_rise_by_semitones);
  RUN(test_standard_keys);
  RUN(test_other_kits_find_a_voice);
  RUN(test_cowbells_are_none_of_the_nine);
  RUN(test_names);
  CHECK_END();
}
