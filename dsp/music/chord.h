// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Chords as the parts are told of them: a root and one of three kinds.

   A harmony has one chord for each half of a bar.  Roots are semitones above
   the tonic, so that one progression serves every key.
*/
#ifndef PERPETUO_MUSIC_CHORD_H
#define PERPETUO_MUSIC_CHORD_H

#include <stdint.h>

/// A chord's third and fifth
typedef enum {
  CHORD_MAJOR,
  CHORD_MINOR,
  CHORD_DIMINISHED,
  N_CHORD_KINDS
} ChordKind;

/// A chord: CHORD_UNKNOWN, or as chord_make() gives it
typedef uint8_t Chord;

#define CHORD_UNKNOWN 0U
#define N_CHORDS (1U + 12U * N_CHORD_KINDS)

/// Chords of a bar
#define CHORDS_PER_BAR 2U

/// The chord of a kind on a root, semitones above the tonic (any whole number).
/// Thread: any.
Chord
chord_make(int root, ChordKind kind);

/// Semitones from the tonic to the root, 0 .. 11; 0 for CHORD_UNKNOWN.
/// Thread: any.
uint32_t
chord_root(Chord chord);

/// The chord's pitch classes: bit p is set for p semitones above the tonic;
/// none for CHORD_UNKNOWN.  Thread: any.
uint32_t
chord_pitches(Chord chord);

#endif // PERPETUO_MUSIC_CHORD_H
