// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the audio side asks the worker for; everything a phrase depends on
#ifndef PERPETUO_MUSIC_REQUEST_H
#define PERPETUO_MUSIC_REQUEST_H

#include "music/metre.h"
#include "music/mix.h"
#include "music/part.h"

#include <stdint.h>

typedef struct {
  Part     part;
  int32_t  i_phrase; ///< Phrase number: bar / mix.phrase_bars, rounded down
  Metre    metre;
  uint16_t reroll; ///< How often another phrase was asked for here
  Mix      mix;
} Request;

#endif // PERPETUO_MUSIC_REQUEST_H
