// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Which bars of a drum part are fills.

   Where sections are marked, the bar before a section is a big one.  Else a
   fill is the last bar of four that differs from bars that do not differ from
   each other; at the end of eight it is a big one.
*/
#ifndef PERPETUO_TOOLS_TRAIN_FILLS_H
#define PERPETUO_TOOLS_TRAIN_FILLS_H

#include "music/note.h"

#include <stdbool.h>
#include <stdint.h>

/**
   @param notes (n_notes) drums, sorted by grid.
   @param starts (n_bars) whether a marked section starts with the bar; null
   where nothing is marked.
   @param fill (n_bars) a Fill each.
*/
void
fills_find(const GridNote* notes,
           uint32_t        n_notes,
           uint32_t        bar_grids,
           uint32_t        n_bars,
           const bool*     starts,
           uint8_t*        fill);

#endif // PERPETUO_TOOLS_TRAIN_FILLS_H
