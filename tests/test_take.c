// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Music that is taken away: every note, metre and tempo of the file

#include "plugin/ui/take.h"

#include "midi/midi_file.h"

#include "tests/check.h"
#include "tests/folder.h"

#include <dirent.h>
#include <sys/stat.h>

#define BAR 3840U

static Folder  place;
static UiModel model;

// A model by hand -------------------------------------------------------------

static void
begin(void)
{
  CHECK(folder_make(&place));
  CHECK(ui_model_init(&model));
  model.has_place                  = true;
  model.place.state                = TALK_HAS_MELODY | TALK_HAS_DRUMS;
  model.place.bar                  = 17;
  model.place.bar_ticks            = (int32_t)BAR;
  model.place.n_beats              = 4;
  model.place.unit                 = 4;
  model.place.bpm                  = 128.0f;
  model.place.i_bar                = 1;
  model.ports[PORT_SEED]           = 7.0f;
  model.ports[PORT_MELODY_CHANNEL] = 3.0f;
  model.ports[PORT_DRUM_CHANNEL]   = 10.0f;
}

static void
end(void)
{
  ui_model_clear(&model);
  folder_free(&place);
}

/// A phrase without notes, in the model's next free place
static UiPhrase*
add_phrase(const int32_t  id,
           const Part     part,
           const int32_t  bar,
           const int32_t  n_bars,
           const uint32_t bar_ticks)
{
  unsigned i = 0U;
  while (model.phrases[i].id) {
    ++i;
  }
  UiPhrase* const phrase = &model.phrases[i];
  phrase->id             = (uint32_t)id;
  phrase->head.id        = id;
  phrase->head.part      = (int32_t)part;
  phrase->head.bar       = bar;
  phrase->head.n_bars    = n_bars;
  phrase->head.bar_ticks = (int32_t)bar_ticks;
  return phrase;
}

static void
add_note(UiPhrase* const phrase,
         const uint32_t  tick,
         const uint32_t  length,
         const uint8_t   key,
         const uint8_t   velocity)
{
  const Note note                  = {tick, length, key, velocity};
  phrase->notes[phrase->n_notes++] = note;
  phrase->head.n_notes             = (int32_t)phrase->n_notes;
}

static TalkBar*
add_bar(const int32_t bar,
        const int32_t i_bar,
        const int32_t melody,
        const int32_t drums)
{
  TalkBar* const to    = &model.played[model.n_played];
  to->count            = (int32_t)model.n_played++;
  to->bar              = bar;
  to->bar_ticks        = (int32_t)BAR;
  to->n_beats          = 4;
  to->unit             = 4;
  to->bpm              = 128.0f;
  to->i_bar            = i_bar;
  to->ids[PART_MELODY] = melody;
  to->ids[PART_DRUMS]  = drums;
  return to;
}

/// Four bars of each part, a note at the beginning of each bar
static void
add_song(void)
{
  UiPhrase* const melody = add_phrase(1, PART_MELODY, 16, 4, BAR);
  UiPhrase* const drums  = add_phrase(2, PART_DRUMS, 16, 4, BAR);
  for (uint32_t i = 0U; i < 4U; ++i) {
    add_note(melody, i * BAR, 480U, (uint8_t)(60U + i), (uint8_t)(80U + i));
    add_note(drums, i * BAR, 100U, 36U, (uint8_t)(100U + i));
  }
  model.place.now[PART_MELODY] = 1;
  model.place.now[PART_DRUMS]  = 2;
}

// What is in a file -----------------------------------------------------------

typedef struct {
  uint32_t tick, length, key, velocity;
} Expected;

/// Whether a track has these notes and no other, all on one channel
static bool
is_track(const MidiSong* const song,
         const char* const     name,
         const unsigned        channel,
         const unsigned        n,
         const Expected* const notes)
{
  uint32_t i = 0U;
  while (i < song->n_tracks && strcmp(song->tracks[i].name, name)) {
    ++i;
  }
  if (i == song->n_tracks || song->tracks[i].n_notes != n) {
    return false;
  }
  for (unsigned k = 0U; k < n; ++k) {
    const MidiNote* const note = &song->tracks[i].notes[k];
    if (note->tick != notes[k].tick || note->length != notes[k].length ||
        note->key != notes[k].key || note->velocity != notes[k].velocity ||
        note->channel != channel) {
      fprintf(stderr,
              "%s: note %u is at %u for %u, key %u, velocity %u\n",
              name,
              k,
              note->tick,
              note->length,
              note->key,
              note->velocity);
      return false;
    }
  }
  return true;
}

/// Take, and read back.  Memory: the caller frees it; null when that failed.
static MidiSong*
take(const TakeKind kind, const uint32_t n_bars, char* const path)
{
  MidiSong* song    = NULL;
  Trouble   trouble = {""};
  CHECK(take_is_there(&model, kind, n_bars));
  CHECK(!take_write(&model, kind, n_bars, place.path, path, NULL, &trouble));
  CHECK(!trouble.text[0]);
  CHECK(!midi_file_load(path, &song, &trouble));
  CHECK(song && song->ticks_per_quarter == 960U && !song->n_warnings);
  return song;
}

static bool
is_named(const char* const path, const char* const name)
{
  const size_t n = strlen(place.path);
  return !strncmp(path, place.path, n) && path[n] == '/' &&
         !strcmp(path + n + 1U, name);
}

/// Tracks in a file, also those without notes, which nobody reads
static unsigned
n_tracks_in(const char* const path)
{
  unsigned char bytes[12] = {0U};
  FILE* const   file      = fopen(path, "rb");
  const size_t  n         = file ? fread(bytes, 1U, sizeof(bytes), file) : 0U;
  if (file) {
    fclose(file);
  }
  return n == sizeof(bytes) ? bytes[11] : 0U;
}

/// Files in the folder, hidden ones too
static unsigned
n_files(void)
{
  unsigned   n      = 0U;
  DIR* const folder = opendir(place.path);
  for (const struct dirent* entry = NULL; folder && (entry = readdir(folder));
       n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
  }
  if (folder) {
    closedir(folder);
  }
  return n;
}

// Tests -----------------------------------------------------------------------

static void
test_a_phrase(void)
{
  static const Expected melody[] = {{0U, 480U, 60U, 80U},
                                    {BAR, 480U, 61U, 81U},
                                    {2U * BAR, 480U, 62U, 82U},
                                    {3U * BAR, 480U, 63U, 83U}};
  static const Expected drums[]  = {{0U, 100U, 36U, 100U},
                                    {BAR, 100U, 36U, 101U},
                                    {2U * BAR, 100U, 36U, 102U},
                                    {3U * BAR, 100U, 36U, 103U}};
  char                  path[TAKE_MAX_PATH];
  begin();
  add_song();
  MidiSong* const song = take(TAKE_PHRASE, 0U, path);
  CHECK(is_named(path, "perpetuo-seed7-phrase17.mid"));
  CHECK(song->n_tracks == 2U);
  CHECK(!strcmp(song->tracks[0].name, "Melody"));
  CHECK(!strcmp(song->tracks[1].name, "Drums"));
  CHECK(is_track(song, "Melody", 2U, 4U, melody));
  CHECK(is_track(song, "Drums", 9U, 4U, drums));
  CHECK(song->n_tempos == 1U && song->tempos[0].us_per_quarter == 468750U);
  CHECK(song->n_metres == 1U && song->metres[0].n_beats == 4U);
  CHECK(song->end_tick == 4U * BAR);
  midi_song_free(song);
  end();
}

/// Notes ring on into what follows, and no farther than it goes
static void
test_bars(void)
{
  static const Expected two[] = {{0U, 480U, 61U, 81U},
                                 {3000U, 2000U, 70U, 90U},
                                 {BAR, 480U, 62U, 82U},
                                 {BAR + 3000U, 840U, 71U, 90U}};
  char                  path[TAKE_MAX_PATH];
  begin();
  add_song();
  UiPhrase* const melody = &model.phrases[0];
  add_note(melody, BAR + 3000U, 2000U, 70U, 90U);
  add_note(melody, 2U * BAR + 3000U, 2000U, 71U, 90U);
  for (int32_t i = 0; i < 3; ++i) {
    add_bar(16 + i, i, 1, 2);
  }
  MidiSong* song = take(TAKE_BARS, 2U, path);
  CHECK(is_named(path, "perpetuo-seed7-bar18-19.mid"));
  CHECK(is_track(song, "Melody", 2U, 4U, two));
  CHECK(song->end_tick == 2U * BAR);
  midi_song_free(song);

  song = take(TAKE_BARS, 1U, path);
  CHECK(is_named(path, "perpetuo-seed7-bar19.mid"));
  CHECK(song->end_tick == BAR);
  midi_song_free(song);

  // More than there are
  song = take(TAKE_BARS, 4000000000U, path);
  CHECK(is_named(path, "perpetuo-seed7-bar17-19.mid"));
  CHECK(song->end_tick == 3U * BAR);
  midi_song_free(song);
  end();
}

/// After a jump, bars stand in the order in which they were heard, and what
/// rang was ended there
static void
test_loops(void)
{
  static const Expected melody[] = {{0U, 480U, 60U, 80U},
                                    {BAR, 480U, 61U, 81U},
                                    {BAR + 3000U, 840U, 70U, 90U},
                                    {2U * BAR, 480U, 60U, 80U},
                                    {3U * BAR, 480U, 61U, 81U},
                                    {3U * BAR + 3000U, 840U, 70U, 90U}};
  char                  path[TAKE_MAX_PATH];
  begin();
  add_song();
  add_note(&model.phrases[0], BAR + 3000U, 2000U, 70U, 90U);
  for (int32_t i = 0; i < 4; ++i) {
    add_bar(16 + i % 2, i % 2, 1, 2);
  }
  MidiSong* const song = take(TAKE_BARS, 4U, path);
  CHECK(is_named(path, "perpetuo-seed7-bar17-18-4bars.mid"));
  CHECK(is_track(song, "Melody", 2U, 6U, melody));
  midi_song_free(song);
  end();
}

/// A phrase that is held begins anew in the next bar, or elsewhere
static void
test_held_bars(void)
{
  static const Expected melody[] = {{0U, 480U, 63U, 83U},
                                    {3000U, 840U, 70U, 90U},
                                    {BAR, 480U, 60U, 80U},
                                    {BAR + 3000U, 840U, 71U, 90U},
                                    {2U * BAR, 480U, 61U, 81U}};
  char                  path[TAKE_MAX_PATH];
  begin();
  add_song();
  add_note(&model.phrases[0], 3U * BAR + 3000U, 2000U, 70U, 90U);
  add_note(&model.phrases[0], 3000U, 2000U, 71U, 90U);
  add_bar(19, 3, 1, 2);
  add_bar(20, 0, 1, 2);
  add_bar(37, 1, 1, 2);
  MidiSong* const song = take(TAKE_BARS, 3U, path);
  CHECK(is_track(song, "Melody", 2U, 5U, melody));
  midi_song_free(song);
  end();
}

/// Where another phrase goes on, what rang in the one before has ended
static void
test_another_phrase(void)
{
  static const Expected melody[] = {{0U, BAR, 50U, 60U}, {BAR, 10U, 52U, 60U}};
  char                  path[TAKE_MAX_PATH];
  begin();
  add_note(add_phrase(1, PART_MELODY, 0, 4, BAR), 0U, 2U * BAR, 50U, 60U);
  add_note(add_phrase(3, PART_MELODY, 0, 4, BAR), BAR, 10U, 52U, 60U);
  add_bar(0, 0, 1, 0);
  add_bar(1, 1, 3, 0);
  MidiSong* const song = take(TAKE_BARS, 2U, path);
  CHECK(is_track(song, "Melody", 2U, 2U, melody));
  CHECK(song->n_tracks == 1U);
  midi_song_free(song);
  end();
}

static void
test_changes_of_time(void)
{
  static const Expected melody[] = {{0U, 10U, 60U, 80U},
                                    {BAR, 10U, 61U, 80U},
                                    {BAR + 2880U, 10U, 62U, 80U},
                                    {BAR + 2U * 2880U, 10U, 63U, 80U}};
  char                  path[TAKE_MAX_PATH];
  begin();
  add_note(add_phrase(1, PART_MELODY, 0, 1, BAR), 0U, 10U, 60U, 80U);
  UiPhrase* const waltz = add_phrase(2, PART_MELODY, 1, 2, 2880U);
  add_note(waltz, 0U, 10U, 61U, 80U);
  add_note(waltz, 2880U, 10U, 62U, 80U);
  add_note(add_phrase(3, PART_MELODY, 3, 1, 3360U), 0U, 10U, 63U, 80U);
  add_bar(0, 0, 1, 0);
  for (int32_t i = 0; i < 2; ++i) {
    TalkBar* const bar = add_bar(1 + i, i, 2, 0);
    bar->n_beats       = 3;
    bar->bar_ticks     = 2880;
    bar->bpm           = 128.004f; // Measured: no change
  }
  TalkBar* const bar = add_bar(3, 0, 3, 0);
  bar->n_beats       = 7;
  bar->unit          = 8;
  bar->bar_ticks     = 3360;
  bar->bpm           = 90.5f;

  MidiSong* const song = take(TAKE_BARS, 4U, path);
  CHECK(is_track(song, "Melody", 2U, 4U, melody));
  CHECK(song->n_tempos == 2U && song->tempos[1].tick == BAR + 2U * 2880U);
  CHECK(song->tempos[0].us_per_quarter == 468750U);
  CHECK(song->tempos[1].us_per_quarter == 662983U);
  CHECK(song->n_metres == 3U);
  CHECK(song->metres[0].tick == 0U && song->metres[0].n_beats == 4U);
  CHECK(song->metres[1].tick == BAR && song->metres[1].n_beats == 3U);
  CHECK(song->metres[1].unit == 4U);
  CHECK(song->metres[2].tick == BAR + 2U * 2880U);
  CHECK(song->metres[2].n_beats == 7U && song->metres[2].unit == 8U);
  CHECK(song->end_tick == BAR + 2U * 2880U + 3360U);
  midi_song_free(song);
  end();
}

/// A file's bar lines stand where they were heard, whatever was told
static void
test_odd_times(void)
{
  static const struct {
    int32_t bar_ticks, n_beats, unit;
    uint8_t file_beats, file_unit;
  } rows[] = {
    {3840, 4, 4, 4U, 4U},
    {2880, 6, 8, 6U, 8U},
    {23040, 64, 2, 24U, 4U}, // A bar that was cut
    {3360, 255, 3, 7U, 8U},
    {120, 9, 200, 1U, 32U},
    {7, 4, 4, 4U, 4U},
  };
  static const float bpm[] = {0.0f, 1.0f, 1e8f}; // None fits into a file
  char               path[TAKE_MAX_PATH];
  begin();
  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    const int32_t id = (int32_t)i + 1;
    add_note(add_phrase(id, PART_MELODY, 0, 1, (uint32_t)rows[i].bar_ticks),
             0U,
             1U,
             60U,
             80U);
    TalkBar* const bar   = add_bar((int32_t)i, 0, id, 0);
    bar->bar_ticks       = rows[i].bar_ticks;
    bar->n_beats         = rows[i].n_beats;
    bar->unit            = rows[i].unit;
    bar->bpm             = bpm[i % 3U];
    MidiSong* const song = take(TAKE_BARS, 1U, path);
    CHECK(song->n_metres == 1U);
    CHECK(song->metres[0].n_beats == rows[i].file_beats);
    CHECK(song->metres[0].unit == rows[i].file_unit);
    CHECK(song->end_tick == (uint32_t)rows[i].bar_ticks);
    CHECK(song->n_tempos == 1U);
    midi_song_free(song);
  }
  end();
}

/// Phrases that were lost on their way are silent, and keep their time
static void
test_gaps(void)
{
  static const Expected melody[] = {{0U, 480U, 60U, 80U},
                                    {3U * BAR, 480U, 63U, 83U}};
  char                  path[TAKE_MAX_PATH];
  begin();
  add_song();
  UiPhrase* const half = add_phrase(5, PART_DRUMS, 16, 4, BAR);
  add_note(half, 0U, 10U, 36U, 90U);
  half->head.n_notes = 2; // Not all was told
  add_bar(16, 0, 1, 5);
  add_bar(17, 1, 0, 0);
  add_bar(18, 2, 99, 99);
  add_bar(19, 3, 1, 5);
  MidiSong* const song = take(TAKE_BARS, 4U, path);
  CHECK(is_track(song, "Melody", 2U, 2U, melody));
  CHECK(song->n_tracks == 1U);
  CHECK(song->end_tick == 4U * BAR);
  midi_song_free(song);
  end();
}

/// What does not sound is not in the file, nor what has no notes there
static void
test_parts(void)
{
  char path[TAKE_MAX_PATH];
  begin();
  add_song();
  model.place.state = TALK_HAS_DRUMS;
  MidiSong* song    = take(TAKE_PHRASE, 0U, path);
  CHECK(song->n_tracks == 1U && !strcmp(song->tracks[0].name, "Drums"));
  midi_song_free(song);

  model.place.state = TALK_HAS_MELODY;
  song              = take(TAKE_PHRASE, 0U, path);
  CHECK(song->n_tracks == 1U && !strcmp(song->tracks[0].name, "Melody"));
  midi_song_free(song);

  // Two bars, the melody in the first only
  model.place.state             = TALK_HAS_MELODY | TALK_HAS_DRUMS;
  model.phrases[0].n_notes      = 1U;
  model.phrases[0].head.n_notes = 1;
  add_bar(16, 0, 1, 2);
  add_bar(17, 1, 1, 2);
  song = take(TAKE_BARS, 1U, path);
  CHECK(song->n_tracks == 1U && !strcmp(song->tracks[0].name, "Drums"));
  CHECK(n_tracks_in(path) == 2U);
  midi_song_free(song);
  end();
}

static void
test_nothing_to_take(void)
{
  char    path[TAKE_MAX_PATH] = "as it was";
  bool    is_new              = true;
  Trouble trouble             = {""};
  begin();
  model.has_place = false;
  CHECK(!take_is_there(&model, TAKE_PHRASE, 0U));
  CHECK(!take_is_there(&model, TAKE_BARS, 8U));
  CHECK(
    take_write(&model, TAKE_PHRASE, 0U, place.path, path, &is_new, &trouble) ==
    STATUS_BAD_ARG);
  CHECK(strstr(trouble.text, "There is no phrase to take yet"));
  CHECK(take_write(&model, TAKE_BARS, 8U, place.path, path, NULL, &trouble) ==
        STATUS_BAD_ARG);
  CHECK(strstr(trouble.text, "There are no bars to take yet"));

  // A phrase without a note is no music
  model.has_place = true;
  add_phrase(1, PART_MELODY, 0, 4, BAR);
  model.place.now[PART_MELODY] = 1;
  CHECK(!take_is_there(&model, TAKE_PHRASE, 0U));
  CHECK(take_write(&model, TAKE_PHRASE, 0U, place.path, path, NULL, NULL) ==
        STATUS_BAD_ARG);

  add_note(&model.phrases[0], 0U, 10U, 60U, 80U);
  add_bar(0, 0, 1, 0);
  CHECK(take_is_there(&model, TAKE_PHRASE, 0U));
  CHECK(take_is_there(&model, TAKE_BARS, 1U));
  CHECK(!take_is_there(&model, TAKE_BARS, 0U));
  CHECK(n_files() == 0U && !path[0]);
  end();
}

static void
test_files(void)
{
  char    path[TAKE_MAX_PATH];
  char    folder[128];
  bool    is_new  = false;
  Trouble trouble = {""};
  begin();
  add_song();
  CHECK(
    !take_write(&model, TAKE_PHRASE, 0U, place.path, path, &is_new, &trouble));
  CHECK(is_new);
  CHECK(
    !take_write(&model, TAKE_PHRASE, 0U, place.path, path, &is_new, &trouble));
  CHECK(!is_new && is_named(path, "perpetuo-seed7-phrase17.mid"));
  CHECK(n_files() == 1U);

  // Another music of that name
  model.phrases[0].notes[0].key = 59U;
  CHECK(
    !take_write(&model, TAKE_PHRASE, 0U, place.path, path, &is_new, &trouble));
  CHECK(is_new && is_named(path, "perpetuo-seed7-phrase17-2.mid"));
  CHECK(n_files() == 2U);

  // A folder that is not there yet
  snprintf(folder, sizeof(folder), "%s/a/b", place.path);
  CHECK(!take_write(&model, TAKE_PHRASE, 0U, folder, path, &is_new, &trouble));
  CHECK(is_new && is_named(path, "a/b/perpetuo-seed7-phrase17.mid"));

  snprintf(
    folder, sizeof(folder), "%s/a/b/perpetuo-seed7-phrase17.mid", place.path);
  CHECK(take_write(&model, TAKE_PHRASE, 0U, folder, path, NULL, &trouble) ==
        STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "a file is where a folder should be"));
  CHECK(take_write(&model, TAKE_PHRASE, 0U, "", path, NULL, &trouble) ==
        STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "choose one"));
  CHECK(take_write(&model, TAKE_PHRASE, 0U, "here", path, NULL, &trouble) ==
        STATUS_NO_WRITE);
  CHECK(n_files() == 3U && !path[0]);
  end();
}

/// A phrase that is held sounds where it was not written for: it keeps its name
static void
test_held_phrases(void)
{
  char path[TAKE_MAX_PATH];
  begin();
  add_song();
  model.place.bar = 41;
  MidiSong* song  = take(TAKE_PHRASE, 0U, path);
  CHECK(is_named(path, "perpetuo-seed7-phrase17.mid"));
  midi_song_free(song);

  // And bars before the first one have names too
  model.phrases[0].head.bar = -4;
  model.ports[PORT_SEED]    = 65535.0f;
  song                      = take(TAKE_PHRASE, 0U, path);
  CHECK(is_named(path, "perpetuo-seed65535-phrase-3.mid"));
  midi_song_free(song);

  // Whatever was told
  model.phrases[0].head.bar = INT32_MAX;
  song                      = take(TAKE_PHRASE, 0U, path);
  CHECK(is_named(path, "perpetuo-seed65535-phrase2147483648.mid"));
  midi_song_free(song);
  for (unsigned i = 0U; i < 2U; ++i) {
    add_bar(i ? INT32_MIN : INT32_MAX, (int32_t)i, 1, 2);
  }
  song = take(TAKE_BARS, 2U, path);
  CHECK(song->end_tick == 2U * BAR);
  midi_song_free(song);
  end();
}

int
main(void)
{
  RUN(test_a_phrase);
  RUN(test_bars);
  RUN(test_loops);
  RUN(test_held_bars);
  RUN(test_another_phrase);
  RUN(test_changes_of_time);
  RUN(test_odd_times);
  RUN(test_gaps);
  RUN(test_parts);
  RUN(test_nothing_to_take);
  RUN(test_files);
  RUN(test_held_phrases);
  CHECK_END();
}
