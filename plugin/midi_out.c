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

  uint8_t* const events = (uint8_t*)(buffer + 1);
  for (uint32_t i = 0U; i < block->n; ++i) {
    const MidiEvent* const from = &block->events[i];
    OutEvent               event;

    memset(&event, 0, sizeof(event));
    event.event.time.frames = (int64_t)from->frame;
    event.event.body.type   = urids->midi_MidiEvent;
    event.event.body.size   = from->n_bytes;
    memcpy(event.bytes, from->bytes, from->n_bytes);
    memcpy(events + i * sizeof(event), &event, sizeof(event));
  }

  buffer->atom.type = urids->atom_Sequence;
  buffer->atom.size =
    (uint32_t)(sizeof(LV2_Atom_Sequence_Body) + block->n * sizeof(OutEvent));
  buffer->body.unit = 0U;
  buffer->body.pad  = 0U;
}
