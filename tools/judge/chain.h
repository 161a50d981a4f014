// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A Markov chain over words of 16 bits: what may follow the last few.

   It answers with the place in the source that follows, so that whoever asks
   can take from there what the word does not say.
*/
#ifndef PERPETUO_TOOLS_JUDGE_CHAIN_H
#define PERPETUO_TOOLS_JUDGE_CHAIN_H

#include "base/status.h"

#include <stdint.h>

#define CHAIN_MAX_ORDER 3U
#define CHAIN_END 0U ///< The word that ends a line, and stands before it
#define CHAIN_NONE UINT32_MAX ///< No place

typedef struct Chain Chain;

/**
   Learn a text: lines of words above 0, CHAIN_END after each.

   @param words (n_words) borrowed: they outlive the chain.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
chain_new(const uint16_t* words,
          uint32_t        n_words,
          uint32_t        order,
          Chain**         chain);

/// Null is allowed
void
chain_free(Chain* chain);

/**
   A place whose word follows the last ones.

   @param last (CHAIN_MAX_ORDER) the last words, newest last; CHAIN_END before
   the first.
   @param draw Which of those there are: any number.
   @return Its index, never that of a CHAIN_END; CHAIN_NONE when nothing
   follows.
*/
uint32_t
chain_next(const Chain* chain, const uint16_t* last, uint32_t draw);

#endif // PERPETUO_TOOLS_JUDGE_CHAIN_H
