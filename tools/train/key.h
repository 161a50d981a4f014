// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Which key a stretch of music is in.

   What the file states is believed as far as its kind deserves it; the rest is
   asked of the notes: how long each pitch class sounds, and how often it is the
   lowest, is compared with what music in each key does.
   Source: the method of Krumhansl and Schmuckler (Krumhansl 1990), with
   profiles measured on those pieces of our corpus that state their key.
*/
#ifndef PERPETUO_TOOLS_TRAIN_KEY_H
#define PERPETUO_TOOLS_TRAIN_KEY_H

#include "midi/midi_file.h"
#include "tools/train/quantise.h"

#include <stdbool.h>
#include <stdint.h>

#define N_PITCH_CLASSES 12U

/// Moments of a stretch at which the lowest note is looked at
#define KEY_MOMENTS 512U

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

/// What the notes of a stretch say
typedef struct {
  double  weight[N_PITCH_CLASSES]; ///< How long each one sounds
  uint8_t lowest[KEY_MOMENTS];     ///< The lowest key, or 255 in silence
} KeyEvidence;

void
key_evidence_init(KeyEvidence* evidence);

/// Listen to notes, of which all onsets lie in the stretch
void
key_evidence_add(KeyEvidence*    evidence,
                 const Stretch*  stretch,
                 const MidiNote* notes,
                 uint32_t        n_notes);

/// The key that hint and notes agree on best
Key
key_find(const KeyEvidence* evidence, const KeyHint* hint);

#endif // PERPETUO_TOOLS_TRAIN_KEY_H
