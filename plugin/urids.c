// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/urids.h"

#include <lv2/atom/atom.h>
#include <lv2/midi/midi.h>
#include <lv2/time/time.h>

#include <stddef.h>

#define STATE_PREFIX "urn:perpetuo:state:"

static const struct {
  size_t      offset;
  const char* uri;
} rows[] = {
  {offsetof(Urids, atom_Blank), LV2_ATOM__Blank},
  {offsetof(Urids, atom_Bool), LV2_ATOM__Bool},
  {offsetof(Urids, atom_Double), LV2_ATOM__Double},
  {offsetof(Urids, atom_Float), LV2_ATOM__Float},
  {offsetof(Urids, atom_Int), LV2_ATOM__Int},
  {offsetof(Urids, atom_Long), LV2_ATOM__Long},
  {offsetof(Urids, atom_Object), LV2_ATOM__Object},
  {offsetof(Urids, atom_Sequence), LV2_ATOM__Sequence},
  {offsetof(Urids, atom_String), LV2_ATOM__String},
  {offsetof(Urids, midi_MidiEvent), LV2_MIDI__MidiEvent},
  {offsetof(Urids, time_Position), LV2_TIME__Position},
  {offsetof(Urids, time_bar), LV2_TIME__bar},
  {offsetof(Urids, time_barBeat), LV2_TIME__barBeat},
  {offsetof(Urids, time_beatUnit), LV2_TIME__beatUnit},
  {offsetof(Urids, time_beatsPerBar), LV2_TIME__beatsPerBar},
  {offsetof(Urids, time_beatsPerMinute), LV2_TIME__beatsPerMinute},
  {offsetof(Urids, time_frame), LV2_TIME__frame},
  {offsetof(Urids, time_speed), LV2_TIME__speed},
  {offsetof(Urids, state_version), STATE_PREFIX "version"},
  {offsetof(Urids, state_melody), STATE_PREFIX "melody"},
  {offsetof(Urids, state_drums), STATE_PREFIX "drums"},
  {offsetof(Urids, state_gate_melody), STATE_PREFIX "gate_melody"},
  {offsetof(Urids, state_gate_drums), STATE_PREFIX "gate_drums"},
  {offsetof(Urids, state_held), STATE_PREFIX "held"},
  {offsetof(Urids, state_rerolls), STATE_PREFIX "rerolls"},
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) ==
                 sizeof(Urids) / sizeof(LV2_URID),
               "Every URID has its row");

void
urids_init(Urids* const self, LV2_URID_Map* const map)
{
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    LV2_URID* const field = (LV2_URID*)((char*)self + rows[i].offset);
    *field                = map->map(map->handle, rows[i].uri);
  }
}
