// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/position.h"

#include <lv2/atom/util.h>

#include <stddef.h>
#include <stdint.h>

/// Read a number; false when the atom is none
static bool
number(const Urids* const    urids,
       const LV2_Atom* const atom,
       double* const         value)
{
  const void* const body = atom + 1;

  if (atom->type == urids->atom_Int && atom->size >= sizeof(int32_t)) {
    *value = (double)*(const int32_t*)body;
  } else if (atom->type == urids->atom_Long && atom->size >= sizeof(int64_t)) {
    *value = (double)*(const int64_t*)body;
  } else if (atom->type == urids->atom_Float && atom->size >= sizeof(float)) {
    *value = (double)*(const float*)body;
  } else if (atom->type == urids->atom_Double && atom->size >= sizeof(double)) {
    *value = *(const double*)body;
  } else if (atom->type == urids->atom_Bool && atom->size >= sizeof(int32_t)) {
    *value = *(const int32_t*)body ? 1.0 : 0.0;
  } else {
    return false;
  }
  return true;
}

bool
position_read(const Urids* const    urids,
              const LV2_Atom* const atom,
              Position* const       position)
{
  const LV2_Atom_Object* const object = (const LV2_Atom_Object*)atom;
  if ((atom->type != urids->atom_Object && atom->type != urids->atom_Blank) ||
      atom->size < sizeof(LV2_Atom_Object_Body) ||
      object->body.otype != urids->time_Position) {
    return false;
  }

  const struct {
    LV2_URID key;
    unsigned field;
    double*  value;
  } rows[] = {
    {urids->time_frame, POSITION_FRAME, &position->frame},
    {urids->time_speed, POSITION_SPEED, &position->speed},
    {urids->time_bar, POSITION_BAR, &position->bar},
    {urids->time_barBeat, POSITION_BAR_BEAT, &position->bar_beat},
    {urids->time_beatsPerBar, POSITION_BEATS_PER_BAR, &position->beats_per_bar},
    {urids->time_beatUnit, POSITION_BEAT_UNIT, &position->beat_unit},
    {urids->time_beatsPerMinute, POSITION_BPM, &position->bpm},
  };

  const Position nothing = {0};
  *position              = nothing;

  const uint8_t* const end = (const uint8_t*)&object->body + atom->size;
  LV2_ATOM_OBJECT_FOREACH (object, property) {
    if ((const uint8_t*)(&property->value + 1) > end ||
        property->value.size >
          (size_t)(end - (const uint8_t*)(&property->value + 1))) {
      break; // Cut short
    }

    for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
      if (property->key == rows[i].key &&
          number(urids, &property->value, rows[i].value)) {
        position->fields |= rows[i].field;
      }
    }
  }
  return true;
}
