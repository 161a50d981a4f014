// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Notes as they are played, and notes as the models know them
#ifndef PERPETUO_MUSIC_NOTE_H
#define PERPETUO_MUSIC_NOTE_H

#include <stdint.h>

#define N_KEYS 128U
#define N_CHANNELS 16U

/// A note of a finished phrase, ready to be played
typedef struct {
  uint32_t tick;     ///< Onset, ticks from the start of the phrase
  uint32_t length;   ///< Ticks, at least 1
  uint8_t  key;      ///< MIDI note number
  uint8_t  velocity; ///< 1 .. 127
} Note;

/// A note on the models' grid, before key, drum map and groove are applied
typedef struct {
  uint32_t grid;    ///< Onset, grid steps from the start of the line
  uint16_t length;  ///< Grid steps; of no meaning for drums
  int8_t   pitch;   ///< Melody: semitones above the tonic next to middle C;
                    ///< drums: a DrumVoice
  uint8_t velocity; ///< 1 .. 127
  int8_t  lean;     ///< Ticks behind (+) or ahead of (-) the grid
} GridNote;

#endif // PERPETUO_MUSIC_NOTE_H
