// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/moves.h"

uint16_t
move_between(const TakeNote* const from, const TakeNote* const to)
{
  const int most     = MOVE_MAX_INTERVAL;
  int       interval = to->pitch - from->pitch;
  interval     = interval < -most ? -most : interval > most ? most : interval;
  uint32_t gap = to->step - from->step;
  gap          = gap < 1U ? 1U : gap > MOVE_MAX_GAP ? MOVE_MAX_GAP : gap;
  return (uint16_t)((uint32_t)(interval + most) * MOVE_MAX_GAP + gap);
}

uint32_t
moves_of(const TakeLine* const line, uint16_t* const moves)
{
  uint32_t n = 0U;
  for (; n + 1U < line->n_notes; ++n) {
    moves[n] = move_between(&line->notes[n], &line->notes[n + 1U]);
  }
  moves[n] = NO_MOVE;
  return n;
}

size_t
moves_room(const TakeSet* const set)
{
  size_t n = 0U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    for (uint32_t k = 0U; k < set->takes[i].n_lines; ++k) {
      n += set->takes[i].line[k].n_notes + 1U;
    }
  }
  return n;
}
