// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/company.h"

#include "base/rng.h"

#include <string.h>

/// How seldom a melody is taken away, and how seldom none is lent: 1 in N
#define TAKE_ONE_IN 8U
#define LEAVE_ONE_IN 4U

/// Pieces that are looked at for a melody to lend
#define MAX_LOOKS 64U

/// Names of keys
enum { DRAW_HAS = 401, DRAW_LENDER, DRAW_PLACE, DRAW_ENERGY };

static bool
has_melody(const Piece* const piece)
{
  return piece->n_lines && piece->lines[0].part == PART_MELODY &&
         piece->lines[0].n_notes && piece->n_bars;
}

/// A piece that was learned from, with a melody in that metre, or null
static const Piece*
find_lender(const Corpus* const corpus, const Metre metre, const uint64_t key)
{
  for (uint32_t i = 0U; i < MAX_LOOKS; ++i) {
    const Piece* const piece =
      &corpus->pieces[rng_below(key, i, corpus->n_pieces)];
    if (piece->split == SPLIT_TRAIN && has_melody(piece) &&
        piece->metre.n_beats == metre.n_beats &&
        piece->metre.unit == metre.unit) {
      return piece;
    }
  }
  return NULL;
}

/// The first melody's onsets from bar `i_bar` on; round and round
static void
mark_onsets(const Piece* const piece,
            const uint32_t     i_bar,
            const uint32_t     n_bars,
            uint64_t* const    onsets)
{
  const uint32_t    bar_grids = metre_bar_grids(piece->metre);
  const Line* const line      = &piece->lines[0];
  memset(onsets, 0, n_bars * VOCAB_ONSET_WORDS * sizeof(*onsets));
  for (uint32_t i = 0U; i < line->n_notes; ++i) {
    const uint32_t place = line->notes[i].grid % bar_grids;
    const uint32_t bar   = line->notes[i].grid / bar_grids % piece->n_bars;
    const uint32_t first = (bar + piece->n_bars - i_bar) % piece->n_bars;
    for (uint32_t k = first; k < n_bars; k += piece->n_bars) {
      onsets[k * VOCAB_ONSET_WORDS + place / 64U] |= UINT64_C(1) << place % 64U;
    }
  }
}

bool
company_onsets(const Corpus* const corpus,
               const Piece* const  piece,
               const uint32_t      i_bar,
               const uint32_t      n_bars,
               const uint64_t      key,
               uint64_t* const     onsets)
{
  const bool     is_learned = piece->split == SPLIT_TRAIN;
  const uint64_t draw       = rng_key(key, DRAW_HAS);
  if (has_melody(piece)) {
    if (is_learned && !rng_below(draw, 0U, TAKE_ONE_IN)) {
      return false;
    }
    mark_onsets(piece, i_bar, n_bars, onsets);
    return true;
  }

  const Piece* const lender =
    is_learned && rng_below(draw, 0U, LEAVE_ONE_IN)
      ? find_lender(corpus, piece->metre, rng_key(key, DRAW_LENDER))
      : NULL;
  if (lender) {
    mark_onsets(lender,
                rng_below(rng_key(key, DRAW_PLACE), 0U, lender->n_bars),
                n_bars,
                onsets);
  }
  return lender;
}

int8_t
company_energy(const Piece* const piece,
               const int8_t       energy,
               const uint64_t     key)
{
  const uint64_t draw = rng_key(key, DRAW_ENERGY);
  return energy || piece->split != SPLIT_TRAIN ||
             !rng_below(draw, 0U, LEAVE_ONE_IN)
           ? energy
           : (int8_t)((int)rng_below(draw, 1U, 255U) - 127);
}
