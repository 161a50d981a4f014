// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/copying.h"

#include "tools/judge/moves.h"

#include <stdlib.h>

struct Copying {
  uint16_t*        moves;  ///< All lines, NO_MOVE after each
  const uint16_t** suffix; ///< (n) into `moves`, in order of what they say
  size_t           n;
};

/// Moves that two suffixes share
static uint32_t
common(const uint16_t* const a, const uint16_t* const b)
{
  uint32_t n = 0U;
  while (n < COPY_LONGEST && a[n] == b[n] && a[n] != NO_MOVE) {
    ++n;
  }
  return n;
}

static int
compare(const uint16_t* const a, const uint16_t* const b)
{
  const uint32_t n = common(a, b);
  return n == COPY_LONGEST ? 0 : (int)a[n] - (int)b[n];
}

static int
compare_suffixes(const void* const a, const void* const b)
{
  return compare(*(const uint16_t* const*)a, *(const uint16_t* const*)b);
}

static void
gather(Copying* const self, const TakeSet* const known)
{
  size_t n_moves = 0U;
  for (uint32_t i = 0U; i < known->n_takes; ++i) {
    const Take* const take = &known->takes[i];
    for (uint32_t k = 0U; k < take->n_lines; ++k) {
      uint16_t* const to = self->moves + n_moves;
      const uint32_t  n  = moves_of(&take->line[k], to);
      for (uint32_t m = 0U; m < n; ++m) {
        self->suffix[self->n++] = to + m;
      }
      n_moves += n + 1U;
    }
  }
}

Status
copying_new(const TakeSet* const known, Copying** const copying)
{
  const size_t   room = moves_room(known) + 1U;
  Copying* const self = (Copying*)calloc(1U, sizeof(Copying));
  if (self) {
    self->moves  = (uint16_t*)calloc(room, sizeof(uint16_t));
    self->suffix = (const uint16_t**)calloc(room, sizeof(uint16_t*));
  }
  if (!self || !self->moves || !self->suffix) {
    copying_free(self);
    return STATUS_NO_MEM;
  }
  gather(self, known);
  qsort(self->suffix, self->n, sizeof(uint16_t*), compare_suffixes);
  *copying = self;
  return STATUS_SUCCESS;
}

void
copying_free(Copying* const self)
{
  if (self) {
    free(self->suffix);
    free(self->moves);
    free(self);
  }
}

/// Moves from here on that stand somewhere in what is known
static uint32_t
longest_match(const Copying* const self, const uint16_t* const moves)
{
  size_t low  = 0U;
  size_t high = self->n;
  while (low < high) {
    const size_t middle = low + (high - low) / 2U;
    if (compare(self->suffix[middle], moves) < 0) {
      low = middle + 1U;
    } else {
      high = middle;
    }
  }

  // The best one is next to where it would stand
  const uint32_t after  = low < self->n ? common(self->suffix[low], moves) : 0U;
  const uint32_t before = low ? common(self->suffix[low - 1U], moves) : 0U;
  return after > before ? after : before;
}

Status
copying_count(const Copying* const  self,
              const TakeLine* const line,
              CopyCount* const      count)
{
  uint16_t* const moves =
    (uint16_t*)malloc((line->n_notes + 1U) * sizeof(uint16_t));
  if (!moves) {
    return STATUS_NO_MEM;
  }

  const uint32_t n = moves_of(line, moves);
  *count           = (CopyCount){0U, 0U, 0U};
  for (uint32_t i = 0U; i < n; ++i) {
    const uint32_t match = longest_match(self, moves + i);
    const uint32_t notes = match ? match + 1U : 0U;
    count->longest       = notes > count->longest ? notes : count->longest;
    if (i + COPY_MOVES <= n) {
      ++count->n_grams;
      count->n_copied += match >= COPY_MOVES;
    }
  }
  free(moves);
  return STATUS_SUCCESS;
}
