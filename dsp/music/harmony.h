// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The harmony that a section goes round: four bars of chords, drawn from those
   that music of the mix's styles goes round.
*/
#ifndef PERPETUO_MUSIC_HARMONY_H
#define PERPETUO_MUSIC_HARMONY_H

#include "music/chord.h"
#include "music/scale.h"
#include "music/style.h"

#include <stdint.h>

#define HARMONY_BARS 4U
#define HARMONY_CHORDS (HARMONY_BARS * CHORDS_PER_BAR)

/**
   Draw a harmony.

   All its chords are of the scale, where one is locked; of five and six notes
   the major or natural minor scale around them is meant.  Where no harmony
   fits, all chords are CHORD_UNKNOWN.

   @param styles (N_STYLES) weights, as mix_styles() gives them.
   @param mode +1 major, -1 minor.
   @param chords (HARMONY_CHORDS).
   Thread: worker, tools.
*/
void
harmony_draw(const int8_t* styles,
             int           mode,
             Scale         scale,
             uint64_t      key,
             Chord*        chords);

#endif // PERPETUO_MUSIC_HARMONY_H
