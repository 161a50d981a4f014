// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/sketch.h"

#include <string.h>

/// The energy at which density is what is usual, as the models are told it, and
/// how much it rises with it, in hundredths.  Sections of the studies are at
/// about that energy; their melodies rise by some 24 and their drums by 40
/// (`perpetuo-train --styles`).  Ours rise by more, so that form can be
/// followed in every song, and the register a little, too.
#define STUDIED_ENERGY 48
#define SLOPE_ONE 100
#define RANGE_SLOPE 12
static const int density_slope[N_PARTS] =
  {[PART_MELODY] = 40, [PART_DRUMS] = 40};

uint32_t
wish_end_grid(const Wish* const wish)
{
  return wish->n_bars * metre_bar_grids(wish->around.metre);
}

/// 0 .. 100 to -127 .. 127; 50 is 0
static int8_t
knob(const uint32_t percent)
{
  const int p = (int)(percent < 100U ? percent : 100U);
  return (int8_t)((p - 50) * 127 / 50);
}

/// 0 .. 100 to -127 .. 127; 50 is what is usual
static int8_t
knob_around(const uint32_t percent, const int usual)
{
  const int p = (int)(percent < 100U ? percent : 100U);
  return (int8_t)(p < 50 ? (usual + 127) * p / 50 - 127
                         : usual + (127 - usual) * (p - 50) / 50);
}

/// What is usual in a blend of styles
typedef struct {
  int density;
  int density_spread;
  int range;
  int range_spread;
} Usual;

static Usual
usual_of(const int8_t* const weights, const Part part)
{
  Usual sum = {0, 0, 0, 0};
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const StyleRow* const row = style_row((Style)i);
    sum.density += weights[i] * row->density[part];
    sum.density_spread += weights[i] * row->density_spread[part];
    sum.range += weights[i] * row->range;
    sum.range_spread += weights[i] * row->range_spread;
  }
  return (Usual){sum.density / 127,
                 sum.density_spread / 127,
                 sum.range / 127,
                 sum.range_spread / 127};
}

/// What a knob asks for, and by how much this theme differs from that
static int
settle(const uint32_t percent,
       const int      usual,
       const int      spread,
       const int      character)
{
  const int p    = (int)(percent < 100U ? percent : 100U);
  const int room = p < 50 ? 2 * p : 2 * (100 - p); // 100 in the middle
  return knob_around(percent, usual) + spread * character / 100 * room / 100;
}

static int8_t
clamp_dense(const int value)
{
  return (int8_t)(value < -127 ? -127 : value > 127 ? 127 : value);
}

void
wish_describe(const Mix* const mix,
              const Part       part,
              const uint32_t   energy,
              const int        mode,
              const Character  character,
              int8_t* const    dense)
{
  const uint32_t density =
    part == PART_MELODY ? mix->melody_density : mix->drum_density;

  mix_styles(mix, part, dense + DENSE_STYLE);
  const Usual u        = usual_of(dense + DENSE_STYLE, part);
  const int   e        = knob(energy);
  const int   more     = (e - STUDIED_ENERGY) * density_slope[part] / SLOPE_ONE;
  dense[DENSE_DENSITY] = clamp_dense(
    settle(density, u.density, u.density_spread, character.density) + more);
  dense[DENSE_RANGE] =
    part == PART_MELODY
      ? clamp_dense(
          settle(mix->range, u.range, u.range_spread, character.range) +
          (e - STUDIED_ENERGY) * RANGE_SLOPE / SLOPE_ONE)
      : (int8_t)0;
  dense[DENSE_ENERGY] = (int8_t)e;
  dense[DENSE_MODE]   = part == PART_MELODY ? (int8_t)(127 * mode) : (int8_t)0;
}

void
wish_set_wildness(Wish* const wish, const uint32_t wildness)
{
  const uint32_t w = wildness < 100U ? wildness : 100U;

  // .6 .. 1 .. 1.4 and .9 .. .985 .. 1, each by one division.  Much less than 1
  // in the middle takes away what is rare but right, such as toms and rides.
  wish->temperature = (float)(600U + 8U * w) / 1000.0f;
  wish->top_p = (float)(w < 50U ? 9000U + 17U * w : 9700U + 3U * w) / 10000.0f;
}

bool
sketch_add(Sketch* const sketch, const GridNote note, const uint32_t end_grid)
{
  if (sketch->n_notes >= PHRASE_MAX_NOTES || note.grid >= end_grid) {
    return false;
  }

  GridNote* const n = &sketch->notes[sketch->n_notes++];
  *n                = note;
  if (n->length > end_grid - n->grid) {
    n->length = (uint16_t)(end_grid - n->grid);
  }
  return true;
}

bool
sketch_is_equal(const Sketch* const a, const Sketch* const b)
{
  if (a->n_notes != b->n_notes) {
    return false;
  }
  for (uint32_t i = 0U; i < a->n_notes; ++i) {
    const GridNote* const x = &a->notes[i];
    const GridNote* const y = &b->notes[i];
    if (x->grid != y->grid || x->length != y->length || x->pitch != y->pitch ||
        x->velocity != y->velocity || x->lean != y->lean) {
      return false;
    }
  }
  return true;
}

uint32_t
sketch_repeats(const Sketch* const sketch)
{
  uint32_t most = 0U;
  uint32_t n    = 0U;
  for (uint32_t i = 0U; i < sketch->n_notes; ++i) {
    n =
      i && sketch->notes[i].pitch == sketch->notes[i - 1U].pitch ? n + 1U : 1U;
    most = n > most ? n : most;
  }
  return most;
}

void
sketch_onsets(const Sketch* const sketch,
              const uint32_t      bar_grids,
              uint64_t* const     onsets)
{
  memset(onsets, 0, SKETCH_ONSET_WORDS * sizeof(*onsets));
  for (uint32_t i = 0U; i < sketch->n_notes; ++i) {
    const uint32_t bar   = sketch->notes[i].grid / bar_grids;
    const uint32_t place = sketch->notes[i].grid % bar_grids;
    if (bar < PHRASE_MAX_BARS) {
      onsets[bar * VOCAB_ONSET_WORDS + place / 64U] |= UINT64_C(1)
                                                       << (place % 64U);
    }
  }
}

void
sketch_slice(const Sketch* const sketch,
             const uint32_t      begin,
             const uint32_t      end,
             Sketch* const       slice)
{
  slice->n_notes = 0U;
  for (uint32_t i = 0U; i < sketch->n_notes; ++i) {
    GridNote note = sketch->notes[i];
    if (note.grid >= begin && note.grid < end) {
      note.grid -= begin;
      (void)sketch_add(slice, note, end - begin);
    }
  }
}

uint32_t
sketch_encode(const Sketch* const sketch,
              const Part          part,
              const uint32_t      end_grid,
              uint16_t* const     tokens)
{
  uint32_t n = 0U;

  // There is room: no note makes more than a length, a wait and a lean
  const Status st = vocab_encode(part,
                                 sketch->notes,
                                 sketch->n_notes,
                                 end_grid,
                                 tokens,
                                 SKETCH_MAX_TOKENS,
                                 &n);
  (void)st;
  return n;
}
