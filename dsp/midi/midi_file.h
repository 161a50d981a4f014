// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Standard MIDI Files as plain values: read formats 0 and 1, write format 1.

   A file is hostile input: it is read within bounds, and what is wrong with it
   is told in a sentence.  What can be saved is saved: a file that was cut
   short, or a track that stops making sense, keeps its notes up to there and
   counts a warning.

   How notes are paired: a note-on of velocity 0 is a note-off.  An on for a key
   that still sounds (same track and channel) ends the sounding note there and
   starts the new one; of two at the same tick one is kept.  A note without
   an off ends with its track, and a note of no length gets one tick.
   Source: Standard MIDI Files 1.0, RP-001 (MIDI Manufacturers Association).
*/
#ifndef PERPETUO_MIDI_MIDI_FILE_H
#define PERPETUO_MIDI_MIDI_FILE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIDI_MAX_BYTES (16U << 20U) ///< Largest file that is read
#define MIDI_MAX_TRACKS 4096U       ///< Most tracks that are read
#define MIDI_MAX_NOTES 1000000U     ///< Most notes that are read
#define MIDI_MAX_EVENTS 100000U ///< Most tempos, metres, keys and texts each
#define MIDI_TEXT_ROOM 64U      ///< Longer texts are cut
#define MIDI_CHANNELS 16U
#define MIDI_DRUM_CHANNEL 9U ///< "Channel 10", counted from 0
#define MIDI_NO_PROGRAM 0xFFU

typedef struct {
  uint32_t tick;     ///< Onset
  uint32_t length;   ///< At least 1
  uint8_t  key;      ///< 0 .. 127
  uint8_t  velocity; ///< 1 .. 127
  uint8_t  channel;  ///< 0 .. 15
} MidiNote;

/// A track that has notes
typedef struct {
  char      name[MIDI_TEXT_ROOM];
  uint8_t   program[MIDI_CHANNELS]; ///< First one asked for, or NO_PROGRAM
  uint32_t  n_notes;
  MidiNote* notes; ///< Sorted by tick, then channel, then key
  uint32_t  room;  ///< Allocated length of `notes`
} MidiTrack;

typedef struct {
  uint32_t tick;
  uint32_t us_per_quarter; ///< At least 1
} MidiTempo;

typedef struct {
  uint32_t tick;
  uint8_t  n_beats; ///< At least 1
  uint8_t  unit;    ///< 1, 2, 4, 8, 16, 32 or 64
} MidiMetre;

typedef struct {
  uint32_t tick;
  int8_t   n_sharps; ///< -7 .. 7, flats below 0
  bool     is_minor;
} MidiKey;

typedef enum { MIDI_TEXT, MIDI_MARKER, MIDI_CUE, N_MIDI_TEXTS } MidiTextKind;

typedef struct {
  uint32_t     tick;
  MidiTextKind kind;
  char         text[MIDI_TEXT_ROOM];
} MidiText;

/// A song; every list is sorted by tick once it was read
typedef struct {
  char       name[MIDI_TEXT_ROOM]; ///< Of a first track without notes, or ""
  uint32_t   ticks_per_quarter;    ///< 1 .. 32767 to be saved
  uint32_t   end_tick;             ///< Where the last track ends
  uint32_t   n_tracks;
  MidiTrack* tracks;
  uint32_t   n_tempos;
  MidiTempo* tempos;
  uint32_t   n_metres;
  MidiMetre* metres;
  uint32_t   n_keys;
  MidiKey*   keys;
  uint32_t   n_texts;
  MidiText*  texts;
  uint32_t   n_warnings; ///< What was wrong and could be lived with
  Trouble    warning;    ///< The first of them
  uint32_t   track_room, tempo_room, metre_room, key_room, text_room;
} MidiSong;

/// An empty song, or null when there is no memory
MidiSong*
midi_song_new(uint32_t ticks_per_quarter);

/// Null is allowed
void
midi_song_free(MidiSong* song);

/// Append a track; its number is `n_tracks - 1`.  STATUS_NO_MEM.
NODISCARD Status
midi_song_add_track(MidiSong* song, const char* name);

/// Append a note to a track, in any order.  STATUS_NO_MEM; STATUS_BAD_ARG for
/// no such track or values out of range.
NODISCARD Status
midi_song_add_note(MidiSong* song, uint32_t i_track, MidiNote note);

/// Append to the lists, in any order.  STATUS_NO_MEM; STATUS_BAD_ARG.
NODISCARD Status
midi_song_add_tempo(MidiSong* song, uint32_t tick, double bpm);

NODISCARD Status
midi_song_add_metre(MidiSong* song,
                    uint32_t  tick,
                    uint8_t   n_beats,
                    uint8_t   unit);

NODISCARD Status
midi_song_add_key(MidiSong* song,
                  uint32_t  tick,
                  int8_t    n_sharps,
                  bool      is_minor);

NODISCARD Status
midi_song_add_text(MidiSong*    song,
                   uint32_t     tick,
                   MidiTextKind kind,
                   const char*  text);

/// Total number of notes
uint32_t
midi_song_n_notes(const MidiSong* song);

/**
   Read a song from bytes.

   Time code divisions (SMPTE) have no quarter notes: they are read as 120 beats
   a minute, with a warning.
   @return STATUS_BAD_FILE with a sentence, or STATUS_NO_MEM.  `*song` is
   written only on success.
*/
NODISCARD Status
midi_file_parse(const uint8_t* bytes,
                size_t         n_bytes,
                MidiSong**     song,
                Trouble*       trouble);

/// Read a file; as midi_file_parse, also STATUS_NO_FILE.  The sentence does not
/// name the file: whoever asked for it knows its name.
NODISCARD Status
midi_file_load(const char* path, MidiSong** song, Trouble* trouble);

/**
   A song as the bytes of a file: a first track with the song's name, tempos,
   metres, keys and texts, then its tracks.

   Lists need not be sorted; a note ends at the latest where the next of its
   own key begins.
   Memory: the caller frees `*bytes`, which is written only on success.
   @return STATUS_NO_MEM; STATUS_BAD_ARG when `ticks_per_quarter` cannot be
   written.
*/
NODISCARD Status
midi_file_form(const MidiSong* song,
               uint8_t**       bytes,
               size_t*         n_bytes,
               Trouble*        trouble);

/// Write it into a file, whole or not at all; as midi_file_form(), also
/// STATUS_NO_WRITE
NODISCARD Status
midi_file_save(const char* path, const MidiSong* song, Trouble* trouble);

#endif // PERPETUO_MIDI_MIDI_FILE_H
