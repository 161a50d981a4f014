// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/midi_out.h"

#include <string.h>

/// One event of up to 3 bytes, padded as all atoms are
typedef struct {
  LV2_Atom_Event event;
  uint8_t        bytes[8];
} OutEvent;

uint32_t
midi_out_room(const LV2_Atom_Sequence* const buffer)
{
  const uint32_t size = buffer->atom.size;
  return size < sizeof(LV2_Atom_Sequence_Body)
           ? 0U
           : (uint32_t)((size - sizeof(LV2_Atom_Sequence_Body)) /
                        sizeof(OutEvent));
}

void
midi_out_write(const Urids* const       urids,
               LV2_Atom_Sequence* const buffer,
               const uint32_t           room,
               const MidiBlock* const   block)
{
  if (room < sizeof(LV2_Atom_Sequence_Body)) {
    return;
  }

  OutEvent* const events = (OutEvent*)(void*)(buffer + 1);
  for (uint32_t i = 0U; i < block->n; ++i) {
    // All three bytes: those that an event does not have are 0
    const MidiEvent* const from = &block->events[i];
    OutEvent* const        to   = &events[i];
    to->event.time.frames       = (int64_t)from->frame;
    to->event.body.size         = from->n_bytes;
    to->event.body.type         = urids->midi_MidiEvent;
    memset(to->bytes, 0, sizeof(to->bytes));
    memcpy(to->bytes, from->bytes, sizeof(from->bytes));
  }

  buffer->atom.type = urids->atom_Sequence;
  buffer->atom.size =
    (uint32_t)(sizeof(LV2_Atom_Sequence_Body) + block->n * sizeof(OutEvent));
  buffer->body.unit = 0U;
  buffer->body.pad  = 0U;
}
