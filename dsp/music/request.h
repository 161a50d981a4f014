// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the audio side asks the worker for; everything a phrase depends on
#ifndef PERPETUO_MUSIC_REQUEST_H
#define PERPETUO_MUSIC_REQUEST_H

#include "music/metre.h"
#include "music/mix.h"
#include "music/part.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  Part     part;
  int32_t  i_phrase; ///< Phrase number: bar / mix.phrase_bars, rounded down
  Metre    metre;
  uint16_t reroll; ///< How often another phrase was asked for here
  Mix      mix;
} Request;

/// Whether two requests are for the same phrase.  Thread: any.
static inline bool
request_is_equal(const Request* const a, const Request* const b)
{
  return a->i_phrase == b->i_phrase && a->part == b->part &&
         a->reroll == b->reroll && a->metre.n_beats == b->metre.n_beats &&
         a->metre.unit == b->metre.unit && mix_is_equal(&a->mix, &b->mix);
}

#endif // PERPETUO_MUSIC_REQUEST_H
