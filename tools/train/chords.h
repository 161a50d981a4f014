// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Which chord sounds in each half of a bar.

   Notes vote for the chords that they belong to by how long they sound, the
   lowest one for its root as well; a half bar has a chord of its own where
   that fits clearly better than the whole bar's.
   Source of the idea: template matching, Fujishima 1999.
*/
#ifndef PERPETUO_TOOLS_TRAIN_CHORDS_H
#define PERPETUO_TOOLS_TRAIN_CHORDS_H

#include "base/status.h"
#include "music/chord.h"
#include "tools/train/quantise.h"

#include <stdint.h>

/// What is heard in one half of a bar
typedef struct {
  double  weight[12]; ///< How long each pitch class sounds, in halves of a bar
  uint8_t lowest;     ///< 1 more than the lowest key; 0 in silence
} ChordEvidence;

/**
   Listen to the notes of one player.

   @param half_ticks Length of half a bar, song ticks.
   @param slots (n_slots) halves of bars from the beginning of the stretch;
   zeroed before the first player.
*/
void
chords_listen(const Stretch*  stretch,
              double          half_ticks,
              const MidiNote* notes,
              uint32_t        n_notes,
              ChordEvidence*  slots,
              uint32_t        n_slots);

/**
   Name the chords.

   A half bar in which next to nothing is heard has the chord of its bar; in a
   silent bar that is CHORD_UNKNOWN.

   @param tonic Pitch class that roots are counted from.
   @param mode +1 major, -1 minor, 0 unknown: of equals, chords of the key win.
   @param chords (n_slots).
*/
void
chords_find(const ChordEvidence* slots,
            uint32_t             n_slots,
            int                  tonic,
            int                  mode,
            Chord*               chords);

#endif // PERPETUO_TOOLS_TRAIN_CHORDS_H
