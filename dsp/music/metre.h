// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Time signatures, and the three units in which musical time is counted.

   A *grid* step is what the models count: 24 to the quarter note, so that
   sixteenths (6) and triplets (8) are whole.  A *tick* is what is played: 960
   to the quarter note, so that swing and lean have room.  A *beat* is the
   host's: one note of the metre's unit.
*/
#ifndef PERPETUO_MUSIC_METRE_H
#define PERPETUO_MUSIC_METRE_H

#include <stdint.h>

#define GRIDS_PER_QUARTER 24U
#define TICKS_PER_QUARTER 960U
#define TICKS_PER_GRID (TICKS_PER_QUARTER / GRIDS_PER_QUARTER)

/// Longest bar: 24 quarters; a metre that would be longer is cut to it
#define MAX_BAR_GRIDS (24U * GRIDS_PER_QUARTER)

/// A time signature, such as 4/4 or 6/8
typedef struct {
  uint8_t n_beats; ///< Beats in a bar, 1 .. 64
  uint8_t unit;    ///< Note value of a beat: 1, 2, 4, 8, 16 or 32
} Metre;

/// Length of a bar in grid steps, at least 1 and at most MAX_BAR_GRIDS
static inline uint32_t
metre_bar_grids(const Metre metre)
{
  // Most are in quarters, and a division takes its time
  const uint32_t n = metre.unit == 4U
                       ? metre.n_beats * GRIDS_PER_QUARTER
                       : metre.n_beats * 4U * GRIDS_PER_QUARTER / metre.unit;
  return n < 1U ? 1U : n > MAX_BAR_GRIDS ? MAX_BAR_GRIDS : n;
}

/// Length of a bar in ticks
static inline uint32_t
metre_bar_ticks(const Metre metre)
{
  return metre_bar_grids(metre) * TICKS_PER_GRID;
}

#endif // PERPETUO_MUSIC_METRE_H
