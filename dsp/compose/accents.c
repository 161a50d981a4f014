// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/accents.h"

#include <stdbool.h>

/// Grid steps of a sixteenth
#define SIXTEENTH 6U

/// Sixteenths of the longest phrase
#define MAX_SIXTEENTHS (PHRASE_MAX_BARS * MAX_BAR_GRIDS / SIXTEENTH)

/// What one thousandth more is worth, and the least that is left of a chance
#define FAVOUR_STEP 0.03f
#define LEAST_FAVOUR 0.1f

static void
mark_melody(const Wish* const wish, bool* const is_marked)
{
  const uint32_t bar_grids = metre_bar_grids(wish->around.metre);
  const uint32_t n_grids   = wish_end_grid(wish);
  for (uint32_t grid = 0U; grid < n_grids; ++grid) {
    const uint32_t place = grid % bar_grids;
    const uint64_t word =
      wish->around.onsets[grid / bar_grids * VOCAB_ONSET_WORDS + place / 64U];
    is_marked[grid / SIXTEENTH] |= (word >> place % 64U) & 1U;
  }
}

int
accents_met(const Wish* const wish, const Sketch* const drums)
{
  bool           melody[MAX_SIXTEENTHS + 1U] = {false};
  bool           hit[MAX_SIXTEENTHS + 1U]    = {false};
  const uint32_t n                           = wish_end_grid(wish) / SIXTEENTH;
  if (!wish->around.onsets || !n || n > MAX_SIXTEENTHS) {
    return 0;
  }

  mark_melody(wish, melody);
  for (uint32_t i = 0U; i < drums->n_notes; ++i) {
    const uint32_t at         = drums->notes[i].grid / SIXTEENTH;
    hit[at < n ? at : n - 1U] = true;
  }

  int n_melody = 0;
  int n_hits   = 0;
  int n_both   = 0;
  for (uint32_t i = 0U; i < n; ++i) {
    n_melody += melody[i];
    n_hits += hit[i];
    n_both += melody[i] && hit[i];
  }
  return n_melody ? 1000 * n_both / n_melody - 1000 * n_hits / (int)n : 0;
}

float
accents_favour(const int met)
{
  const float favour = 1.0f + FAVOUR_STEP * (float)met;
  return favour > LEAST_FAVOUR ? favour : LEAST_FAVOUR;
}
