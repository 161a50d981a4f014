// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "music/scale.h"

#define N_CLASSES 12

typedef struct {
  const char* name;
  uint32_t    pitches;
  int         mode;
} ScaleRow;

// Bit 0, the rightmost, is the tonic
static const ScaleRow scales[N_SCALES] = {
  [SCALE_FREE]             = {"As written", ALL_PITCHES, 0},
  [SCALE_MAJOR]            = {"Major", 0xAB5U, 1},
  [SCALE_NATURAL_MINOR]    = {"Natural minor", 0x5ADU, -1},
  [SCALE_HARMONIC_MINOR]   = {"Harmonic minor", 0x9ADU, -1},
  [SCALE_DORIAN]           = {"Dorian", 0x6ADU, -1},
  [SCALE_PHRYGIAN]         = {"Phrygian", 0x5ABU, -1},
  [SCALE_LYDIAN]           = {"Lydian", 0xAD5U, 1},
  [SCALE_MIXOLYDIAN]       = {"Mixolydian", 0x6B5U, 1},
  [SCALE_MAJOR_PENTATONIC] = {"Major pentatonic", 0x295U, 1},
  [SCALE_MINOR_PENTATONIC] = {"Minor pentatonic", 0x4A9U, -1},
  [SCALE_BLUES]            = {"Blues", 0x4E9U, -1},
};

static const ScaleRow*
row_of(const Scale scale)
{
  return &scales[(unsigned)scale < N_SCALES ? scale : SCALE_FREE];
}

const char*
scale_name(const Scale scale)
{
  return row_of(scale)->name;
}

uint32_t
scale_pitches(const Scale scale)
{
  return row_of(scale)->pitches;
}

int
scale_mode(const Scale scale)
{
  return row_of(scale)->mode;
}

static uint32_t
has_pitch(const uint32_t pitches, const int pitch)
{
  const int p = pitch % N_CLASSES;
  return (pitches >> (p < 0 ? p + N_CLASSES : p)) & 1U;
}

int
scale_snap(const Scale scale, const int pitch)
{
  const uint32_t pitches = scale_pitches(scale);
  int            away    = 0;
  while (!has_pitch(pitches, pitch - away) &&
         !has_pitch(pitches, pitch + away)) {
    ++away;
  }
  return has_pitch(pitches, pitch - away) ? pitch - away : pitch + away;
}
