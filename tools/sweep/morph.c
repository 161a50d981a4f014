// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/sweep/morph.h"

#include "tools/sweep/played.h"
#include "tools/sweep/ranks.h"

#include <math.h>
#include <string.h>

_Static_assert(MORPH_BARS == WINDOW_BARS, "A step is a window of the probe");

const MorphPair morph_pairs[N_MORPHS] = {
  {STYLE_HOUSE, STYLE_TRANCE},
  {STYLE_TECHNO, STYLE_DNB},
  {STYLE_HOUSE, STYLE_BAROQUE},
};

static bool
knows(const StyleProbe* const probe, const MorphPair pair)
{
  return style_probe_find(probe, pair.from) >= 0 &&
         style_probe_find(probe, pair.to) >= 0;
}

/// The richest view that knows both styles
static Status
choose_view(const Guesses* const guesses,
            const MorphPair      pair,
            View* const          view)
{
  static const View order[] = {VIEW_BOTH, VIEW_MELODY, VIEW_DRUMS};
  for (uint32_t i = 0U; i < sizeof(order) / sizeof(order[0]); ++i) {
    if (knows(&guesses[order[i]].probe, pair)) {
      *view = order[i];
      return STATUS_SUCCESS;
    }
  }
  return STATUS_MISMATCH;
}

static Status
play(Composer* const composer,
     const MorphPair pair,
     const uint32_t  seed,
     Take* const     take)
{
  const Status st = played_begin(pair.to, MORPH_STEPS, take);
  for (uint32_t i = 0U; !st && i < MORPH_STEPS; ++i) {
    Mix            mix    = played_mix(pair.from, seed);
    const uint32_t weight = 100U * i / (MORPH_STEPS - 1U);
    mix.phrase_bars       = MORPH_BARS;
    mix.style[pair.from]  = (uint8_t)(100U - weight);
    mix.style[pair.to]    = (uint8_t)weight;
    played_add(composer, &mix, i, take);
  }
  if (!st) {
    played_end(take);
  }
  return st;
}

/// What the probe says of one step, where there is something to see
static void
ask_step(const StyleProbe* const probe,
         const Take* const       take,
         const uint32_t          step,
         Morph* const            morph,
         double* const           squares)
{
  double row[PROBE_COLUMNS];
  double likely[N_STYLES];
  if (view_measure(probe->view, take, step * MORPH_BARS * BAR_STEPS, row)) {
    style_probe_ask(probe, row, likely);
    const double it = likely[style_probe_find(probe, morph->pair.to)];
    morph->likely[step] += it;
    squares[step] += it * it;
    ++morph->n[step];
  }
}

Status
morph_run(Composer* const      composer,
          const Guesses* const guesses,
          const MorphPair      pair,
          const uint32_t       n_seeds,
          Morph* const         morph)
{
  double squares[MORPH_STEPS] = {0.0};
  memset(morph, 0, sizeof(*morph));
  morph->pair = pair;
  Status st   = choose_view(guesses, pair, &morph->view);
  for (uint32_t seed = 1U; !st && seed <= n_seeds; ++seed) {
    Take take;
    st = play(composer, pair, seed, &take);
    for (uint32_t i = 0U; !st && i < MORPH_STEPS; ++i) {
      ask_step(&guesses[morph->view].probe, &take, i, morph, squares);
    }
    if (!st) {
      take_clear(&take);
    }
  }
  for (uint32_t i = 0U; i < MORPH_STEPS; ++i) {
    const double n    = morph->n[i] ? morph->n[i] : (double)NAN;
    const double mean = morph->likely[i] / n;
    morph->likely[i]  = mean;
    morph->error[i]   = sqrt(fmax(0.0, squares[i] / n - mean * mean) / n);
  }
  return st;
}

double
morph_spearman(const Morph* const morph)
{
  double weight[MORPH_STEPS];
  for (uint32_t i = 0U; i < MORPH_STEPS; ++i) {
    weight[i] = i;
  }
  return ranks_spearman(weight, morph->likely, MORPH_STEPS);
}

Mark
morph_mark(const Morph* const morph)
{
  for (uint32_t i = 0U; i < MORPH_STEPS; ++i) {
    if (!morph->n[i]) {
      return MARK_NONE;
    }
  }
  const double rise = morph->likely[MORPH_STEPS - 1U] - morph->likely[0];
  const double fall = ranks_deepest_fall(morph->likely, MORPH_STEPS);
  return rise >= MORPH_LEAST_RISE && fall <= MORPH_TOLERANCE ? MARK_MET
                                                             : MARK_MISSED;
}
