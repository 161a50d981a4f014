// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The MIDI output: a MidiBlock as an atom sequence in the host's buffer
#ifndef PERPETUO_PLUGIN_MIDI_OUT_H
#define PERPETUO_PLUGIN_MIDI_OUT_H

#include "base/attributes.h"
#include "play/midi_block.h"
#include "plugin/urids.h"

#include <lv2/atom/atom.h>

#include <stdint.h>

/// Number of events that a buffer has room for, as the host hands it in
REALTIME uint32_t
midi_out_room(const LV2_Atom_Sequence* buffer);

/**
   Write the events, and the sequence header in any case.

   Nothing is written into a buffer that is too small for its header.
   @param room Bytes behind the buffer's atom header (its size on entry).
*/
REALTIME void
midi_out_write(const Urids*       urids,
               LV2_Atom_Sequence* buffer,
               uint32_t           room,
               const MidiBlock*   block);

#endif // PERPETUO_PLUGIN_MIDI_OUT_H
