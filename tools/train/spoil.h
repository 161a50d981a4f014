// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Ways to spoil a phrase, so that a gate learns what is missing then
#ifndef PERPETUO_TOOLS_TRAIN_SPOIL_H
#define PERPETUO_TOOLS_TRAIN_SPOIL_H

#include "compose/sketch.h"

#include <stdbool.h>
#include <stdint.h>

/// A phrase, and the random numbers with which it is spoilt
typedef struct {
  const Sketch* sketch;
  Part          part;
  uint32_t      bar_grids;
  uint32_t      n_bars;
  int           mode; ///< +1 major, -1 minor, 0 unknown
  uint64_t      key;
} Spoil;

/// Bars in another order
void
spoil_bars(const Spoil* spoil, Sketch* to);

/// The same rhythm with random pitches of the scale, or drum voices
void
spoil_pitches(const Spoil* spoil, Sketch* to);

/// The same notes at random sixteenths of their bars
void
spoil_rhythm(const Spoil* spoil, Sketch* to);

/// The second half transposed; drums: shifted by sixteenths
void
spoil_half(const Spoil* spoil, Sketch* to);

/// As many notes of no sense, the same in every bar or half
void
spoil_all(const Spoil* spoil, Sketch* to);

#endif // PERPETUO_TOOLS_TRAIN_SPOIL_H
