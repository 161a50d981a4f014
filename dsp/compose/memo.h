// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What was composed lately: it saves work and changes nothing.

   Every take is found by all that it is a function of, compared as bytes; the
   one not asked for for longest makes room.
*/
#ifndef PERPETUO_COMPOSE_MEMO_H
#define PERPETUO_COMPOSE_MEMO_H

#include "compose/sketch.h"
#include "music/phrase.h"
#include "music/request.h"

#include <stdint.h>

/// More than one phrase of every part and theme needs at once
#define MEMO_N_TAKES 32U

/// All that a take is a function of, beside the models; no padding
typedef struct {
  uint64_t place;    ///< A phrase's number, or a theme's name
  uint32_t part;     ///< A Part
  uint32_t is_theme; ///< 1 or 0
  uint32_t reroll;
  uint32_t n_beats; ///< Metre
  uint32_t unit;
  uint32_t n_bars;
  Mix      mix; ///< Zeros where a knob does not matter
} TakeKey;

_Static_assert(sizeof(TakeKey) == 72U, "TakeKey is compared as bytes");

/// A sketch that was taken, and what it took to get it
typedef struct {
  Sketch   sketch;
  float    score;
  uint32_t n_tries;
  uint32_t n_rejected;
  uint32_t n_scores;
  int16_t  scores[PHRASE_MAX_TRIES]; ///< Of the tries, as in Phrase
} Take;

typedef struct {
  uint64_t moment;                ///< Counts what was asked for
  uint64_t touched[MEMO_N_TAKES]; ///< The moment each was last; 0 for never
  TakeKey  keys[MEMO_N_TAKES];
  Take     takes[MEMO_N_TAKES];
} Memo;

/// The take of a key, or null
const Take*
memo_find(Memo* memo, const TakeKey* key);

/**
   Room for the take of a key that is not there, to be written at once.

   It stays until MEMO_N_TAKES - 1 others were asked for.
*/
Take*
memo_add(Memo* memo, const TakeKey* key);

#endif // PERPETUO_COMPOSE_MEMO_H
