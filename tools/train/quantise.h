// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Played or written onsets to the models' grid.

   Beat by beat it is asked whether the onsets stand nearer to sixteenths, to
   triplets, to halves of triplets or to thirty-seconds, with a bias to the
   simpler ones.  Sixteenths that are late throughout (swing) are sixteenths.
   Grid positions come out even; what is left over is the lean.
*/
#ifndef PERPETUO_TOOLS_TRAIN_QUANTISE_H
#define PERPETUO_TOOLS_TRAIN_QUANTISE_H

#include "base/status.h"
#include "music/note.h"
#include "midi/midi_file.h"

#include <stdbool.h>
#include <stdint.h>

/// A stretch of a song and how it is counted
typedef struct {
  uint32_t begin; ///< Song ticks: where grid 0 is
  uint32_t end;   ///< Song ticks: onsets from here on are left out
  uint32_t ticks_per_quarter;
} Stretch;

/**
   Where each onset belongs.

   @param notes (n_notes) sorted by tick, all within the stretch.
   @param grid (n_notes) grid steps from the beginning, even and rising.
   @param lean (n_notes) ticks from there to where it was played, -60 .. 60.
*/
void
quantise_onsets(const Stretch*  stretch,
                const MidiNote* notes,
                uint32_t        n_notes,
                uint32_t*       grid,
                int8_t*         lean);

/**
   One voice out of a player's notes: the highest at each moment.

   Gaps shorter than a sixteenth are closed; other lengths become whole
   sixteenths or triplets.  Pitches are MIDI note numbers.
   @param is_chordal Keep a high note that sounds on over lower ones that move,
   as in music for a keyboard.
   @param out Room for `n_notes`.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
quantise_melody(const Stretch*  stretch,
                const MidiNote* notes,
                uint32_t        n_notes,
                bool            is_chordal,
                GridNote*       out,
                uint32_t*       n_out);

/// Hits of the nine drum voices, sorted by grid, then voice; twins are merged.
/// @param out Room for `n_notes`.  @return STATUS_NO_MEM.
NODISCARD Status
quantise_drums(const Stretch*  stretch,
               const MidiNote* notes,
               uint32_t        n_notes,
               GridNote*       out,
               uint32_t*       n_out);

#endif // PERPETUO_TOOLS_TRAIN_QUANTISE_H
