// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The nine drum voices, and which MIDI note each one is in which kit
#ifndef PERPETUO_MUSIC_DRUM_MAP_H
#define PERPETUO_MUSIC_DRUM_MAP_H

#include <stdint.h>

typedef enum {
  DRUM_KICK,
  DRUM_SNARE,
  DRUM_CLAP,
  DRUM_HAT_CLOSED,
  DRUM_HAT_OPEN,
  DRUM_TOM_LOW,
  DRUM_TOM_HIGH,
  DRUM_CRASH,
  DRUM_RIDE,
  N_DRUM_VOICES
} DrumVoice;

/// What the `drum_map` control chooses from
typedef enum { DRUM_MAP_GM, DRUM_MAP_ROWS, N_DRUM_MAPS } DrumMap;

/// A voice's name, as people say it.  Thread: any.
const char*
drum_map_name(DrumVoice voice);

/// MIDI note number of a voice in a map.  Thread: any.
uint8_t
drum_map_key(DrumMap map, DrumVoice voice);

/// The voice nearest to a General MIDI (or Roland TD) percussion note, or -1
/// for what is none of the nine (cowbells, whistles).  Thread: any.
int
drum_map_voice(uint8_t key);

#endif // PERPETUO_MUSIC_DRUM_MAP_H
