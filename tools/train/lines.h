// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Which tracks of a song are its melody, and which its drums.

   Notes are gathered into *staves*: one track's notes on one channel, voices
   of one staff together.  A stave is judged by its name, its instrument and
   its shape: how high, how monophonic, how present.
*/
#ifndef PERPETUO_TOOLS_TRAIN_LINES_H
#define PERPETUO_TOOLS_TRAIN_LINES_H

#include "base/status.h"
#include "midi/midi_file.h"
#include "tools/train/quantise.h"

#include <stdbool.h>
#include <stdint.h>

#define LINES_MAX_MELODIES 2U
#define LINES_MAX_STAVES 1000U ///< A song with more is no music

/// Notes that one hand or player plays
typedef struct {
  char      name[48];
  uint8_t   program; ///< General MIDI, or MIDI_NO_PROGRAM
  bool      is_drums;
  uint32_t  n_notes;
  MidiNote* notes; ///< Sorted by tick
} Stave;

typedef struct {
  uint32_t n_staves;
  Stave*   staves;
} StaveList;

/// A melody that was picked
typedef struct {
  uint32_t i_stave;
  bool     is_chordal; ///< More chords than single notes
  double   score;      ///< How much like a melody it looks
} MelodyPick;

/// Gather the staves of a song; all drums are one stave.  STATUS_NO_MEM, or
/// STATUS_FULL when there are more than LINES_MAX_STAVES.
NODISCARD Status
lines_gather(const MidiSong* song, StaveList* list);

/// Free the staves; a zeroed list is allowed
void
lines_clear(StaveList* list);

/// The stave's notes with onsets in a stretch: an index and a number
void
lines_within(const Stave*   stave,
             const Stretch* stretch,
             uint32_t*      i_note,
             uint32_t*      n_notes);

/**
   Pick the melodies of a stretch, the best one first.

   @param bar_ticks Length of a bar, song ticks.
   @param picks Room for LINES_MAX_MELODIES.
   @return How many there are.
*/
uint32_t
lines_pick_melodies(const StaveList* list,
                    const Stretch*   stretch,
                    uint32_t         bar_ticks,
                    MelodyPick*      picks);

/// The stave of drums, or null
const Stave*
lines_drums(const StaveList* list);

#endif // PERPETUO_TOOLS_TRAIN_LINES_H
