// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The numbers that the host has for the words we exchange with it
#ifndef PERPETUO_PLUGIN_URIDS_H
#define PERPETUO_PLUGIN_URIDS_H

#include <lv2/urid/urid.h>

typedef struct {
  // Atoms
  LV2_URID atom_Blank;
  LV2_URID atom_Bool;
  LV2_URID atom_Double;
  LV2_URID atom_Float;
  LV2_URID atom_Int;
  LV2_URID atom_Long;
  LV2_URID atom_Object;
  LV2_URID atom_Sequence;
  LV2_URID atom_String;
  LV2_URID midi_MidiEvent;

  // Time
  LV2_URID time_Position;
  LV2_URID time_bar;
  LV2_URID time_barBeat;
  LV2_URID time_beatUnit;
  LV2_URID time_beatsPerBar;
  LV2_URID time_beatsPerMinute;
  LV2_URID time_frame;
  LV2_URID time_speed;

  // Our state
  LV2_URID state_version;
  LV2_URID state_melody;
  LV2_URID state_drums;
  LV2_URID state_gate_melody;
  LV2_URID state_gate_drums;
  LV2_URID state_held;
  LV2_URID state_rerolls;
} Urids;

/// Map them all.  Thread: setup.
void
urids_init(Urids* urids, LV2_URID_Map* map);

#endif // PERPETUO_PLUGIN_URIDS_H
