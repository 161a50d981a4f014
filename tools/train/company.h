// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What a line is told of the company it keeps: the melody beside it, if it is
   drums, and the energy of the section.

   People's drums were recorded alone, and the energy of sections is marked in
   the studies only.  If each line were told what its own piece has, "there is a
   melody" would come to mean "a machine plays", and asked for funk over a
   melody a model would play a machine's.  So, of what is learned from, those
   that have a melody are at times not told it, and those that have none are
   mostly told a stranger's; where no energy is marked, mostly any energy is.
   By that they learn that it tells them nothing.
*/
#ifndef PERPETUO_TOOLS_TRAIN_COMPANY_H
#define PERPETUO_TOOLS_TRAIN_COMPANY_H

#include "tools/train/corpus.h"

#include <stdbool.h>
#include <stdint.h>

/**
   The melody's onsets in some bars of a piece, or of a stranger of its metre.

   @param key Random numbers of its own.
   @param onsets (n_bars, VOCAB_ONSET_WORDS) one bit a grid step.
   @return Whether there are any to be told of.
   Thread: tools.
*/
bool
company_onsets(const Corpus* corpus,
               const Piece*  piece,
               uint32_t      i_bar,
               uint32_t      n_bars,
               uint64_t      key,
               uint64_t*     onsets);

/// The energy that a line is told where its piece states `energy`, 0 for none
int8_t
company_energy(const Piece* piece, int8_t energy, uint64_t key);

#endif // PERPETUO_TOOLS_TRAIN_COMPANY_H
