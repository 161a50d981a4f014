// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "tools/train/lines.h"

#include <string.h>

#define BAR 1920U

static const Stretch whole = {0U, 16U * BAR, 480U};

/// Add a track that plays `n` notes from `key` up, `step` ticks apart
static void
add_track(MidiSong* const   song,
          const char* const name,
          const uint8_t     channel,
          const uint8_t     key,
          const uint32_t    n,
          const uint32_t    step)
{
  CHECK(!midi_song_add_track(song, name));
  for (uint32_t i = 0U; i < n; ++i) {
    const uint8_t  pitch = (uint8_t)(key + (i * 5U) % 7U);
    const MidiNote note  = {i * step, step, pitch, 90U, channel};
    CHECK(!midi_song_add_note(song, song->n_tracks - 1U, note));
  }
}

/// Three notes at a time
static void
add_chords(MidiSong* const song, const char* const name, const uint8_t channel)
{
  CHECK(!midi_song_add_track(song, name));
  for (uint32_t i = 0U; i < 64U; ++i) {
    for (uint8_t k = 0U; k < 3U; ++k) {
      const MidiNote note = {
        i * 480U, 480U, (uint8_t)(60U + 4U * k), 90U, channel};
      CHECK(!midi_song_add_note(song, song->n_tracks - 1U, note));
    }
  }
}

/// Names of the picks, with commas between
static const char*
pick(const MidiSong* const song)
{
  static char text[256];
  StaveList   list = {0U, NULL};
  MelodyPick  picks[LINES_MAX_MELODIES];
  text[0] = '\0';
  CHECK(!lines_gather(song, &list));
  const uint32_t n = lines_pick_melodies(&list, &whole, BAR, picks);
  for (uint32_t i = 0U; i < n; ++i) {
    strncat(text, i ? "," : "", sizeof(text) - strlen(text) - 1U);
    strncat(text,
            list.staves[picks[i].i_stave].name,
            sizeof(text) - strlen(text) - 1U);
  }
  lines_clear(&list);
  return text;
}

static void
test_by_name(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "Bass", 3U, 36U, 100U, 240U);
  add_track(song, "Pad", 4U, 72U, 100U, 240U);
  add_chords(song, "Chords", 2U);
  add_track(song, "Arp", 1U, 70U, 128U, 120U);
  add_track(song, "Lead", 0U, 65U, 100U, 240U);
  CHECK(!strcmp(pick(song), "Lead,Arp"));
  midi_song_free(song);
}

static void
test_by_shape(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "Track 1", 0U, 36U, 100U, 240U);
  add_chords(song, "Track 2", 1U);
  add_track(song, "Track 3", 2U, 72U, 100U, 240U);
  CHECK(!strncmp(pick(song), "Track 3", 7U));
  midi_song_free(song);
}

static void
test_by_instrument(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "", 0U, 66U, 100U, 240U);
  add_track(song, "", 1U, 66U, 90U, 250U);
  song->tracks[0].program[0] = 33U; // A bass
  song->tracks[1].program[1] = 81U; // A lead
  StaveList  list            = {0U, NULL};
  MelodyPick picks[LINES_MAX_MELODIES];
  CHECK(!lines_gather(song, &list));
  CHECK(lines_pick_melodies(&list, &whole, BAR, picks) >= 1U);
  CHECK(picks[0].i_stave == 1U);
  lines_clear(&list);
  midi_song_free(song);
}

static void
test_basses_and_drones_are_none(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "Bass", 0U, 30U, 100U, 240U);
  CHECK(!midi_song_add_track(song, "Track"));
  for (uint32_t i = 0U; i < 100U; ++i) {
    CHECK(
      !midi_song_add_note(song, 1U, (MidiNote){i * 240U, 240U, 60U, 90U, 1U}));
  }
  CHECK(!strcmp(pick(song), ""));
  midi_song_free(song);
}

static void
test_doubles_are_taken_once(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "Lead", 0U, 60U, 100U, 240U);
  add_track(song, "Lead 2", 1U, 72U, 100U, 240U);
  CHECK(strchr(pick(song), ',') == NULL);
  midi_song_free(song);
}

static void
test_few_notes_are_no_line(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "Lead", 0U, 60U, 7U, 240U);
  CHECK(!strcmp(pick(song), ""));
  midi_song_free(song);
}

static void
test_voices_of_a_staff_are_one(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "Piano staff1 voice1", 0U, 72U, 40U, 480U);
  add_track(song, "Piano staff1 voice2", 0U, 60U, 30U, 480U);
  add_track(song, "Piano staff2 voice5", 0U, 45U, 40U, 480U);
  add_track(song, "upper:one", 1U, 72U, 40U, 480U);
  add_track(song, "upper:two", 1U, 62U, 40U, 480U);
  StaveList list = {0U, NULL};
  CHECK(!lines_gather(song, &list));
  CHECK(list.n_staves == 3U);
  if (list.n_staves == 3U) {
    CHECK(list.staves[0].n_notes == 70U);
    CHECK(!strcmp(list.staves[0].name, "Piano staff1"));
    CHECK(list.staves[2].n_notes == 80U);
    for (uint32_t i = 1U; i < 70U; ++i) {
      CHECK(list.staves[0].notes[i - 1U].tick <= list.staves[0].notes[i].tick);
    }
  }
  lines_clear(&list);
  midi_song_free(song);
}

static void
test_a_voice_over_a_piano(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_chords(song, "Piano staff1 voice1", 1U);
  add_track(song, "Piano staff2 voice5", 1U, 45U, 60U, 480U);
  add_track(song, "Gesang staff1 voice1", 0U, 65U, 60U, 480U);
  CHECK(!strcmp(pick(song), "Gesang staff1"));
  midi_song_free(song);
}

static void
test_drums_of_all_tracks_are_one(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "kick.ogg", 9U, 36U, 20U, 480U);
  add_track(song, "hats.ogg", 9U, 42U, 30U, 240U);
  add_track(song, "Lead", 0U, 60U, 30U, 240U);
  StaveList list = {0U, NULL};
  CHECK(!lines_gather(song, &list));
  const Stave* const drums = lines_drums(&list);
  CHECK(drums && drums->n_notes == 50U && list.n_staves == 2U);
  lines_clear(&list);
  CHECK(lines_drums(&list) == NULL);
  midi_song_free(song);
}

static void
test_channels_of_one_track_are_players(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "", 0U, 60U, 20U, 480U);
  for (uint32_t i = 0U; i < 20U; ++i) {
    CHECK(
      !midi_song_add_note(song, 0U, (MidiNote){i * 480U, 480U, 40U, 90U, 5U}));
  }
  StaveList list = {0U, NULL};
  CHECK(!lines_gather(song, &list));
  CHECK(list.n_staves == 2U && list.staves[1].n_notes == 20U);
  lines_clear(&list);
  midi_song_free(song);
}

static void
test_notes_within(void)
{
  MidiSong* const song = midi_song_new(480U);
  add_track(song, "", 0U, 60U, 20U, 480U);
  StaveList list = {0U, NULL};
  CHECK(!lines_gather(song, &list));
  const Stretch part  = {960U, 1920U, 480U};
  uint32_t      first = 0U;
  uint32_t      n     = 0U;
  lines_within(&list.staves[0], &part, &first, &n);
  CHECK(first == 2U && n == 2U);
  lines_clear(&list);
  midi_song_free(song);
}

static void
test_hosts_of_staves_are_refused(void)
{
  MidiSong* const song = midi_song_new(480U);
  StaveList       list = {0U, NULL};
  for (uint32_t i = 0U; i < LINES_MAX_STAVES; ++i) {
    add_track(song, "", 0U, 60U, 1U, 480U);
  }
  CHECK(!lines_gather(song, &list) && list.n_staves == LINES_MAX_STAVES);
  lines_clear(&list);
  add_track(song, "", 0U, 60U, 1U, 480U);
  CHECK(lines_gather(song, &list) == STATUS_FULL && !list.staves);
  midi_song_free(song);
}

static void
test_crowds_at_one_tick_take_no_time(void)
{
  // Compared note by note, this would be 4e10 comparisons
  static const char* const names[] = {"Lead", "Vocal"};
  MidiSong* const          song    = midi_song_new(480U);
  for (uint32_t i = 0U; i < 2U; ++i) {
    CHECK(!midi_song_add_track(song, names[i]));
    for (uint32_t k = 0U; k < 200000U; ++k) {
      const uint8_t  key  = (uint8_t)(60U + 2U * (k % 6U) + i);
      const MidiNote note = {0U, 480U, key, 90U, 0U};
      CHECK(!midi_song_add_note(song, i, note));
    }
  }
  CHECK(!strcmp(pick(song), "Lead,Vocal"));
  midi_song_free(song);
}

int
main(void)
{
  RUN(test_by_name);
  RUN(test_by_shape);
  RUN(test_by_instrument);
  RUN(test_basses_and_drones_are_none);
  RUN(test_doubles_are_taken_once);
  RUN(test_few_notes_are_no_line);
  RUN(test_voices_of_a_staff_are_one);
  RUN(test_a_voice_over_a_piano);
  RUN(test_drums_of_all_tracks_are_one);
  RUN(test_channels_of_one_track_are_players);
  RUN(test_notes_within);
  RUN(test_hosts_of_staves_are_refused);
  RUN(test_crowds_at_one_tick_take_no_time);
  CHECK_END();
}
