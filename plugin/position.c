// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/position.h"

#include <lv2/atom/util.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// How a number is written
typedef enum {
  KIND_NONE,
  KIND_INT,
  KIND_LONG,
  KIND_FLOAT,
  KIND_DOUBLE,
  KIND_BOOL
} Kind;

/// What kind of number an atom is
static Kind
kind_of(const Urids* const urids, const LV2_Atom* const atom)
{
  const struct {
    LV2_URID type;
    size_t   size;
    Kind     kind;
  } rows[] = {
    {urids->atom_Int, sizeof(int32_t), KIND_INT},
    {urids->atom_Long, sizeof(int64_t), KIND_LONG},
    {urids->atom_Float, sizeof(float), KIND_FLOAT},
    {urids->atom_Double, sizeof(double), KIND_DOUBLE},
    {urids->atom_Bool, sizeof(int32_t), KIND_BOOL},
  };
  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    if (atom->type == rows[i].type && atom->size >= rows[i].size) {
      return rows[i].kind;
    }
  }
  return KIND_NONE;
}

/// The number of a body
static double
number(const Kind kind, const void* const body)
{
  return kind == KIND_FLOAT      ? (double)*(const float*)body
         : kind == KIND_LONG     ? (double)*(const int64_t*)body
         : kind == KIND_INT      ? (double)*(const int32_t*)body
         : kind == KIND_DOUBLE   ? *(const double*)body
         : *(const int32_t*)body ? 1.0
                                 : 0.0;
}

/// Read an atom that is laid out as the last one was; false when it is not
static bool
read_alike(const PositionLayout* const  layout,
           const LV2_Atom_Object* const object,
           Position* const              position)
{
  if (object->atom.size != layout->size) {
    return false;
  }

  for (uint32_t i = 0U; i < layout->n; ++i) {
    const PositionPlace* const          place = &layout->places[i];
    const LV2_Atom_Property_Body* const property =
      (const LV2_Atom_Property_Body*)((const uint8_t*)object + place->at);
    if (memcmp(property, &place->head, sizeof(*property)) != 0) {
      return false;
    }
    if (place->kind) {
      const double value = number((Kind)place->kind, property + 1);
      memcpy((char*)position + place->to, &value, sizeof(value));
    }
  }
  position->fields = layout->fields;
  return true;
}

/// Remember where a property stood; an atom of more is not remembered
static void
note_down(PositionLayout* const               layout,
          const LV2_Atom_Object* const        object,
          const LV2_Atom_Property_Body* const property,
          const Kind                          kind,
          const size_t                        to)
{
  if (layout->n < POSITION_MAX_PLACES) {
    PositionPlace* const place = &layout->places[layout->n];
    place->head                = *property;
    place->at   = (uint32_t)((const uint8_t*)property - (const uint8_t*)object);
    place->kind = (uint16_t)kind;
    place->to   = (uint16_t)to;
  }
  ++layout->n;
}

/// Read an atom, property by property
static void
read_anew(const Urids* const           urids,
          PositionLayout* const        layout,
          const LV2_Atom_Object* const object,
          Position* const              position)
{
  const struct {
    LV2_URID key;
    unsigned field;
    size_t   to;
  } rows[] = {
    {urids->time_frame, POSITION_FRAME, offsetof(Position, frame)},
    {urids->time_speed, POSITION_SPEED, offsetof(Position, speed)},
    {urids->time_bar, POSITION_BAR, offsetof(Position, bar)},
    {urids->time_barBeat, POSITION_BAR_BEAT, offsetof(Position, bar_beat)},
    {urids->time_beatsPerBar,
     POSITION_BEATS_PER_BAR,
     offsetof(Position, beats_per_bar)},
    {urids->time_beatUnit, POSITION_BEAT_UNIT, offsetof(Position, beat_unit)},
    {urids->time_beatsPerMinute, POSITION_BPM, offsetof(Position, bpm)},
  };

  const uint8_t* const end = (const uint8_t*)&object->body + object->atom.size;
  bool                 is_whole = true;
  layout->n                     = 0U;
  LV2_ATOM_OBJECT_FOREACH (object, property) {
    if ((const uint8_t*)(&property->value + 1) > end ||
        property->value.size >
          (size_t)(end - (const uint8_t*)(&property->value + 1))) {
      is_whole = false;
      break; // Cut short
    }

    unsigned i = 0U;
    while (i < sizeof(rows) / sizeof(rows[0]) && property->key != rows[i].key) {
      ++i;
    }
    const bool   is_known = i < sizeof(rows) / sizeof(rows[0]);
    const Kind   kind = is_known ? kind_of(urids, &property->value) : KIND_NONE;
    const size_t to   = is_known ? rows[i].to : 0U;
    if (kind) {
      const double value = number(kind, property + 1);
      memcpy((char*)position + to, &value, sizeof(value));
      position->fields |= rows[i].field;
    }
    note_down(layout, object, property, kind, to);
  }

  layout->fields = position->fields;
  layout->size =
    is_whole && layout->n <= POSITION_MAX_PLACES ? object->atom.size : 0U;
}

bool
position_read(const Urids* const    urids,
              PositionLayout* const layout,
              const LV2_Atom* const atom,
              Position* const       position)
{
  const LV2_Atom_Object* const object = (const LV2_Atom_Object*)atom;
  if ((atom->type != urids->atom_Object && atom->type != urids->atom_Blank) ||
      atom->size < sizeof(LV2_Atom_Object_Body) ||
      object->body.otype != urids->time_Position) {
    return false;
  }

  const Position nothing = {0};
  *position              = nothing;
  if (!read_alike(layout, object, position)) {
    *position = nothing;
    read_anew(urids, layout, object, position);
  }
  return true;
}
