// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Which key a stretch of music is in.

   What the file states is believed as far as its kind deserves it; the rest is
   asked of the notes.
   Source: the profiles of Krumhansl and Kessler 1982, compared by correlation
   (Krumhansl 1990).
*/
#ifndef PERPETUO_TOOLS_TRAIN_KEY_H
#define PERPETUO_TOOLS_TRAIN_KEY_H

#include "tools/midi_file.h"

#include <stdbool.h>
#include <stdint.h>

#define N_PITCH_CLASSES 12U

/// What a file says about its key
typedef struct {
  bool   has_signature;
  int8_t n_sharps;   ///< -7 .. 7
  bool   is_minor;   ///< As the signature says
  bool   is_trusted; ///< Mode and tonic are as stated
  int8_t mode;       ///< +1 or -1 when a text names the mode, else 0
} KeyHint;

typedef struct {
  int8_t tonic; ///< Pitch class 0 .. 11
  int8_t mode;  ///< +1 major, -1 minor; 0 when there was nothing to go by
  bool   is_stated;
} Key;

/// What a song says about the key from `begin` on, up to `end`.  Files that
/// were made from scores by LilyPond, or name their mode in a text, are
/// trusted; others often state C major or leave out the mode.
KeyHint
key_hint(const MidiSong* song, uint32_t begin, uint32_t end);

/// The key of notes that last `weights` in each pitch class (12)
Key
key_find(const double* weights, const KeyHint* hint);

#endif // PERPETUO_TOOLS_TRAIN_KEY_H
