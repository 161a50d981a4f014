// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The MIDI events of one block, in time order, before they become bytes
#ifndef PERPETUO_PLAY_MIDI_BLOCK_H
#define PERPETUO_PLAY_MIDI_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

/// Some hosts lose events beyond about 350 in a block
#define MIDI_BLOCK_MAX 340U

typedef struct {
  uint32_t frame; ///< From the start of the block
  uint8_t  n_bytes;
  uint8_t  bytes[3];
} MidiEvent;

typedef struct {
  uint32_t  n;
  uint32_t  capacity; ///< At most MIDI_BLOCK_MAX; less in a small buffer
  MidiEvent events[MIDI_BLOCK_MAX];
} MidiBlock;

/// Begin a block with room for so many events
static inline void
midi_block_begin(MidiBlock* const self, const uint32_t capacity)
{
  self->n        = 0U;
  self->capacity = capacity < MIDI_BLOCK_MAX ? capacity : MIDI_BLOCK_MAX;
}

/// Append an event; false when there is no room
static inline bool
midi_block_add(MidiBlock* const self, const MidiEvent event)
{
  if (self->n >= self->capacity) {
    return false;
  }
  self->events[self->n++] = event;
  return true;
}

#endif // PERPETUO_PLAY_MIDI_BLOCK_H
