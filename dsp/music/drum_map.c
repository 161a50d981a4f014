// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "music/drum_map.h"

#include <stddef.h>

typedef struct {
  const char* name;
  uint8_t     key[N_DRUM_MAPS];
} VoiceRow;

// Rows are semitones from C1 (36) up, as pads and step sequencers lay them out
static const VoiceRow voices[N_DRUM_VOICES] = {
  [DRUM_KICK]       = {"Kick", {36U, 36U}},
  [DRUM_SNARE]      = {"Snare", {38U, 37U}},
  [DRUM_CLAP]       = {"Clap", {39U, 38U}},
  [DRUM_HAT_CLOSED] = {"Closed hat", {42U, 39U}},
  [DRUM_HAT_OPEN]   = {"Open hat", {46U, 40U}},
  [DRUM_TOM_LOW]    = {"Low tom", {45U, 41U}},
  [DRUM_TOM_HIGH]   = {"High tom", {50U, 42U}},
  [DRUM_CRASH]      = {"Crash", {49U, 43U}},
  [DRUM_RIDE]       = {"Ride", {51U, 44U}},
};

typedef struct {
  uint8_t key;
  uint8_t voice;
} Alias;

// General MIDI percussion, and Roland's electronic kits where they differ
static const Alias aliases[] = {
  {22U, DRUM_HAT_CLOSED}, // Roland: closed hat, edge
  {26U, DRUM_HAT_OPEN},   // Roland: open hat, edge
  {35U, DRUM_KICK},
  {36U, DRUM_KICK},
  {37U, DRUM_SNARE}, // Side stick
  {38U, DRUM_SNARE},
  {39U, DRUM_CLAP},
  {40U, DRUM_SNARE},
  {41U, DRUM_TOM_LOW},
  {42U, DRUM_HAT_CLOSED},
  {43U, DRUM_TOM_LOW},
  {44U, DRUM_HAT_CLOSED}, // Pedal
  {45U, DRUM_TOM_LOW},
  {46U, DRUM_HAT_OPEN},
  {47U, DRUM_TOM_LOW}, // Low-mid; Roland: second tom, rim
  {48U, DRUM_TOM_HIGH},
  {49U, DRUM_CRASH},
  {50U, DRUM_TOM_HIGH},
  {51U, DRUM_RIDE},
  {52U, DRUM_CRASH},      // Chinese
  {53U, DRUM_RIDE},       // Bell
  {54U, DRUM_HAT_CLOSED}, // Tambourine
  {55U, DRUM_CRASH},      // Splash
  {57U, DRUM_CRASH},
  {58U, DRUM_TOM_LOW}, // Roland: floor tom, rim; elsewhere a rare vibraslap
  {59U, DRUM_RIDE},
  {69U, DRUM_HAT_CLOSED}, // Cabasa, and next to it
  {70U, DRUM_HAT_CLOSED}, // maracas: shakers keep the hat's time
};

const char*
drum_map_name(const DrumVoice voice)
{
  return (unsigned)voice < N_DRUM_VOICES ? voices[voice].name : "";
}

uint8_t
drum_map_key(const DrumMap map, const DrumVoice voice)
{
  return (unsigned)voice >= N_DRUM_VOICES ? 0U
         : (unsigned)map < N_DRUM_MAPS    ? voices[voice].key[map]
                                          : voices[voice].key[DRUM_MAP_GM];
}

int
drum_map_voice(const uint8_t key)
{
  for (size_t i = 0U; i < sizeof(aliases) / sizeof(aliases[0]); ++i) {
    if (aliases[i].key == key) {
      return aliases[i].voice;
    }
  }
  return -1;
}
