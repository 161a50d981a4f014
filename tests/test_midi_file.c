// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "midi/midi_file.h"

#include <string.h>
#include <unistd.h>

/// What is expected of a file of tests/data/midi
typedef struct {
  const char* name;
  uint32_t    n_notes;
  bool        has_warning;
  const char* words; ///< In the warning, or in the refusal
} Expected;

static const Expected readable[] = {
  {"plain", 2U, false, ""},
  {"format_1", 2U, false, ""},
  {"running_status", 2U, false, ""},
  {"sysex", 1U, false, ""},
  {"long_header", 1U, false, ""},
  {"unknown_chunk", 1U, false, ""},
  {"empty_track", 1U, false, ""},
  {"odd_division", 1U, false, ""},
  {"all_channels", 16U, false, ""},
  {"control_text", 1U, false, ""},
  {"no_notes", 0U, false, ""},
  {"no_end", 1U, true, "no end mark"},
  {"short_track", 2U, true, "cut short"},
  {"cut_event", 2U, true, "cut short"},
  {"open_note", 2U, true, "without an end: 1"},
  {"stray_off", 1U, true, "without a note: 1"},
  {"zero_length", 2U, true, "no length: 1"},
  {"overlap", 2U, true, "without a note: 1"},
  {"next_on_first", 2U, false, ""},
  {"twin_notes", 1U, true, "without a note: 1"},
  {"no_status", 0U, true, "makes no sense"},
  {"bad_data", 1U, true, "makes no sense"},
  {"endless_number", 1U, true, "makes no sense"},
  {"huge_meta", 1U, true, "makes no sense"},
  {"long_time", 1U, true, "makes no sense"},
  {"zero_tempo", 1U, true, "tempo of no length"},
  {"bad_metre", 1U, true, "0/2^2"},
  {"bad_key", 1U, true, "85 sharps"},
  {"fewer_tracks", 1U, true, "9 tracks, but there are 1"},
  {"more_tracks", 2U, true, "1 tracks, but there are 2"},
  {"time_code", 1U, true, "time code"},
  {"second_bad", 1U, true, "Track 2 makes no sense"},
};

static const Expected refused[] = {
  {"empty", 0U, false, "no Standard MIDI File"},
  {"not_midi", 0U, false, "no Standard MIDI File"},
  {"riff", 0U, false, "RIFF"},
  {"cut_header", 0U, false, "header is cut short"},
  {"lying_header", 0U, false, "header is cut short"},
  {"format_2", 0U, false, "format 2"},
  {"format_7", 0U, false, "format 7"},
  {"zero_division", 0U, false, "0 ticks"},
  {"bad_time_code", 0U, false, "no time code"},
  {"no_tracks", 0U, false, "no tracks"},
};

static MidiSong*
load(const char* const name)
{
  char      path[256];
  Trouble   trouble = {""};
  MidiSong* song    = NULL;
  snprintf(path, sizeof(path), "tests/data/midi/%s.mid", name);
  if (midi_file_load(path, &song, &trouble)) {
    fprintf(stderr, "%s: %s\n", path, trouble.text);
  }
  return song;
}

static void
test_odd_files_are_read(void)
{
  for (size_t i = 0U; i < sizeof(readable) / sizeof(readable[0]); ++i) {
    const Expected* const row  = &readable[i];
    MidiSong* const       song = load(row->name);
    CHECK(song);
    if (song && (midi_song_n_notes(song) != row->n_notes ||
                 (song->n_warnings > 0U) != row->has_warning ||
                 !strstr(song->warning.text, row->words))) {
      fprintf(stderr,
              "%s: %u notes, %u warnings: %s\n",
              row->name,
              midi_song_n_notes(song),
              song->n_warnings,
              song->warning.text);
      CHECK(!"as expected");
    }
    midi_song_free(song);
  }
}

static void
test_bad_files_are_refused_with_a_sentence(void)
{
  for (size_t i = 0U; i < sizeof(refused) / sizeof(refused[0]); ++i) {
    char      path[256];
    Trouble   trouble = {""};
    MidiSong* song    = NULL;
    snprintf(path, sizeof(path), "tests/data/midi/%s.mid", refused[i].name);
    CHECK(midi_file_load(path, &song, &trouble) == STATUS_BAD_FILE);
    CHECK(!song);
    if (!strstr(trouble.text, refused[i].words)) {
      fprintf(stderr, "%s: %s\n", path, trouble.text);
      CHECK(!"the right sentence");
    }
  }
}

static void
test_no_file(void)
{
  Trouble   trouble = {""};
  MidiSong* song    = NULL;
  CHECK(midi_file_load("tests/data/midi/none.mid", &song, &trouble) ==
        STATUS_NO_FILE);
  CHECK(!song && trouble.text[0]);
  CHECK(midi_file_load("tests", &song, NULL) == STATUS_NO_FILE);
}

static void
test_what_a_song_says(void)
{
  MidiSong* const song = load("format_1");
  CHECK(song && song->n_tracks == 1U && song->ticks_per_quarter == 480U);
  if (!song || song->n_tracks != 1U) {
    midi_song_free(song);
    return;
  }
  CHECK(!strcmp(song->name, "Song"));
  CHECK(song->n_tempos == 1U && song->tempos[0].us_per_quarter == 500000U);
  CHECK(song->n_metres == 1U && song->metres[0].n_beats == 6U &&
        song->metres[0].unit == 8U);
  CHECK(song->n_keys == 1U && song->keys[0].n_sharps == -3 &&
        song->keys[0].is_minor);
  CHECK(song->n_texts == 1U && song->texts[0].kind == MIDI_MARKER &&
        !strcmp(song->texts[0].text, "drop 8"));

  const MidiTrack* const track = &song->tracks[0];
  CHECK(!strcmp(track->name, "Lead"));
  CHECK(track->program[0] == 80U && track->program[1] == MIDI_NO_PROGRAM);
  CHECK(track->notes[1].tick == 96U && track->notes[1].length == 96U &&
        track->notes[1].key == 64U && track->notes[1].velocity == 100U);
  CHECK(song->end_tick == 192U);
  midi_song_free(song);
}

/// Onsets and lengths of a file with one track
static void
check_notes(const char* const name, const uint32_t* const pairs, uint32_t n)
{
  MidiSong* const song = load(name);
  CHECK(song && song->n_tracks == 1U && song->tracks[0].n_notes == n);
  for (uint32_t i = 0U; song && i < n; ++i) {
    CHECK(song->tracks[0].notes[i].tick == pairs[2U * i]);
    CHECK(song->tracks[0].notes[i].length == pairs[2U * i + 1U]);
  }
  midi_song_free(song);
}

static void
test_how_notes_are_paired(void)
{
  check_notes("overlap", (const uint32_t[]){0U, 48U, 48U, 48U}, 2U);
  check_notes("next_on_first", (const uint32_t[]){0U, 96U, 96U, 96U}, 2U);
  check_notes("zero_length", (const uint32_t[]){0U, 1U, 96U, 96U}, 2U);
  check_notes("open_note", (const uint32_t[]){0U, 192U, 96U, 96U}, 2U);
  check_notes("twin_notes", (const uint32_t[]){0U, 96U}, 1U);
  check_notes("running_status", (const uint32_t[]){0U, 96U, 96U, 96U}, 2U);
  check_notes("time_code", (const uint32_t[]){0U, 1000U}, 1U);
  MidiSong* const twins = load("twin_notes");
  CHECK(twins && twins->tracks[0].notes[0].velocity == 90U);
  midi_song_free(twins);

  MidiSong* const timed = load("time_code");
  CHECK(timed && timed->ticks_per_quarter == 25U * 40U);
  midi_song_free(timed);
}

static void
test_texts_are_clean(void)
{
  MidiSong* const song = load("control_text");
  CHECK(song && !strcmp(song->tracks[0].name, "Le ad"));
  midi_song_free(song);
}

/// A song with a bit of everything, not in order
static MidiSong*
make_song(void)
{
  MidiSong* const song = midi_song_new(960U);
  CHECK(song);
  memcpy(song->name, "Perpetuo", 9U);
  CHECK(!midi_song_add_tempo(song, 7680U, 90.5));
  CHECK(!midi_song_add_tempo(song, 0U, 128.0));
  CHECK(!midi_song_add_metre(song, 0U, 4U, 4U));
  CHECK(!midi_song_add_metre(song, 7680U, 7U, 8U));
  CHECK(!midi_song_add_key(song, 0U, -4, true));
  CHECK(!midi_song_add_text(song, 3840U, MIDI_MARKER, "drop"));
  CHECK(!midi_song_add_text(song, 0U, MIDI_TEXT, "made by a test"));
  CHECK(!midi_song_add_text(song, 9U, MIDI_CUE, ""));
  CHECK(!midi_song_add_track(song, "Melody"));
  CHECK(!midi_song_add_track(song, "Drums"));
  song->tracks[0].program[0] = 81U;
  for (uint32_t i = 0U; i < 200U; ++i) {
    const uint32_t k    = (i * 73U) % 200U;
    const MidiNote lead = {
      k * 240U, 200U, (uint8_t)(60U + k % 13U), (uint8_t)(1U + k % 127U), 0U};
    const MidiNote hat = {k * 120U, 30U, 42U, 90U, 9U};
    CHECK(!midi_song_add_note(song, 0U, lead));
    CHECK(!midi_song_add_note(song, 1U, hat));
  }
  return song;
}

static void
check_equal(const MidiSong* const song, const MidiSong* const back)
{
  CHECK(!strcmp(song->name, back->name));
  CHECK(song->ticks_per_quarter == back->ticks_per_quarter);
  CHECK(back->n_warnings == 0U);
  CHECK(song->end_tick == back->end_tick);
  CHECK(back->n_tempos == 2U && back->tempos[0].us_per_quarter == 468750U);
  CHECK(back->tempos[1].tick == 7680U);
  CHECK(back->n_metres == 2U && back->metres[1].n_beats == 7U &&
        back->metres[1].unit == 8U);
  CHECK(back->n_keys == 1U && back->keys[0].n_sharps == -4 &&
        back->keys[0].is_minor);
  CHECK(back->n_texts == 3U && back->texts[2].kind == MIDI_MARKER &&
        !strcmp(back->texts[2].text, "drop"));
  CHECK(back->n_tracks == 2U && !strcmp(back->tracks[1].name, "Drums"));
  CHECK(back->tracks[0].program[0] == 81U);
  for (uint32_t i = 0U; i < 200U && back->tracks[0].n_notes == 200U; ++i) {
    const MidiNote* const note = &back->tracks[0].notes[i];
    CHECK(note->tick == i * 240U && note->length == 200U);
    CHECK(note->key == 60U + i % 13U && note->velocity == 1U + i % 127U);
    CHECK(back->tracks[1].notes[i].channel == MIDI_DRUM_CHANNEL);
  }
  CHECK(midi_song_n_notes(back) == 400U);
}

static const char*
scratch_path(void)
{
  static char       path[256];
  const char* const folder = getenv("TMPDIR");
  snprintf(path,
           sizeof(path),
           "%s/perpetuo_test_%ld.mid",
           folder ? folder : "/tmp",
           (long)getpid());
  return path;
}

static void
test_songs_come_back(void)
{
  Trouble         trouble = {""};
  MidiSong* const song    = make_song();
  MidiSong*       back    = NULL;
  CHECK(!midi_file_save(scratch_path(), song, &trouble));
  CHECK(!midi_file_load(scratch_path(), &back, &trouble));
  CHECK(back);
  if (back) {
    check_equal(song, back);
  }

  // And what was read is written as it was
  MidiSong* again = NULL;
  CHECK(back && !midi_file_save(scratch_path(), back, &trouble));
  CHECK(!midi_file_load(scratch_path(), &again, &trouble));
  if (again) {
    check_equal(song, again);
  }
  remove(scratch_path());
  midi_song_free(again);
  midi_song_free(back);
  midi_song_free(song);
}

/// What is formed in memory is what a file would have
static void
test_bytes_without_a_file(void)
{
  MidiSong* const song    = midi_song_new(96U);
  MidiSong*       back    = NULL;
  uint8_t*        bytes   = NULL;
  size_t          n_bytes = 0U;
  uint8_t         saved[256];
  CHECK(!midi_song_add_track(song, "x"));
  CHECK(!midi_song_add_note(song, 0U, (MidiNote){0U, 96U, 60U, 90U, 0U}));
  CHECK(!midi_file_form(song, &bytes, &n_bytes, NULL));
  CHECK(!midi_file_parse(bytes, n_bytes, &back, NULL));
  CHECK(back && midi_song_n_notes(back) == 1U);

  CHECK(!midi_file_save(scratch_path(), song, NULL));
  FILE* const file = fopen(scratch_path(), "rb");
  CHECK(file && fread(saved, 1U, sizeof(saved), file) == n_bytes);
  CHECK(!memcmp(saved, bytes, n_bytes));
  if (file) {
    fclose(file);
  }
  free(bytes);

  bytes                   = NULL;
  song->ticks_per_quarter = 0U;
  CHECK(midi_file_form(song, &bytes, &n_bytes, NULL) == STATUS_BAD_ARG);
  CHECK(!bytes);
  remove(scratch_path());
  midi_song_free(back);
  midi_song_free(song);
}

static void
test_overlaps_are_cut_when_written(void)
{
  MidiSong* const song = midi_song_new(96U);
  MidiSong*       back = NULL;
  CHECK(!midi_song_add_track(song, "x"));
  CHECK(!midi_song_add_note(song, 0U, (MidiNote){0U, 96U, 60U, 90U, 0U}));
  CHECK(!midi_song_add_note(song, 0U, (MidiNote){48U, 96U, 60U, 90U, 0U}));
  CHECK(!midi_song_add_note(song, 0U, (MidiNote){48U, 10U, 60U, 90U, 0U}));
  CHECK(!midi_song_add_note(song, 0U, (MidiNote){48U, 10U, 60U, 90U, 1U}));
  CHECK(!midi_file_save(scratch_path(), song, NULL));
  CHECK(!midi_file_load(scratch_path(), &back, NULL));
  CHECK(back && back->n_warnings == 0U && midi_song_n_notes(back) == 3U);
  CHECK(back && back->tracks[0].notes[0].length == 48U);
  remove(scratch_path());
  midi_song_free(back);
  midi_song_free(song);
}

static void
test_writing_fails_whole(void)
{
  Trouble         trouble = {""};
  MidiSong* const song    = make_song();
  CHECK(midi_file_save("/nowhere/at/all.mid", song, &trouble) ==
        STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "/nowhere/at/all.mid"));
  song->ticks_per_quarter = 0U;
  CHECK(midi_file_save(scratch_path(), song, &trouble) == STATUS_BAD_ARG);
  song->ticks_per_quarter = 40000U;
  CHECK(midi_file_save(scratch_path(), song, &trouble) == STATUS_BAD_ARG);
  CHECK(access(scratch_path(), F_OK));
  midi_song_free(song);
}

static void
test_wrong_values_are_not_taken(void)
{
  MidiSong* const song = midi_song_new(96U);
  CHECK(!midi_song_add_track(song, ""));
  static const MidiNote bad[] = {{0U, 0U, 60U, 90U, 0U},
                                 {0U, 1U, 128U, 90U, 0U},
                                 {0U, 1U, 60U, 0U, 0U},
                                 {0U, 1U, 60U, 128U, 0U},
                                 {0U, 1U, 60U, 90U, 16U},
                                 {UINT32_MAX, 1U, 60U, 90U, 0U},
                                 {1U, UINT32_MAX, 60U, 90U, 0U}};
  for (size_t i = 0U; i < sizeof(bad) / sizeof(bad[0]); ++i) {
    CHECK(midi_song_add_note(song, 0U, bad[i]) == STATUS_BAD_ARG);
  }
  const MidiNote good = {0U, 1U, 60U, 90U, 0U};
  CHECK(midi_song_add_note(song, 1U, good) == STATUS_BAD_ARG);
  CHECK(midi_song_add_tempo(song, 0U, 0.0) == STATUS_BAD_ARG);
  CHECK(midi_song_add_tempo(song, 0U, NAN) == STATUS_BAD_ARG);
  CHECK(midi_song_add_metre(song, 0U, 0U, 4U) == STATUS_BAD_ARG);
  CHECK(midi_song_add_metre(song, 0U, 4U, 3U) == STATUS_BAD_ARG);
  CHECK(midi_song_add_key(song, 0U, 8, false) == STATUS_BAD_ARG);
  CHECK(midi_song_add_text(song, 0U, N_MIDI_TEXTS, "") == STATUS_BAD_ARG);
  CHECK(midi_song_n_notes(song) == 0U && !song->n_tempos && !song->n_metres);
  midi_song_free(song);
}

static void
test_every_prefix_is_survived(void)
{
  // A file cut anywhere is read up to there or refused, never worse
  uint8_t     bytes[512];
  FILE* const file = fopen("tests/data/midi/format_1.mid", "rb");
  CHECK(file);
  const size_t n = file ? fread(bytes, 1U, sizeof(bytes), file) : 0U;
  CHECK(n > 80U && n < sizeof(bytes));
  for (size_t length = 0U; length <= n; ++length) {
    Trouble      trouble = {""};
    MidiSong*    song    = NULL;
    const Status st      = midi_file_parse(bytes, length, &song, &trouble);
    CHECK(st ? !song && trouble.text[0] : song != NULL);
    CHECK(st || length == n || song->n_warnings);
    midi_song_free(song);
  }
  if (file) {
    fclose(file);
  }
}

static void
test_too_large_is_refused(void)
{
  const size_t   n       = MIDI_MAX_BYTES + 1U;
  uint8_t* const bytes   = (uint8_t*)calloc(n, 1U);
  Trouble        trouble = {""};
  MidiSong*      song    = NULL;
  CHECK(bytes);
  CHECK(midi_file_parse(bytes, n, &song, &trouble) == STATUS_BAD_FILE);
  CHECK(strstr(trouble.text, "16 MiB"));

  // A track of more notes than are read: on, off, on, off ... by running status
  const uint32_t n_body = 8U * (MIDI_MAX_NOTES + 1U);
  const uint8_t  head[] = {'M',
                           'T',
                           'h',
                           'd',
                           0,
                           0,
                           0,
                           6,
                           0,
                           0,
                           0,
                           1,
                           0,
                           96,
                           'M',
                           'T',
                           'r',
                           'k',
                           (uint8_t)(n_body >> 24U),
                           (uint8_t)(n_body >> 16U),
                           (uint8_t)(n_body >> 8U),
                           (uint8_t)n_body};
  memcpy(bytes, head, sizeof(head));
  for (uint32_t i = 0U; i <= MIDI_MAX_NOTES; ++i) {
    static const uint8_t pair[8] = {0, 0x90, 60, 90, 1, 0x80, 60, 0};
    memcpy(bytes + sizeof(head) + 8U * i, pair, sizeof(pair));
  }
  CHECK(midi_file_parse(bytes, sizeof(head) + n_body, &song, &trouble) ==
        STATUS_BAD_FILE);
  CHECK(strstr(trouble.text, "1000000 notes"));

  // More tracks than are read
  for (uint32_t i = 0U; i <= MIDI_MAX_TRACKS; ++i) {
    static const uint8_t track[12] = {
      'M', 'T', 'r', 'k', 0, 0, 0, 4, 0, 0xFF, 0x2F, 0};
    memcpy(bytes + 14U + 12U * i, track, sizeof(track));
  }
  CHECK(midi_file_parse(
          bytes, 14U + 12U * (MIDI_MAX_TRACKS + 1U), &song, &trouble) ==
        STATUS_BAD_FILE);
  CHECK(strstr(trouble.text, "4096 tracks"));
  CHECK(!song);
  free(bytes);
}

static void
test_nothing_is_freed_gladly(void)
{
  midi_song_free(NULL);
}

int
main(void)
{
  RUN(test_odd_files_are_read);
  RUN(test_bad_files_are_refused_with_a_sentence);
  RUN(test_no_file);
  RUN(test_what_a_song_says);
  RUN(test_how_notes_are_paired);
  RUN(test_texts_are_clean);
  RUN(test_songs_come_back);
  RUN(test_bytes_without_a_file);
  RUN(test_overlaps_are_cut_when_written);
  RUN(test_writing_fails_whole);
  RUN(test_wrong_values_are_not_taken);
  RUN(test_every_prefix_is_survived);
  RUN(test_too_large_is_refused);
  RUN(test_nothing_is_freed_gladly);
  CHECK_END();
}
