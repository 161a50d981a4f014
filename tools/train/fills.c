// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/fills.h"

#include "compose/vocab.h"
#include "music/drum_map.h"

#include <string.h>

/// Sixteenths of a bar that are looked at
#define MAX_SLOTS 96U
#define SLOT_GRIDS 6U

/// What sounds in a bar: voices by sixteenth, one bit each
typedef struct {
  uint16_t slot[MAX_SLOTS];
  uint32_t n_hits;
} Pattern;

static Pattern
pattern_of(const GridNote* const notes,
           const uint32_t        n_notes,
           const uint32_t        bar_grids,
           const uint32_t        i_bar)
{
  Pattern  pattern = {{0U}, 0U};
  uint32_t begin   = 0U;
  uint32_t end     = n_notes;
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2U;
    if (notes[middle].grid < i_bar * bar_grids) {
      begin = middle + 1U;
    } else {
      end = middle;
    }
  }

  for (uint32_t i = begin;
       i < n_notes && notes[i].grid < (i_bar + 1U) * bar_grids;
       ++i) {
    const uint32_t slot = notes[i].grid % bar_grids / SLOT_GRIDS;
    if (slot < MAX_SLOTS) {
      pattern.slot[slot] =
        (uint16_t)(pattern.slot[slot] | 1U << (unsigned)notes[i].pitch);
      ++pattern.n_hits;
    }
  }
  return pattern;
}

/// Hits that only one of two bars has
static uint32_t
distance(const Pattern* const a, const Pattern* const b)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < MAX_SLOTS; ++i) {
    for (uint32_t bits = (uint32_t)a->slot[i] ^ b->slot[i]; bits;
         bits &= bits - 1U) {
      ++n;
    }
  }
  return n;
}

/// Whether a bar stands out from the two before it, which are alike
static bool
stands_out(const Pattern* const bar,
           const Pattern* const one,
           const Pattern* const two)
{
  const uint32_t usual = distance(one, two);
  const uint32_t d_one = distance(bar, one);
  const uint32_t d_two = distance(bar, two);
  const uint32_t least = d_one < d_two ? d_one : d_two;
  return bar->n_hits && one->n_hits && least >= 4U &&
         least * 4U >= one->n_hits && least > usual * 2U;
}

void
fills_find(const GridNote* const notes,
           const uint32_t        n_notes,
           const uint32_t        bar_grids,
           const uint32_t        n_bars,
           const bool* const     starts,
           uint8_t* const        fill)
{
  memset(fill, FILL_NONE, n_bars);
  uint32_t in_section = 0U; // Bars since a section started
  for (uint32_t i = 0U; i < n_bars; ++i) {
    in_section            = starts && starts[i] ? 0U : in_section;
    const bool is_end     = ++in_section % 4U == 0U;
    const bool is_turning = starts && i + 1U < n_bars && starts[i + 1U];
    if (is_turning) {
      fill[i] = FILL_BIG;
    } else if (is_end && i >= 2U) {
      const Pattern bar = pattern_of(notes, n_notes, bar_grids, i);
      const Pattern one = pattern_of(notes, n_notes, bar_grids, i - 1U);
      const Pattern two = pattern_of(notes, n_notes, bar_grids, i - 2U);
      if (stands_out(&bar, &one, &two)) {
        fill[i] = !starts && in_section % 8U == 0U ? FILL_BIG : FILL_SMALL;
      }
    }
  }
}
