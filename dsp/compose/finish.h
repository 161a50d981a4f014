// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A sketch made ready to be played: key or kit, feel, loudness and lengths.

   Onsets never leave their bar, a melody stays monophonic, and a key that is
   struck again is let go first.  Whole numbers throughout.
*/
#ifndef PERPETUO_COMPOSE_FINISH_H
#define PERPETUO_COMPOSE_FINISH_H

#include "compose/sketch.h"
#include "music/mix.h"
#include "music/phrase.h"

#include <stdint.h>

/// What finishing is done for
typedef struct {
  const Mix* mix;
  Part       part;
  Metre      metre;
  uint32_t   n_bars;
  uint32_t   energy; ///< Of the section, 0 .. 100
  uint64_t   key;    ///< Of the phrase: decides where hands are uneven
} Finish;

/// MIDI note number of a melody's pitch 0: the tonic next to middle C, from F#
/// below it to F above.  Thread: any.
int
finish_tonic(uint32_t key);

/// Write the notes of `sketch` into `phrase`, which is made anew.
/// Thread: worker, tools.  Memory: none allocated.
void
finish_phrase(const Finish* finish, const Sketch* sketch, Phrase* phrase);

#endif // PERPETUO_COMPOSE_FINISH_H
