// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/take.h"

#include "midi/midi_file.h"
#include "music/metre.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Files of one name that are told apart by numbers
#define MAX_NUMBERS 10000U

#define MAX_BARS (UI_N_PLAYED > PHRASE_MAX_BARS ? UI_N_PLAYED : PHRASE_MAX_BARS)

static const char* const part_names[N_PARTS] = {
  [PART_MELODY] = "Melody",
  [PART_DRUMS]  = "Drums",
};

static const PortIndex channels[N_PARTS] = {
  [PART_MELODY] = PORT_MELODY_CHANNEL,
  [PART_DRUMS]  = PORT_DRUM_CHANNEL,
};

/// Bars in the order in which they are to be heard
typedef struct {
  uint32_t n;
  TalkBar  rows[MAX_BARS];
} Bars;

// Which bars
// ---------------------------------------------------------------------

/// The bars of the phrases that sound now
static void
list_phrase(const UiModel* const model, Bars* const bars)
{
  const TalkPlace* const place = &model->place;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const UiPhrase* const phrase = ui_model_phrase(model, place->now[part]);
    for (int32_t i = 0; phrase && i < phrase->head.n_bars; ++i) {
      TalkBar* const bar = &bars->rows[i];
      bar->count         = i;
      bar->bar           = phrase->head.bar + i;
      bar->bar_ticks     = phrase->head.bar_ticks;
      bar->n_beats       = place->n_beats;
      bar->unit          = place->unit;
      bar->bpm           = place->bpm;
      bar->i_bar         = i;
      bar->ids[part]     = place->now[part];
      bars->n = (uint32_t)i + 1U > bars->n ? (uint32_t)i + 1U : bars->n;
    }
  }
}

static void
list_bars(const UiModel* const model,
          const TakeKind       kind,
          const uint32_t       n_bars,
          Bars* const          bars)
{
  memset(bars, 0, sizeof(*bars));
  if (kind == TAKE_PHRASE) {
    list_phrase(model, bars);
    return;
  }
  const uint32_t n = n_bars < model->n_played ? n_bars : model->n_played;
  for (uint32_t i = 0U; i < n; ++i) {
    bars->rows[i] = model->played[model->n_played - n + i];
  }
  bars->n = n;
}

bool
take_is_there(const UiModel* const model,
              const TakeKind       kind,
              const uint32_t       n_bars)
{
  Bars bars;
  list_bars(model, kind, n_bars, &bars);
  return bars.n;
}

// Their notes
// --------------------------------------------------------------------

/// Ticks from a bar's beginning for which notes may ring: on into bars that
/// follow it in the song
static uint32_t
ring_room(const Bars* const bars, const uint32_t i)
{
  uint32_t room = (uint32_t)bars->rows[i].bar_ticks;
  for (uint32_t k = i + 1U;
       k < bars->n && bars->rows[k].bar == bars->rows[k - 1U].bar + 1;
       ++k) {
    room += (uint32_t)bars->rows[k].bar_ticks;
  }
  return room;
}

/// Append the notes of a part that begin in a bar
static Status
add_bar(const UiModel* const model,
        const Bars* const    bars,
        const uint32_t       i,
        const Part           part,
        const uint32_t       tick,
        const uint32_t       i_track,
        MidiSong* const      song)
{
  const TalkBar* const  bar     = &bars->rows[i];
  const UiPhrase* const phrase  = ui_model_phrase(model, bar->ids[part]);
  const uint32_t        ticks   = (uint32_t)bar->bar_ticks;
  const uint32_t        begin   = (uint32_t)bar->i_bar * ticks;
  const uint32_t        room    = ring_room(bars, i);
  const float           channel = model->ports[channels[part]];
  Status                st      = STATUS_SUCCESS;
  for (uint32_t k = 0U; !st && phrase && k < phrase->n_notes; ++k) {
    const Note* const note = &phrase->notes[k];
    if (note->tick < begin || note->tick >= begin + ticks) {
      continue;
    }
    const uint32_t in   = note->tick - begin;
    const uint32_t most = room - in;
    const MidiNote made = {
      tick + in,
      note->length < most ? note->length : most,
      note->key,
      note->velocity,
      (uint8_t)(channel - 0.5f), // 1 .. 16, as whole numbers
    };
    st = midi_song_add_note(song, i_track, made);
  }
  return st;
}

/// Whether a part sounds anywhere in these bars
static bool
has_part(const UiModel* const model, const Bars* const bars, const Part part)
{
  for (uint32_t i = 0U; i < bars->n; ++i) {
    const UiPhrase* const phrase =
      ui_model_phrase(model, bars->rows[i].ids[part]);
    if (phrase && phrase->n_notes) {
      return true;
    }
  }
  return false;
}

static Status
add_part(const UiModel* const model,
         const Bars* const    bars,
         const Part           part,
         MidiSong* const      song)
{
  Status   st   = midi_song_add_track(song, part_names[part]);
  uint32_t tick = 0U;
  for (uint32_t i = 0U; !st && i < bars->n; ++i) {
    st = add_bar(model, bars, i, part, tick, song->n_tracks - 1U, song);
    tick += (uint32_t)bars->rows[i].bar_ticks;
  }
  return st;
}

/// Say tempo and metre where they begin and where they change
static Status
add_times(const Bars* const bars, MidiSong* const song)
{
  Status   st   = STATUS_SUCCESS;
  uint32_t tick = 0U;
  for (uint32_t i = 0U; !st && i < bars->n; ++i) {
    const TalkBar* const bar    = &bars->rows[i];
    const TalkBar* const before = i ? bar - 1 : NULL;
    if (bar->bpm > 0.0f &&
        (!before || before->bpm < bar->bpm || before->bpm > bar->bpm)) {
      st = midi_song_add_tempo(song, tick, (double)bar->bpm);
    }
    if (!st && (!before || before->n_beats != bar->n_beats ||
                before->unit != bar->unit)) {
      st = midi_song_add_metre(
        song, tick, (uint8_t)bar->n_beats, (uint8_t)bar->unit);
    }
    tick += (uint32_t)bar->bar_ticks;
  }
  song->end_tick = tick;
  return st;
}

static Status
make_song(const UiModel* const model,
          const Bars* const    bars,
          MidiSong** const     song,
          Trouble* const       trouble)
{
  MidiSong* const made = midi_song_new(TICKS_PER_QUARTER);
  Status          st   = made ? add_times(bars, made) : STATUS_NO_MEM;
  for (unsigned part = 0U; !st && part < N_PARTS; ++part) {
    if (has_part(model, bars, (Part)part)) {
      st = add_part(model, bars, (Part)part, made);
    }
  }
  if (!st && !made->n_tracks) {
    st = STATUS_BAD_ARG;
  }
  if (st) {
    midi_song_free(made);
    return trouble_say(trouble,
                       st,
                       "%s",
                       st == STATUS_BAD_ARG
                         ? "There is no music to take yet: let it play first"
                         : status_text(st));
  }
  *song = made;
  return STATUS_SUCCESS;
}

// The file
// -----------------------------------------------------------------------

/// What a file is called, without its ending
static void
name_of(const UiModel* const model,
        const TakeKind       kind,
        const Bars* const    bars,
        char* const          name,
        const size_t         size)
{
  // Bars from 1, as hosts count; those before the first keep their sign
  const int first = bars->rows[0].bar + 1;
  const int last  = bars->rows[bars->n - 1U].bar + 1;
  const int n     = snprintf(name,
                         size,
                         "perpetuo-seed%.0f-%s%d",
                         (double)model->ports[PORT_SEED],
                         kind == TAKE_PHRASE ? "phrase" : "bar",
                         first);
  if (kind == TAKE_BARS && bars->n > 1U && n > 0 && (size_t)n < size) {
    (void)snprintf(name + n, size - (size_t)n, "-%d", last);
  }
}

static bool
is_same(const char* const one, const char* const other)
{
  FILE* const a       = fopen(one, "rb");
  FILE* const b       = fopen(other, "rb");
  bool        is_like = a && b;
  while (is_like) {
    char         some[4096];
    char         more[4096];
    const size_t n = fread(some, 1U, sizeof(some), a);
    const size_t m = fread(more, 1U, sizeof(more), b);
    is_like        = n == m && !memcmp(some, more, n);
    if (n < sizeof(some)) {
      is_like = is_like && !ferror(a) && !ferror(b);
      break;
    }
  }
  if (a) {
    fclose(a);
  }
  if (b) {
    fclose(b);
  }
  return is_like;
}

/// Give a file a name that nobody has.  @return 0, or the error.
static int
put_there(const char* const fresh, const char* const path)
{
  if (!link(fresh, path)) {
    (void)unlink(fresh);
    return 0;
  }
  if (errno == EEXIST) {
    return EEXIST;
  }

  // Some file systems have no links: the name is taken first
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (fd < 0) {
    return errno;
  }
  close(fd);
  return rename(fresh, path) ? errno : 0;
}

/// Find it a name, or the same file that is there already
static Status
settle(const char* const fresh,
       const char* const folder,
       const char* const name,
       char* const       path,
       bool* const       is_new,
       Trouble* const    trouble)
{
  int error = EEXIST;
  *is_new   = false;
  for (unsigned i = 1U; error == EEXIST && i <= MAX_NUMBERS; ++i) {
    char number[16] = "";
    if (i > 1U) {
      (void)snprintf(number, sizeof(number), "-%u", i);
    }
    const int n =
      snprintf(path, TAKE_MAX_PATH, "%s/%s%s.mid", folder, name, number);
    if (n < 0 || n >= (int)TAKE_MAX_PATH) {
      error = ENAMETOOLONG;
      break;
    }
    error   = put_there(fresh, path);
    *is_new = !error;
    if (error == EEXIST && is_same(fresh, path)) {
      (void)unlink(fresh);
      return STATUS_SUCCESS;
    }
  }
  return error ? trouble_say(trouble,
                             STATUS_NO_WRITE,
                             "Nothing can be written into %.200s: %s",
                             folder,
                             strerror(error))
               : STATUS_SUCCESS;
}

/// Write a song under a name of its own for the moment
static Status
write_fresh(const MidiSong* const song,
            const char* const     folder,
            char* const           fresh,
            Trouble* const        trouble)
{
  const int n  = snprintf(fresh, TAKE_MAX_PATH, "%s/.perpetuo-XXXXXX", folder);
  const int fd = n > 0 && n < (int)TAKE_MAX_PATH ? mkstemp(fresh) : -1;
  if (fd < 0) {
    const int error = n < (int)TAKE_MAX_PATH ? errno : ENAMETOOLONG;
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "Nothing can be written into %.200s: %s",
                       folder,
                       strerror(error));
  }

  // Readable for others, as files are that programs make
  const mode_t mask = umask(0077);
  (void)umask(mask);
  (void)fchmod(fd, 0666 & ~mask);
  close(fd);
  const Status st = midi_file_save(fresh, song, trouble);
  if (st) {
    (void)unlink(fresh);
    return trouble_say(trouble,
                       st,
                       "The music cannot be written into %.200s: is there room "
                       "on the disk?",
                       folder);
  }
  return STATUS_SUCCESS;
}

Status
take_write(const UiModel* const model,
           const TakeKind       kind,
           const uint32_t       n_bars,
           const char* const    folder,
           char* const          path,
           bool* const          is_new,
           Trouble* const       trouble)
{
  Bars      bars;
  MidiSong* song    = NULL;
  bool      is_made = false;
  char      fresh[TAKE_MAX_PATH];
  list_bars(model, kind, n_bars, &bars);

  Status st = make_song(model, &bars, &song, trouble);
  st        = st ? st : folder_make(folder, trouble);
  st        = st ? st : write_fresh(song, folder, fresh, trouble);
  if (!st) {
    char name[128];
    name_of(model, kind, &bars, name, sizeof(name));
    st = settle(fresh, folder, name, path, &is_made, trouble);
    if (st) {
      (void)unlink(fresh);
    }
  }
  if (is_new) {
    *is_new = is_made;
  }
  midi_song_free(song);
  return st;
}
