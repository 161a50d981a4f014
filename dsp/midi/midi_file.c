// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "midi/midi_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_MIDI_KEYS 128U
#define HEADER_BYTES 14U
#define MAX_TICK UINT32_C(0x7FFFFFFF)

// Meta events that mean something here
enum {
  META_TEXT      = 0x01,
  META_NAME      = 0x03,
  META_MARKER    = 0x06,
  META_CUE       = 0x07,
  META_END       = 0x2F,
  META_TEMPO     = 0x51,
  META_METRE     = 0x58,
  META_SIGNATURE = 0x59
};

// ------------------------------------------------------------------- a song

/// Make room for one more element; arrays double as they grow
static void*
grown(void* const array, uint32_t* const room, const uint32_t n, size_t size)
{
  if (n < *room) {
    return array;
  }

  const uint32_t new_room  = *room ? *room * 2U : 16U;
  void* const    new_array = realloc(array, size * new_room);
  if (new_array) {
    *room = new_room;
  }
  return new_array;
}

MidiSong*
midi_song_new(const uint32_t ticks_per_quarter)
{
  MidiSong* const song = (MidiSong*)calloc(1U, sizeof(MidiSong));
  if (song) {
    song->ticks_per_quarter = ticks_per_quarter;
  }
  return song;
}

void
midi_song_free(MidiSong* const song)
{
  if (song) {
    for (uint32_t i = 0U; i < song->n_tracks; ++i) {
      free(song->tracks[i].notes);
    }
    free(song->tracks);
    free(song->tempos);
    free(song->metres);
    free(song->keys);
    free(song->texts);
    free(song);
  }
}

static void
copy_text(char* const to, const char* const from, const size_t n_bytes)
{
  const size_t n =
    n_bytes < MIDI_TEXT_ROOM - 1U ? n_bytes : MIDI_TEXT_ROOM - 1U;
  memcpy(to, from, n);
  to[n] = '\0';
}

Status
midi_song_add_track(MidiSong* const song, const char* const name)
{
  void* const array =
    grown(song->tracks, &song->track_room, song->n_tracks, sizeof(MidiTrack));
  if (!array) {
    return STATUS_NO_MEM;
  }

  song->tracks           = (MidiTrack*)array;
  MidiTrack* const track = &song->tracks[song->n_tracks++];
  memset(track, 0, sizeof(*track));
  memset(track->program, (int)MIDI_NO_PROGRAM, sizeof(track->program));
  copy_text(track->name, name, strlen(name));
  return STATUS_SUCCESS;
}

static Status
add_note(MidiTrack* const track, const MidiNote note)
{
  void* const array =
    grown(track->notes, &track->room, track->n_notes, sizeof(MidiNote));
  if (!array) {
    return STATUS_NO_MEM;
  }

  track->notes                   = (MidiNote*)array;
  track->notes[track->n_notes++] = note;
  return STATUS_SUCCESS;
}

Status
midi_song_add_note(MidiSong* const song,
                   const uint32_t  i_track,
                   const MidiNote  note)
{
  if (i_track >= song->n_tracks || note.key >= N_MIDI_KEYS || !note.length ||
      !note.velocity || note.velocity >= 128U ||
      note.channel >= MIDI_CHANNELS || note.tick > MAX_TICK ||
      note.length > MAX_TICK - note.tick) {
    return STATUS_BAD_ARG;
  }

  const uint32_t end = note.tick + note.length;
  song->end_tick     = end > song->end_tick ? end : song->end_tick;
  return add_note(&song->tracks[i_track], note);
}

static Status
add_tempo(MidiSong* const song, const MidiTempo tempo)
{
  void* const array =
    grown(song->tempos, &song->tempo_room, song->n_tempos, sizeof(MidiTempo));
  if (!array) {
    return STATUS_NO_MEM;
  }

  song->tempos                   = (MidiTempo*)array;
  song->tempos[song->n_tempos++] = tempo;
  return STATUS_SUCCESS;
}

Status
midi_song_add_tempo(MidiSong* const song, const uint32_t tick, const double bpm)
{
  // What three bytes of microseconds can say
  if (!(bpm >= 3.6 && bpm <= 60e6) || tick > MAX_TICK) {
    return STATUS_BAD_ARG;
  }
  return add_tempo(song, (MidiTempo){tick, (uint32_t)(60e6 / bpm + 0.5)});
}

Status
midi_song_add_metre(MidiSong* const song,
                    const uint32_t  tick,
                    const uint8_t   n_beats,
                    const uint8_t   unit)
{
  if (!n_beats || !unit || unit > 64U || (unit & (unit - 1U)) ||
      tick > MAX_TICK) {
    return STATUS_BAD_ARG;
  }

  void* const array =
    grown(song->metres, &song->metre_room, song->n_metres, sizeof(MidiMetre));
  if (!array) {
    return STATUS_NO_MEM;
  }

  song->metres                   = (MidiMetre*)array;
  song->metres[song->n_metres++] = (MidiMetre){tick, n_beats, unit};
  return STATUS_SUCCESS;
}

Status
midi_song_add_key(MidiSong* const song,
                  const uint32_t  tick,
                  const int8_t    n_sharps,
                  const bool      is_minor)
{
  if (n_sharps < -7 || n_sharps > 7 || tick > MAX_TICK) {
    return STATUS_BAD_ARG;
  }

  void* const array =
    grown(song->keys, &song->key_room, song->n_keys, sizeof(MidiKey));
  if (!array) {
    return STATUS_NO_MEM;
  }

  song->keys                 = (MidiKey*)array;
  song->keys[song->n_keys++] = (MidiKey){tick, n_sharps, is_minor};
  return STATUS_SUCCESS;
}

static Status
add_text(MidiSong* const    song,
         const uint32_t     tick,
         const MidiTextKind kind,
         const char* const  text,
         const size_t       n_bytes)
{
  void* const array =
    grown(song->texts, &song->text_room, song->n_texts, sizeof(MidiText));
  if (!array) {
    return STATUS_NO_MEM;
  }

  song->texts          = (MidiText*)array;
  MidiText* const last = &song->texts[song->n_texts++];
  last->tick           = tick;
  last->kind           = kind;
  copy_text(last->text, text, n_bytes);
  return STATUS_SUCCESS;
}

Status
midi_song_add_text(MidiSong* const    song,
                   const uint32_t     tick,
                   const MidiTextKind kind,
                   const char* const  text)
{
  return (unsigned)kind >= N_MIDI_TEXTS || tick > MAX_TICK
           ? STATUS_BAD_ARG
           : add_text(song, tick, kind, text, strlen(text));
}

uint32_t
midi_song_n_notes(const MidiSong* const song)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < song->n_tracks; ++i) {
    n += song->tracks[i].n_notes;
  }
  return n;
}

// ------------------------------------------------------------------ sorting

static int
compare_u32(const uint32_t a, const uint32_t b)
{
  return (a > b) - (a < b);
}

static int
compare_notes(const void* const a, const void* const b)
{
  const MidiNote* const x = (const MidiNote*)a;
  const MidiNote* const y = (const MidiNote*)b;
  const int             t = compare_u32(x->tick, y->tick);
  return t                          ? t
         : x->channel != y->channel ? x->channel - y->channel
         : x->key != y->key         ? x->key - y->key
                                    : compare_u32(x->length, y->length);
}

/// Sort by the `tick` that every element begins with; equals stay in order
static Status
sort_by_tick(void* const array, const uint32_t n, const size_t size)
{
  uint8_t* const bytes = (uint8_t*)array;
  uint32_t       i     = 1U;
  for (; i < n; ++i) {
    if (*(const uint32_t*)(const void*)(bytes + i * size) <
        *(const uint32_t*)(const void*)(bytes + (i - 1U) * size)) {
      break;
    }
  }
  if (i >= n) {
    return STATUS_SUCCESS; // As nearly always
  }

  // Merge runs of 1, 2, 4, ... elements
  uint8_t* const other = (uint8_t*)malloc(n * size);
  if (!other) {
    return STATUS_NO_MEM;
  }
  for (uint64_t run = 1U; run < n; run *= 2U) {
    for (uint64_t begin = 0U; begin < n; begin += 2U * run) {
      const uint64_t middle = begin + run < n ? begin + run : n;
      const uint64_t end    = begin + 2U * run < n ? begin + 2U * run : n;
      uint64_t       a      = begin;
      uint64_t       b      = middle;
      for (uint64_t k = begin; k < end; ++k) {
        const bool is_b =
          a >= middle ||
          (b < end && *(const uint32_t*)(const void*)(bytes + b * size) <
                        *(const uint32_t*)(const void*)(bytes + a * size));
        memcpy(other + k * size, bytes + (is_b ? b++ : a++) * size, size);
      }
    }
    memcpy(bytes, other, n * size);
  }
  free(other);
  return STATUS_SUCCESS;
}

_Static_assert(!offsetof(MidiTempo, tick) && !offsetof(MidiMetre, tick) &&
                 !offsetof(MidiKey, tick) && !offsetof(MidiText, tick),
               "sort_by_tick wants the tick first");

static Status
sort_song(MidiSong* const song)
{
  for (uint32_t i = 0U; i < song->n_tracks; ++i) {
    const MidiTrack* const track = &song->tracks[i];
    if (track->n_notes) {
      qsort(track->notes, track->n_notes, sizeof(MidiNote), compare_notes);
    }
  }

  Status st = sort_by_tick(song->tempos, song->n_tempos, sizeof(MidiTempo));
  st = st ? st : sort_by_tick(song->metres, song->n_metres, sizeof(MidiMetre));
  st = st ? st : sort_by_tick(song->keys, song->n_keys, sizeof(MidiKey));
  return st ? st : sort_by_tick(song->texts, song->n_texts, sizeof(MidiText));
}

// ------------------------------------------------------------------ reading

/// A stretch of the file
typedef struct {
  const uint8_t* bytes;
  size_t         n_bytes;
  size_t         i; ///< What is read next
} Span;

/// A note that sounds: 1 + its index in the track, and where it began
typedef struct {
  uint32_t i_note;
  bool     has_cut; ///< It ended another one at its own onset
} Sounding;

/// One track on its way in
typedef struct {
  MidiSong* song;
  MidiTrack track; ///< Becomes one of the song's if it has notes
  Span      in;
  uint32_t  number; ///< For people: from 1
  uint32_t  n_room; ///< Notes that may still be read
  uint32_t  scale;  ///< Ticks that one of the file's ticks counts for
  bool      is_timecode;
  uint32_t  tick;
  uint8_t   status; ///< Running status, or 0
  bool      has_ended;
  uint32_t  n_stray; ///< Offs for notes that do not sound
  uint32_t  n_open;  ///< Notes without an off
  uint32_t  n_empty; ///< Notes of no length
  Sounding  sounding[MIDI_CHANNELS][N_MIDI_KEYS];
} Reader;

static void PRINTF_LIKE(2, 3) warn(MidiSong* song, const char* format, ...);

/// Count a warning and keep the first one's words
static void
warn(MidiSong* const song, const char* const format, ...)
{
  if (!song->n_warnings++) {
    va_list args;
    va_start(args, format);
    vsnprintf(song->warning.text, sizeof(song->warning.text), format, args);
    va_end(args);
  }
}

static uint32_t
u16_at(const uint8_t* const p)
{
  return (uint32_t)p[0] << 8U | p[1];
}

static uint32_t
u32_at(const uint8_t* const p)
{
  return u16_at(p) << 16U | u16_at(p + 2);
}

static bool
take(Span* const in, uint8_t* const byte)
{
  if (in->i >= in->n_bytes) {
    return false;
  }
  *byte = in->bytes[in->i++];
  return true;
}

/// A number of one to four bytes, seven bits in each
static bool
take_number(Span* const in, uint32_t* const number)
{
  uint8_t byte = 0x80U;
  *number      = 0U;
  for (unsigned i = 0U; i < 4U && (byte & 0x80U); ++i) {
    if (!take(in, &byte)) {
      return false;
    }
    *number = *number << 7U | (byte & 0x7FU);
  }
  return !(byte & 0x80U);
}

/// Bytes whose number stands before them
static bool
take_block(Span* const in, const uint8_t** const block, uint32_t* const n)
{
  if (!take_number(in, n) || *n > in->n_bytes - in->i) {
    return false;
  }
  *block = in->bytes + in->i;
  in->i += *n;
  return true;
}

static void
end_note(Reader* const reader, Sounding* const sounding)
{
  MidiNote* const note = &reader->track.notes[sounding->i_note - 1U];
  note->length         = reader->tick - note->tick;
  if (!note->length) {
    note->length = 1U;
    ++reader->n_empty;
  }
  *sounding = (Sounding){0U, false};
}

static Status
note_on(Reader* const reader,
        const uint8_t channel,
        const uint8_t key,
        const uint8_t velocity)
{
  Sounding* const sounding = &reader->sounding[channel][key];
  bool            has_cut  = false;
  if (sounding->i_note) {
    MidiNote* const note = &reader->track.notes[sounding->i_note - 1U];
    if (note->tick == reader->tick) { // Twice at once: keep one, the louder
      note->velocity = velocity > note->velocity ? velocity : note->velocity;
      return STATUS_SUCCESS;
    }
    end_note(reader, sounding);
    has_cut = true;
  }

  if (!reader->n_room) {
    return STATUS_FULL;
  }
  --reader->n_room;
  const MidiNote note = {reader->tick, 0U, key, velocity, channel};
  const Status   st   = add_note(&reader->track, note);
  if (!st) {
    *sounding = (Sounding){reader->track.n_notes, has_cut};
  }
  return st;
}

static void
note_off(Reader* const reader, const uint8_t channel, const uint8_t key)
{
  Sounding* const sounding = &reader->sounding[channel][key];
  if (!sounding->i_note) {
    ++reader->n_stray;
  } else if (sounding->has_cut &&
             reader->track.notes[sounding->i_note - 1U].tick == reader->tick) {
    // The off of the note before, which this one's on has already ended
    sounding->has_cut = false;
  } else {
    end_note(reader, sounding);
  }
}

/// A channel message; false when its data is cut short or not data
static bool
read_channel_message(Reader* const reader, Status* const st)
{
  const uint8_t kind    = reader->status & 0xF0U;
  const uint8_t channel = reader->status & 0x0FU;
  const bool    is_one  = kind == 0xC0U || kind == 0xD0U;
  uint8_t       data[2] = {0U, 0U};
  if (!take(&reader->in, &data[0]) ||
      (!is_one && !take(&reader->in, &data[1])) ||
      ((data[0] | data[1]) & 0x80U)) {
    return false;
  }

  if (kind == 0x90U && data[1]) {
    *st = note_on(reader, channel, data[0], data[1]);
  } else if (kind == 0x80U || kind == 0x90U) {
    note_off(reader, channel, data[0]);
  } else if (kind == 0xC0U &&
             reader->track.program[channel] == MIDI_NO_PROGRAM) {
    reader->track.program[channel] = data[0];
  }
  return true;
}

/// Text without control characters, so that it can be shown anywhere
static void
clean_text(char* const to, const uint8_t* from, uint32_t n_bytes)
{
  uint32_t n = 0U;
  while (n_bytes && (from[n_bytes - 1U] <= 0x20U)) {
    --n_bytes;
  }
  while (n_bytes && *from <= 0x20U) {
    ++from;
    --n_bytes;
  }
  for (; n < n_bytes && n < MIDI_TEXT_ROOM - 1U; ++n) {
    to[n] = (char)(from[n] < 0x20U || from[n] == 0x7FU ? ' ' : from[n]);
  }
  to[n] = '\0';
}

static Status
read_text(Reader* const        reader,
          const uint8_t        type,
          const uint8_t* const block,
          const uint32_t       n_bytes)
{
  static const MidiTextKind kinds[] = {[META_TEXT]   = MIDI_TEXT,
                                       [META_MARKER] = MIDI_MARKER,
                                       [META_CUE]    = MIDI_CUE};

  char text[MIDI_TEXT_ROOM];
  clean_text(text, block, n_bytes);
  if (type == META_NAME) {
    if (!reader->track.name[0]) {
      memcpy(reader->track.name, text, sizeof(text));
    }
    return STATUS_SUCCESS;
  }
  if (reader->song->n_texts >= MIDI_MAX_EVENTS) {
    return STATUS_SUCCESS;
  }
  return add_text(reader->song, reader->tick, kinds[type], text, strlen(text));
}

static Status
read_tempo(Reader* const reader, const uint8_t* const block)
{
  const uint32_t us = u16_at(block) << 8U | block[2];
  if (!us) {
    warn(reader->song,
         "Track %u: a tempo of no length is left out",
         reader->number);
    return STATUS_SUCCESS;
  }
  if (reader->is_timecode || reader->song->n_tempos >= MIDI_MAX_EVENTS) {
    return STATUS_SUCCESS;
  }
  return add_tempo(reader->song, (MidiTempo){reader->tick, us});
}

static Status
read_metre(Reader* const reader, const uint8_t* const block)
{
  if (reader->song->n_metres >= MIDI_MAX_EVENTS) {
    return STATUS_SUCCESS;
  }
  const Status st =
    block[1] > 6U
      ? STATUS_BAD_ARG
      : midi_song_add_metre(
          reader->song, reader->tick, block[0], (uint8_t)(1U << block[1]));
  if (st == STATUS_BAD_ARG) {
    warn(reader->song,
         "Track %u: a time signature of %u/2^%u is left out",
         reader->number,
         block[0],
         block[1]);
    return STATUS_SUCCESS;
  }
  return st;
}

static Status
read_signature(Reader* const reader, const uint8_t* const block)
{
  if (reader->song->n_keys >= MIDI_MAX_EVENTS) {
    return STATUS_SUCCESS;
  }
  const int    sharps = block[0] < 128U ? block[0] : (int)block[0] - 256;
  const Status st     = midi_song_add_key(
    reader->song, reader->tick, (int8_t)sharps, block[1] == 1U);
  if (st == STATUS_BAD_ARG) {
    warn(reader->song,
         "Track %u: a key signature of %d sharps is left out",
         reader->number,
         sharps);
    return STATUS_SUCCESS;
  }
  return st;
}

static bool
read_meta(Reader* const reader, Status* const st)
{
  uint8_t        type  = 0U;
  const uint8_t* block = NULL;
  uint32_t       n     = 0U;
  if (!take(&reader->in, &type) || !take_block(&reader->in, &block, &n)) {
    return false;
  }

  if (type == META_TEXT || type == META_NAME || type == META_MARKER ||
      type == META_CUE) {
    *st = read_text(reader, type, block, n);
  } else if (type == META_TEMPO && n >= 3U) {
    *st = read_tempo(reader, block);
  } else if (type == META_METRE && n >= 2U) {
    *st = read_metre(reader, block);
  } else if (type == META_SIGNATURE && n >= 2U) {
    *st = read_signature(reader, block);
  }
  reader->has_ended = type == META_END;
  return true;
}

/// Messages that do not belong into files but can be stepped over
static bool
skip_system(Span* const in, const uint8_t status)
{
  static const uint8_t n_data[16] = {[1] = 1U, [2] = 2U, [3] = 1U};
  const uint32_t       n          = n_data[status & 0x0FU];
  if (n > in->n_bytes - in->i) {
    return false;
  }
  in->i += n;
  return true;
}

/// One event after its delta time; false when it makes no sense
static bool
read_event(Reader* const reader, Status* const st)
{
  Span* const    in    = &reader->in;
  const uint8_t* block = NULL;
  uint32_t       n     = 0U;
  uint8_t        byte  = 0U;
  if (!take(in, &byte)) {
    return false;
  }
  if (byte == 0xFFU) {
    return read_meta(reader, st);
  }
  if (byte == 0xF0U || byte == 0xF7U) {
    return take_block(in, &block, &n);
  }
  if (byte >= 0xF0U) {
    return skip_system(in, byte);
  }

  // Running status: a data byte stands where a status would
  if (byte < 0x80U) {
    --in->i;
    return reader->status && read_channel_message(reader, st);
  }
  reader->status = byte;
  return read_channel_message(reader, st);
}

/// Move on by a delta time; false when time runs out of its number
static bool
advance(Reader* const reader, const uint32_t delta)
{
  const uint64_t tick = reader->tick + (uint64_t)delta * reader->scale;
  if (tick > MAX_TICK) {
    return false;
  }
  reader->tick = (uint32_t)tick;
  return true;
}

/// All events of a track; damage ends it early and is told
static Status
read_events(Reader* const reader)
{
  Span* const in = &reader->in;
  Status      st = STATUS_SUCCESS;
  while (!st && !reader->has_ended && in->i < in->n_bytes) {
    const size_t i     = in->i;
    uint32_t     delta = 0U;
    if (!take_number(in, &delta) || !advance(reader, delta) ||
        !read_event(reader, &st)) {
      if (in->i < in->n_bytes) {
        warn(reader->song,
             "Track %u makes no sense at its byte %zu; the rest of it is left "
             "out",
             reader->number,
             i);
      } else {
        warn(reader->song, "Track %u is cut short", reader->number);
      }
      return st;
    }
  }
  if (!st && !reader->has_ended) {
    warn(reader->song, "Track %u has no end mark", reader->number);
  }
  return st;
}

static void
end_all(Reader* const reader)
{
  for (uint32_t channel = 0U; channel < MIDI_CHANNELS; ++channel) {
    for (uint32_t key = 0U; key < N_MIDI_KEYS; ++key) {
      Sounding* const sounding = &reader->sounding[channel][key];
      if (sounding->i_note) {
        ++reader->n_open;
        end_note(reader, sounding);
      }
    }
  }
}

static void
warn_of_notes(const Reader* const reader)
{
  if (reader->n_open) {
    warn(reader->song,
         "Track %u: notes without an end: %u",
         reader->number,
         reader->n_open);
  }
  if (reader->n_stray) {
    warn(reader->song,
         "Track %u: ends without a note: %u",
         reader->number,
         reader->n_stray);
  }
  if (reader->n_empty) {
    warn(reader->song,
         "Track %u: notes of no length: %u",
         reader->number,
         reader->n_empty);
  }
}

/// Give the track to the song, or its name if it has no notes
static Status
keep_track(Reader* const reader)
{
  MidiSong* const song = reader->song;
  if (!reader->track.n_notes) {
    if (reader->number == 1U) {
      memcpy(song->name, reader->track.name, sizeof(song->name));
    }
    return STATUS_SUCCESS;
  }

  const Status st = midi_song_add_track(song, "");
  if (!st) {
    song->tracks[song->n_tracks - 1U] = reader->track;
    reader->track.notes               = NULL;
  }
  return st;
}

static Status
read_track(Reader* const reader)
{
  const Status st = read_events(reader);
  end_all(reader);
  warn_of_notes(reader);
  reader->song->end_tick = reader->tick > reader->song->end_tick
                             ? reader->tick
                             : reader->song->end_tick;
  return st ? st : keep_track(reader);
}

/// What the header says
typedef struct {
  uint32_t format;
  uint32_t n_tracks;
  uint32_t ticks_per_quarter;
  uint32_t scale;
  bool     is_timecode;
} Header;

/// Time code: ticks of a second, of which a quarter at 120 lasts a half.
/// Each tick counts twice, so that the half is a whole number.
static Status
read_timecode(const uint32_t division, Header* const header, Trouble* trouble)
{
  const uint32_t fps   = 256U - (division >> 8U);
  const uint32_t frame = division & 0xFFU;
  if ((fps != 24U && fps != 25U && fps != 29U && fps != 30U) || !frame) {
    return trouble_say(trouble,
                       STATUS_BAD_FILE,
                       "The header counts time in %u ticks of %u frames a "
                       "second, which is no time code",
                       frame,
                       fps);
  }
  header->ticks_per_quarter = (fps == 29U ? 30U : fps) * frame;
  header->scale             = 2U;
  header->is_timecode       = true;
  return STATUS_SUCCESS;
}

static Status
read_header(const uint8_t* const bytes,
            const size_t         n_bytes,
            Header* const        header,
            Trouble* const       trouble)
{
  if (n_bytes < 4U || memcmp(bytes, "MThd", 4U)) {
    return trouble_say(
      trouble,
      STATUS_BAD_FILE,
      n_bytes >= 4U && !memcmp(bytes, "RIFF", 4U)
        ? "It is a RIFF file; save it as a Standard MIDI File"
        : "It is no Standard MIDI File: it does not begin with \"MThd\"");
  }
  if (n_bytes < HEADER_BYTES || u32_at(bytes + 4) < 6U ||
      u32_at(bytes + 4) > n_bytes - 8U) {
    return trouble_say(trouble, STATUS_BAD_FILE, "Its header is cut short");
  }

  header->format   = u16_at(bytes + 8);
  header->n_tracks = u16_at(bytes + 10);
  if (header->format > 1U) {
    return trouble_say(
      trouble,
      STATUS_BAD_FILE,
      header->format == 2U
        ? "It is of format 2 (independent patterns); save it as format 0 or 1"
        : "It is of format %u; only 0 and 1 are known",
      header->format);
  }

  const uint32_t division = u16_at(bytes + 12);
  if (division & 0x8000U) {
    return read_timecode(division, header, trouble);
  }
  if (!division) {
    return trouble_say(trouble,
                       STATUS_BAD_FILE,
                       "Its header says that a quarter note has 0 ticks");
  }
  header->ticks_per_quarter = division;
  header->scale             = 1U;
  return STATUS_SUCCESS;
}

/// A chunk's kind and body; a body that the file does not hold is cut
static bool
take_chunk(Span* const    in,
           const uint8_t* kind[static 1],
           Span* const    body,
           bool* const    is_cut)
{
  const size_t n_left = in->n_bytes - in->i;
  if (n_left < 8U) {
    return false;
  }

  const uint32_t n = u32_at(in->bytes + in->i + 4U);
  *is_cut          = n > n_left - 8U;
  *kind            = in->bytes + in->i;
  *body = (Span){in->bytes + in->i + 8U, *is_cut ? n_left - 8U : n, 0U};
  in->i += 8U + body->n_bytes;
  return true;
}

/// A reader for the next track
static void
begin_track(Reader* const       reader,
            MidiSong* const     song,
            const Header* const header,
            const Span          body,
            const uint32_t      number,
            const uint32_t      n_room)
{
  memset(reader, 0, sizeof(*reader));
  memset(
    reader->track.program, (int)MIDI_NO_PROGRAM, sizeof(reader->track.program));
  reader->song        = song;
  reader->in          = body;
  reader->number      = number;
  reader->n_room      = n_room;
  reader->scale       = header->scale;
  reader->is_timecode = header->is_timecode;
}

/// Read tracks up to the end.  @param n_tracks How many there were.
static Status
read_chunks(Reader* const       reader,
            MidiSong* const     song,
            const Header* const header,
            Span                in,
            uint32_t* const     n_tracks)
{
  Status         st     = STATUS_SUCCESS;
  const uint8_t* kind   = NULL;
  Span           body   = {NULL, 0U, 0U};
  bool           is_cut = false;
  uint32_t       n_room = MIDI_MAX_NOTES;
  while (!st && take_chunk(&in, &kind, &body, &is_cut)) {
    if (memcmp(kind, "MTrk", 4U)) {
      continue; // The standard says: step over what you do not know
    }
    if (++*n_tracks > MIDI_MAX_TRACKS) {
      return STATUS_FULL;
    }
    begin_track(reader, song, header, body, *n_tracks, n_room);
    if (is_cut) {
      warn(song, "The file is cut short in track %u", *n_tracks);
    }
    st     = read_track(reader);
    n_room = reader->n_room;
    free(reader->track.notes);
  }
  return st;
}

static Status
read_tracks(MidiSong* const     song,
            const Header* const header,
            const Span          in,
            Trouble* const      trouble)
{
  // Too large for a stack
  Reader* const reader = (Reader*)malloc(sizeof(Reader));
  if (!reader) {
    return STATUS_NO_MEM;
  }

  uint32_t     n  = 0U;
  const Status st = read_chunks(reader, song, header, in, &n);
  free(reader);
  if (st == STATUS_FULL) {
    return trouble_say(trouble,
                       STATUS_BAD_FILE,
                       "It has more than %u tracks or %u notes",
                       MIDI_MAX_TRACKS,
                       MIDI_MAX_NOTES);
  }
  if (!st && !n) {
    return trouble_say(trouble, STATUS_BAD_FILE, "It has no tracks");
  }
  if (!st && n != header->n_tracks) {
    warn(song,
         "The header speaks of %u tracks, but there are %u",
         header->n_tracks,
         n);
  }
  return st;
}

Status
midi_file_parse(const uint8_t* const bytes,
                const size_t         n_bytes,
                MidiSong** const     song,
                Trouble* const       trouble)
{
  Header header = {0U, 0U, 0U, 0U, false};
  Status st     = n_bytes > MIDI_MAX_BYTES
                    ? trouble_say(trouble,
                              STATUS_BAD_FILE,
                              "It is larger than %u MiB",
                              MIDI_MAX_BYTES >> 20U)
                    : read_header(bytes, n_bytes, &header, trouble);
  if (st) {
    return st;
  }

  MidiSong* const fresh = midi_song_new(header.ticks_per_quarter);
  if (!fresh) {
    return trouble_say(
      trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
  }
  if (header.is_timecode) {
    warn(fresh, "It counts time code, not beats; it is read as 120 bpm");
  }

  const Span in = {bytes, n_bytes, 8U + u32_at(bytes + 4)};
  st            = read_tracks(fresh, &header, in, trouble);
  st            = st ? st : sort_song(fresh);
  if (st) {
    midi_song_free(fresh);
    return st == STATUS_NO_MEM ? trouble_say(trouble, st, "%s", status_text(st))
                               : st;
  }
  *song = fresh;
  return STATUS_SUCCESS;
}

/// A whole file; one byte more than the limit shows that it is too large
static Status
load_bytes(const char* const path,
           uint8_t** const   bytes,
           size_t* const     n_bytes,
           Trouble* const    trouble)
{
  FILE* const file = fopen(path, "rb");
  if (!file) {
    return trouble_say(
      trouble, STATUS_NO_FILE, "%s", status_text(STATUS_NO_FILE));
  }

  size_t   room = 64U << 10U;
  size_t   n    = 0U;
  uint8_t* all  = (uint8_t*)malloc(room);
  while (all) {
    n += fread(all + n, 1U, room - n, file);
    if (n < room || n > MIDI_MAX_BYTES) {
      break;
    }
    room *= 2U;
    uint8_t* const more = (uint8_t*)realloc(all, room);
    if (!more) {
      free(all);
    }
    all = more;
  }

  const bool is_bad = all && ferror(file);
  fclose(file);
  if (!all || is_bad) {
    free(all);
    const Status st = is_bad ? STATUS_NO_FILE : STATUS_NO_MEM;
    return trouble_say(trouble, st, "%s", status_text(st));
  }
  *bytes   = all;
  *n_bytes = n;
  return STATUS_SUCCESS;
}

Status
midi_file_load(const char* const path,
               MidiSong** const  song,
               Trouble* const    trouble)
{
  uint8_t* bytes   = NULL;
  size_t   n_bytes = 0U;
  Status   st      = load_bytes(path, &bytes, &n_bytes, trouble);
  if (!st) {
    st = midi_file_parse(bytes, n_bytes, song, trouble);
    free(bytes);
  }
  return st;
}

// ------------------------------------------------------------------ writing

/// One event of a track on its way out
typedef struct {
  uint32_t    tick;
  uint32_t    order; ///< At the same tick: offs before ons, then as added
  uint8_t     bytes[7];
  uint8_t     n_bytes;
  const char* text; ///< Follows the bytes, with its length; or null
} Event;

typedef struct {
  Event*   event;
  uint32_t n;
  uint32_t room;
} EventList;

typedef struct {
  uint8_t* byte;
  size_t   n;
  size_t   room;
  bool     has_failed; ///< No memory: nothing more is added
} Buffer;

static void
put_byte(Buffer* const out, const uint32_t byte)
{
  if (out->n >= out->room && !out->has_failed) {
    const size_t   room = out->room ? out->room * 2U : 4096U;
    uint8_t* const more = (uint8_t*)realloc(out->byte, room);
    if (more) {
      out->byte = more;
      out->room = room;
    } else {
      out->has_failed = true;
    }
  }
  if (!out->has_failed) {
    out->byte[out->n++] = (uint8_t)byte;
  }
}

static void
put_u16(Buffer* const out, const uint32_t value)
{
  put_byte(out, value >> 8U & 0xFFU);
  put_byte(out, value & 0xFFU);
}

static void
put_u32(Buffer* const out, const uint32_t value)
{
  put_u16(out, value >> 16U);
  put_u16(out, value & 0xFFFFU);
}

static void
put_number(Buffer* const out, const uint32_t value)
{
  for (unsigned shift = 28U; shift; shift -= 7U) {
    if (value >> shift) {
      put_byte(out, (value >> shift & 0x7FU) | 0x80U);
    }
  }
  put_byte(out, value & 0x7FU);
}

static Status
add_event(EventList* const list, const Event event)
{
  void* const array = grown(list->event, &list->room, list->n, sizeof(Event));
  if (!array) {
    return STATUS_NO_MEM;
  }
  list->event            = (Event*)array;
  list->event[list->n++] = event;
  return STATUS_SUCCESS;
}

static int
compare_events(const void* const a, const void* const b)
{
  const Event* const x = (const Event*)a;
  const Event* const y = (const Event*)b;
  const int          t = compare_u32(x->tick, y->tick);
  return t ? t : compare_u32(x->order, y->order);
}

static Status
put_track(Buffer* const out, EventList* const list, const uint32_t end_tick)
{
  if (list->n) {
    qsort(list->event, list->n, sizeof(Event), compare_events);
  }

  for (const char* c = "MTrk"; *c; ++c) {
    put_byte(out, (uint8_t)*c);
  }
  const size_t i_size = out->n;
  put_u32(out, 0U);
  uint32_t tick = 0U;
  for (uint32_t i = 0U; i < list->n; ++i) {
    const Event* const event = &list->event[i];
    put_number(out, event->tick - tick);
    for (uint32_t k = 0U; k < event->n_bytes; ++k) {
      put_byte(out, event->bytes[k]);
    }
    if (event->text) {
      const size_t n = strlen(event->text);
      put_number(out, (uint32_t)n);
      for (size_t k = 0U; k < n; ++k) {
        put_byte(out, (uint8_t)event->text[k]);
      }
    }
    tick = event->tick;
  }
  put_number(out, end_tick > tick ? end_tick - tick : 0U);
  put_byte(out, 0xFFU);
  put_u16(out, META_END << 8U);
  if (out->has_failed) {
    return STATUS_NO_MEM;
  }

  const size_t n = out->n - i_size - 4U;
  for (unsigned i = 0U; i < 4U; ++i) {
    out->byte[i_size + i] = (uint8_t)(n >> (24U - 8U * i) & 0xFFU);
  }
  return STATUS_SUCCESS;
}

static Status
add_meta(EventList* const  list,
         const uint32_t    tick,
         const uint8_t     type,
         const char* const text)
{
  return add_event(list, (Event){tick, list->n + 1U, {0xFFU, type}, 2U, text});
}

/// The first track: everything that is not a note
static Status
list_conductor(const MidiSong* const song, EventList* const list)
{
  static const uint8_t types[N_MIDI_TEXTS] = {[MIDI_TEXT]   = META_TEXT,
                                              [MIDI_MARKER] = META_MARKER,
                                              [MIDI_CUE]    = META_CUE};

  Status st =
    song->name[0] ? add_meta(list, 0U, META_NAME, song->name) : STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < song->n_tempos; ++i) {
    const uint32_t us = song->tempos[i].us_per_quarter;
    st                = add_event(list,
                   (Event){song->tempos[i].tick,
                                          list->n + 1U,
                                          {0xFFU,
                                           META_TEMPO,
                                           3U,
                                           us >> 16U & 0xFFU,
                                           us >> 8U & 0xFFU,
                                           us & 0xFFU},
                                          6U,
                                          NULL});
  }
  for (uint32_t i = 0U; !st && i < song->n_metres; ++i) {
    const MidiMetre metre = song->metres[i];
    uint8_t         power = 0U;
    while (power < 6U && (1U << power) < metre.unit) {
      ++power;
    }
    // The last two: clocks to a click, and 32nds to a quarter
    st =
      add_event(list,
                (Event){metre.tick,
                        list->n + 1U,
                        {0xFFU, META_METRE, 4U, metre.n_beats, power, 24U, 8U},
                        7U,
                        NULL});
  }
  for (uint32_t i = 0U; !st && i < song->n_keys; ++i) {
    const MidiKey key = song->keys[i];
    st                = add_event(
      list,
      (Event){key.tick,
                             list->n + 1U,
                             {0xFFU, META_SIGNATURE, 2U, (uint8_t)key.n_sharps, key.is_minor},
                             5U,
                             NULL});
  }
  for (uint32_t i = 0U; !st && i < song->n_texts; ++i) {
    const MidiText* const text = &song->texts[i];
    st = add_meta(list, text->tick, types[text->kind], text->text);
  }
  return st;
}

/// A note's on and its off, unless `*next`, where the next of its key begins,
/// leaves it no room
static Status
list_note(EventList* const      list,
          const MidiNote* const note,
          uint32_t* const       next)
{
  const uint32_t end = note->tick + note->length;
  const uint32_t cut = *next && *next - 1U < end ? *next - 1U : end;
  if (cut <= note->tick) {
    return STATUS_SUCCESS;
  }

  const uint8_t on  = (uint8_t)(0x90U | note->channel);
  const uint8_t off = (uint8_t)(0x80U | note->channel);
  *next             = note->tick + 1U;

  // Offs come first, then ons by channel and key
  const uint32_t order = 1U + note->channel * N_MIDI_KEYS + note->key;
  const Status   st    = add_event(
    list,
    (Event){note->tick, order, {on, note->key, note->velocity}, 3U, NULL});
  return st
           ? st
           : add_event(list, (Event){cut, 0U, {off, note->key, 64U}, 3U, NULL});
}

static Status
list_track(const MidiTrack* const track, EventList* const list)
{
  Status st = add_meta(list, 0U, META_NAME, track->name);
  for (uint8_t channel = 0U; !st && channel < MIDI_CHANNELS; ++channel) {
    if (track->program[channel] != MIDI_NO_PROGRAM) {
      const uint8_t status = (uint8_t)(0xC0U | channel);
      st                   = add_event(
        list, (Event){0U, 1U, {status, track->program[channel]}, 2U, NULL});
    }
  }
  if (st || !track->n_notes) {
    return st;
  }

  MidiNote* const notes = (MidiNote*)malloc(track->n_notes * sizeof(MidiNote));
  if (!notes) {
    return STATUS_NO_MEM;
  }
  memcpy(notes, track->notes, track->n_notes * sizeof(MidiNote));
  qsort(notes, track->n_notes, sizeof(MidiNote), compare_notes);

  // From the end: 1 + where the next onset of each key is, 0 for none
  uint32_t next[MIDI_CHANNELS][N_MIDI_KEYS] = {{0U}};
  for (uint32_t i = track->n_notes; !st && i-- > 0U;) {
    st = list_note(list, &notes[i], &next[notes[i].channel][notes[i].key]);
  }
  free(notes);
  return st;
}

static Status
put_song(Buffer* const out, const MidiSong* const song)
{
  for (const char* c = "MThd"; *c; ++c) {
    put_byte(out, (uint8_t)*c);
  }
  put_u32(out, 6U);
  put_u16(out, 1U);
  put_u16(out, song->n_tracks + 1U);
  put_u16(out, song->ticks_per_quarter);

  EventList list = {NULL, 0U, 0U};
  Status    st   = list_conductor(song, &list);
  st             = st ? st : put_track(out, &list, song->end_tick);
  for (uint32_t i = 0U; !st && i < song->n_tracks; ++i) {
    list.n = 0U;
    st     = list_track(&song->tracks[i], &list);
    st     = st ? st : put_track(out, &list, song->end_tick);
  }
  free(list.event);
  return st;
}

/// Write beside the file, then put it in its place
static Status
save_bytes(const char* const    path,
           const uint8_t* const bytes,
           const size_t         n_bytes,
           Trouble* const       trouble)
{
  const size_t room = strlen(path) + sizeof(".part");
  char* const  part = (char*)malloc(room);
  if (!part) {
    return trouble_say(
      trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
  }
  snprintf(part, room, "%s.part", path);

  FILE* const file    = fopen(part, "wb");
  bool        is_good = file && fwrite(bytes, 1U, n_bytes, file) == n_bytes;
  is_good             = file && !fclose(file) && is_good;
  is_good             = is_good && !rename(part, path);
  if (!is_good && file) {
    remove(part);
  }
  free(part);
  return is_good ? STATUS_SUCCESS
                 : trouble_say(trouble,
                               STATUS_NO_WRITE,
                               "%s cannot be written; is there such a folder, "
                               "and room in it?",
                               path);
}

Status
midi_file_form(const MidiSong* const song,
               uint8_t** const       bytes,
               size_t* const         n_bytes,
               Trouble* const        trouble)
{
  if (!song->ticks_per_quarter || song->ticks_per_quarter > 32767U ||
      song->n_tracks >= 0xFFFFU) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "%u ticks to a quarter and %u tracks do not fit into a "
                       "MIDI file",
                       song->ticks_per_quarter,
                       song->n_tracks);
  }

  Buffer       out = {NULL, 0U, 0U, false};
  const Status st  = put_song(&out, song);
  if (st) {
    free(out.byte);
    return trouble_say(trouble, st, "%s", status_text(st));
  }
  *bytes   = out.byte;
  *n_bytes = out.n;
  return STATUS_SUCCESS;
}

Status
midi_file_save(const char* const     path,
               const MidiSong* const song,
               Trouble* const        trouble)
{
  uint8_t* bytes   = NULL;
  size_t   n_bytes = 0U;
  Status   st      = midi_file_form(song, &bytes, &n_bytes, trouble);
  st               = st ? st : save_bytes(path, bytes, n_bytes, trouble);
  free(bytes);
  return st;
}
