// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The scales that a melody can be locked to, and the nearest pitch in one
#ifndef PERPETUO_MUSIC_SCALE_H
#define PERPETUO_MUSIC_SCALE_H

#include <stdint.h>

/// What the `scale` control chooses from, in its order
typedef enum {
  SCALE_FREE, ///< As written: every pitch
  SCALE_MAJOR,
  SCALE_NATURAL_MINOR,
  SCALE_HARMONIC_MINOR,
  SCALE_DORIAN,
  SCALE_PHRYGIAN,
  SCALE_LYDIAN,
  SCALE_MIXOLYDIAN,
  SCALE_MAJOR_PENTATONIC,
  SCALE_MINOR_PENTATONIC,
  SCALE_BLUES,
  N_SCALES
} Scale;

/// All pitch classes
#define ALL_PITCHES 0xFFFU

/// A scale's name, as people say it.  Thread: any.
const char*
scale_name(Scale scale);

/// The scale's pitch classes: bit p is set for p semitones above the tonic.
/// What is no scale counts as SCALE_FREE.  Thread: any.
uint32_t
scale_pitches(Scale scale);

/// +1 for a scale with a major third, -1 with a minor one, 0 for SCALE_FREE.
/// Thread: any.
int
scale_mode(Scale scale);

/**
   The pitch of the scale that is nearest, the lower one of two.

   @param pitch Semitones above a tonic, any whole number.
   Thread: any.
*/
int
scale_snap(Scale scale, int pitch);

#endif // PERPETUO_MUSIC_SCALE_H
