// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A melody as moves: how far to the next note, and how soon it comes.

   Moves are the same in every key and wherever a piece begins, so that what
   was copied is found when it was transposed or shifted.
*/
#ifndef PERPETUO_TOOLS_JUDGE_MOVES_H
#define PERPETUO_TOOLS_JUDGE_MOVES_H

#include "tools/judge/takes.h"

#include <stdint.h>

#define MOVE_MAX_INTERVAL 24 ///< Wider ones count as this
#define MOVE_MAX_GAP 32U     ///< Longer ones count as this, steps
#define N_MOVES ((2U * MOVE_MAX_INTERVAL + 1U) * MOVE_MAX_GAP)
#define NO_MOVE 0U ///< Beyond the end of a line

/// The move from a note to the next: 1 .. N_MOVES
uint16_t
move_between(const TakeNote* from, const TakeNote* to);

/// All moves of a line, and NO_MOVE after them.
/// @param moves Room for `n_notes + 1`.  @return How many there are.
uint32_t
moves_of(const TakeLine* line, uint16_t* moves);

/// Moves, and ends, of all lines of a set: the room they need
size_t
moves_room(const TakeSet* set);

#endif // PERPETUO_TOOLS_JUDGE_MOVES_H
