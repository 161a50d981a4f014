// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/take.h"

#include "midi/midi_file.h"
#include "music/metre.h"
#include "plugin/ui/put_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(TAKE_MAX_PATH == PUT_MAX_PATH, "a path fits wherever it goes");

/// A tempo that is measured moves a little; so much of it is no change, bpm
static const double slack_bpm = 0.01;

static const struct {
  PortIndex   channel;
  unsigned    state; ///< Bit of TalkPlace: the plugin sounds it
  const char* name;
} parts[N_PARTS] = {
  [PART_MELODY] = {PORT_MELODY_CHANNEL, TALK_HAS_MELODY, "Melody"},
  [PART_DRUMS]  = {PORT_DRUM_CHANNEL, TALK_HAS_DRUMS, "Drums"},
};

/// Bars that are taken
typedef struct {
  const UiModel* model;
  const TalkBar* bars;
  uint32_t       n_bars;
  TalkBar        phrase[PHRASE_MAX_BARS]; ///< Where bars of a phrase are put
} Stretch;

// Which bars ------------------------------------------------------------------

/// A part's phrase in a bar; null when it does not sound, or is not known
static const UiPhrase*
phrase_in(const UiModel* const model, const TalkBar* const bar, const Part part)
{
  const unsigned state = (unsigned)model->place.state;
  const bool     has   = !model->has_place || state & parts[part].state;
  return has && bar->ids[part] ? ui_model_phrase(model, bar->ids[part]) : NULL;
}

/// The bars of the phrases that sound now
static void
take_phrase(Stretch* const self)
{
  const TalkPlace* const place = &self->model->place;
  TalkBar                bar;
  memset(&bar, 0, sizeof(bar));
  memcpy(bar.ids, place->now, sizeof(bar.ids));
  bar.n_beats = place->n_beats;
  bar.unit    = place->unit;
  bar.bpm     = place->bpm;

  for (unsigned part = N_PARTS; part-- > 0U;) {
    const UiPhrase* const phrase = phrase_in(self->model, &bar, (Part)part);
    if (phrase) {
      const uint32_t n_bars = (uint32_t)phrase->head.n_bars;
      bar.bar               = phrase->head.bar;
      bar.bar_ticks         = phrase->head.bar_ticks;
      self->n_bars          = n_bars > self->n_bars ? n_bars : self->n_bars;
    }
  }
  self->n_bars =
    self->n_bars < PHRASE_MAX_BARS ? self->n_bars : PHRASE_MAX_BARS;
  for (uint32_t i = 0U; i < self->n_bars; ++i) {
    self->phrase[i]       = bar;
    self->phrase[i].bar   = (int32_t)((uint32_t)bar.bar + i);
    self->phrase[i].i_bar = (int32_t)i;
    self->phrase[i].count = (int32_t)i;
  }
  self->bars = self->phrase;
}

static void
take_bars(Stretch* const self, const uint32_t n_bars)
{
  const UiModel* const model = self->model;
  self->n_bars = n_bars < model->n_played ? n_bars : model->n_played;
  self->bars   = &model->played[model->n_played - self->n_bars];
}

static void
find_stretch(Stretch* const       self,
             const UiModel* const model,
             const TakeKind       kind,
             const uint32_t       n_bars)
{
  memset(self, 0, sizeof(*self));
  self->model = model;
  if (kind == TAKE_BARS) {
    take_bars(self, n_bars);
  } else if (model->has_place) {
    take_phrase(self);
  }
}

// Which notes -----------------------------------------------------------------

/// The notes of a phrase in one of its bars
typedef struct {
  const UiPhrase* phrase; ///< Null: none
  uint32_t        begin;  ///< Tick of the bar in its phrase
  uint32_t        ticks;  ///< Length of the bar
} BarNotes;

static BarNotes
notes_in(const Stretch* const self, const uint32_t i_bar, const Part part)
{
  const TalkBar* const  bar    = &self->bars[i_bar];
  const UiPhrase* const phrase = phrase_in(self->model, bar, part);
  const BarNotes        none   = {NULL, 0U, 0U};
  if (!phrase || bar->i_bar < 0 || bar->i_bar >= phrase->head.n_bars ||
      bar->bar_ticks <= 0 || phrase->head.bar_ticks <= 0) {
    return none;
  }
  // Both are of one metre, unless a message told otherwise
  const int32_t  own = phrase->head.bar_ticks;
  const uint32_t ticks =
    (uint32_t)(bar->bar_ticks < own ? bar->bar_ticks : own);
  const BarNotes notes = {phrase, (uint32_t)own * (uint32_t)bar->i_bar, ticks};
  return notes;
}

static bool
starts_in(const BarNotes* const bar, const Note* const note)
{
  return note->tick >= bar->begin && note->tick - bar->begin < bar->ticks;
}

static bool
has_notes(const Stretch* const self, const Part part)
{
  for (uint32_t i = 0U; i < self->n_bars; ++i) {
    const BarNotes bar = notes_in(self, i, part);
    for (uint32_t k = 0U; bar.phrase && k < bar.phrase->n_notes; ++k) {
      if (starts_in(&bar, &bar.phrase->notes[k])) {
        return true;
      }
    }
  }
  return false;
}

static bool
has_any_notes(const Stretch* const self)
{
  return has_notes(self, PART_MELODY) || has_notes(self, PART_DRUMS);
}

bool
take_is_there(const UiModel* const model,
              const TakeKind       kind,
              const uint32_t       n_bars)
{
  Stretch stretch;
  find_stretch(&stretch, model, kind, n_bars);
  return has_any_notes(&stretch);
}

// As a song -------------------------------------------------------------------

/// Whether a part's music goes on from a bar into the one that follows it here;
/// the player ends what sounds where it does not
static bool
goes_on(const Stretch* const self, const uint32_t i_bar, const Part part)
{
  const TalkBar* const a = &self->bars[i_bar];
  const TalkBar* const b = a + 1;
  return i_bar + 1U < self->n_bars && b->ids[part] == a->ids[part] &&
         (int64_t)b->bar == (int64_t)a->bar + 1 && b->i_bar == a->i_bar + 1;
}

/// Where a note that begins in a bar may ring to at most
static uint32_t
end_of(const Stretch* const self,
       uint32_t             i_bar,
       uint32_t             begin,
       const Part           part)
{
  while (goes_on(self, i_bar, part)) {
    begin += (uint32_t)self->bars[i_bar++].bar_ticks;
  }
  return begin + (uint32_t)self->bars[i_bar].bar_ticks;
}

static uint8_t
channel_of(const UiModel* const model, const Part part)
{
  const float channel = model->ports[parts[part].channel];
  return channel >= 1.0f && channel <= (float)N_CHANNELS
           ? (uint8_t)(lroundf(channel) - 1)
           : 0U;
}

/// The notes that begin in a bar.  @param begin Its tick in the song.
static Status
add_bar(const Stretch* const self,
        const uint32_t       i_bar,
        const uint32_t       begin,
        const Part           part,
        MidiSong* const      song)
{
  const BarNotes bar = notes_in(self, i_bar, part);
  const uint32_t end = end_of(self, i_bar, begin, part);
  Status         st  = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && bar.phrase && i < bar.phrase->n_notes; ++i) {
    const Note* const from = &bar.phrase->notes[i];
    if (starts_in(&bar, from)) {
      const uint32_t tick = begin + from->tick - bar.begin;
      const uint32_t left = end - tick;
      const MidiNote note = {tick,
                             from->length < left ? from->length : left,
                             from->key,
                             from->velocity,
                             channel_of(self->model, part)};
      st                  = midi_song_add_note(song, song->n_tracks - 1U, note);
    }
  }
  return st;
}

static Status
add_part(const Stretch* const self, const Part part, MidiSong* const song)
{
  if (!has_notes(self, part)) {
    return STATUS_SUCCESS;
  }

  uint32_t begin = 0U;
  Status   st    = midi_song_add_track(song, parts[part].name);
  for (uint32_t i = 0U; !st && i < self->n_bars; ++i) {
    st = add_bar(self, i, begin, part, song);
    begin += (uint32_t)self->bars[i].bar_ticks;
  }
  return st;
}

/// The metre of a bar, as a file can say it, so that bar lines stand where they
/// were: also for metres that are cut, see metre.h
static Metre
metre_of(const TalkBar* const bar)
{
  static const uint8_t units[] = {4U, 8U, 16U, 32U};
  const uint32_t       whole   = 4U * TICKS_PER_QUARTER;
  const uint32_t       ticks   = (uint32_t)bar->bar_ticks;
  const uint32_t       n       = (uint32_t)bar->n_beats;
  const uint32_t       unit    = (uint32_t)bar->unit;
  if (n && n < 256U && unit && unit <= 64U && !(unit & (unit - 1U)) &&
      n * whole / unit == ticks) {
    const Metre metre = {(uint8_t)n, (uint8_t)unit};
    return metre;
  }
  for (unsigned i = 0U; i < sizeof(units); ++i) {
    const uint32_t beat = whole / units[i];
    if (ticks && ticks % beat == 0U && ticks / beat < 256U) {
      const Metre metre = {(uint8_t)(ticks / beat), units[i]};
      return metre;
    }
  }
  const Metre usual = {4U, 4U};
  return usual;
}

/// The tempo of a bar, as a file can say it
static double
tempo_of(const UiModel* const model, const TalkBar* const bar)
{
  const double said  = (double)bar->bpm;
  const double asked = (double)model->ports[PORT_TEMPO];
  const double bpm   = said > 0.0 ? said : asked > 0.0 ? asked : 120.0;
  const double least = 4.0;
  const double most  = 10000.0;
  // What a float makes of 123.4 is not meant
  return bpm < least ? least : bpm > most ? most : round(bpm * 1000.0) / 1000.0;
}

/// Tempos and metres where they change, and the end
static Status
add_time(const Stretch* const self, MidiSong* const song)
{
  Metre    metre = {0U, 0U};
  double   bpm   = 0.0;
  uint32_t tick  = 0U;
  Status   st    = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < self->n_bars; ++i) {
    const Metre  new_metre = metre_of(&self->bars[i]);
    const double new_bpm   = tempo_of(self->model, &self->bars[i]);
    if (fabs(new_bpm - bpm) > slack_bpm) {
      bpm = new_bpm;
      st  = midi_song_add_tempo(song, tick, bpm);
    }
    if (!st &&
        (new_metre.n_beats != metre.n_beats || new_metre.unit != metre.unit)) {
      metre = new_metre;
      st    = midi_song_add_metre(song, tick, metre.n_beats, metre.unit);
    }
    tick += (uint32_t)self->bars[i].bar_ticks;
  }
  song->end_tick = tick;
  return st;
}

static uint32_t
seed_of(const UiModel* const model)
{
  const float seed = model->ports[PORT_SEED];
  return seed >= 0.0f && seed <= 16777216.0f ? (uint32_t)lroundf(seed) : 0U;
}

static Status
make_song(const Stretch* const self, MidiSong** const song)
{
  MidiSong* const fresh = midi_song_new(TICKS_PER_QUARTER);
  if (!fresh) {
    return STATUS_NO_MEM;
  }

  snprintf(fresh->name,
           sizeof(fresh->name),
           "Perpetuo, seed %u",
           seed_of(self->model));
  Status st = add_time(self, fresh);
  st        = st ? st : add_part(self, PART_MELODY, fresh);
  st        = st ? st : add_part(self, PART_DRUMS, fresh);
  if (st) {
    midi_song_free(fresh);
    return st;
  }
  *song = fresh;
  return STATUS_SUCCESS;
}

// As a file -------------------------------------------------------------------

static bool
is_in_a_row(const Stretch* const self)
{
  for (uint32_t i = 1U; i < self->n_bars; ++i) {
    if ((int64_t)self->bars[i].bar != (int64_t)self->bars[i - 1U].bar + 1) {
      return false;
    }
  }
  return true;
}

/// A name by which its music is found again in the song.  Bars count from 1.
static void
make_stem(const Stretch* const self,
          const TakeKind       kind,
          const size_t         room,
          char* const          stem)
{
  const uint32_t seed  = seed_of(self->model);
  const int64_t  first = (int64_t)self->bars[0].bar + 1;
  const int64_t  last  = (int64_t)self->bars[self->n_bars - 1U].bar + 1;
  if (kind != TAKE_BARS) {
    snprintf(stem, room, "perpetuo-seed%u-phrase%lld", seed, (long long)first);
  } else if (self->n_bars == 1U) {
    snprintf(stem, room, "perpetuo-seed%u-bar%lld", seed, (long long)first);
  } else {
    const int n = snprintf(stem,
                           room,
                           "perpetuo-seed%u-bar%lld-%lld",
                           seed,
                           (long long)first,
                           (long long)last);
    if (!is_in_a_row(self) && n > 0 && (size_t)n < room) {
      snprintf(stem + n, room - (size_t)n, "-%ubars", self->n_bars);
    }
  }
}

/// Why there is nothing
static Status
refuse(const Stretch* const self, const TakeKind kind, Trouble* const trouble)
{
  static const char* const words[] = {
    [TAKE_PHRASE] = "There is no phrase to take yet: let it play first",
    [TAKE_BARS]   = "There are no bars to take yet: let it play first",
  };
  return trouble_say(trouble,
                     STATUS_BAD_ARG,
                     "%s",
                     self->n_bars ? "There is not one note in it to take"
                                  : words[kind]);
}

static Status
put_song(const Stretch* const  self,
         const TakeKind        kind,
         const MidiSong* const song,
         const char* const     folder,
         char* const           path,
         bool* const           is_new,
         Trouble* const        trouble)
{
  char     stem[96];
  uint8_t* bytes   = NULL;
  size_t   n_bytes = 0U;
  Status   st      = midi_file_form(song, &bytes, &n_bytes, trouble);
  if (!st) {
    make_stem(self, kind, sizeof(stem), stem);
    st = put_new(folder, stem, "mid", bytes, n_bytes, path, is_new, trouble);
  }
  free(bytes);
  return st;
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
  Stretch   stretch;
  MidiSong* song                 = NULL;
  bool      is_made              = false;
  char      found[TAKE_MAX_PATH] = "";
  path[0]                        = '\0';
  find_stretch(&stretch, model, kind, n_bars);
  if (!has_any_notes(&stretch)) {
    return refuse(&stretch, kind, trouble);
  }
  if (folder[0] != '/') {
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       folder[0]
                         ? "A folder's path has to begin with / or ~"
                         : "There is no folder to write into: choose one");
  }

  Status st = make_song(&stretch, &song);
  if (st) {
    return trouble_say(trouble, st, "%s", status_text(st));
  }
  st = put_folder(folder, trouble);
  st =
    st ? st : put_song(&stretch, kind, song, folder, found, &is_made, trouble);
  midi_song_free(song);
  if (!st) {
    memcpy(path, found, strlen(found) + 1U);
  }
  if (is_new) {
    *is_new = is_made;
  }
  return st;
}
