// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/sweep/knobs.h"

#include "tools/sweep/played.h"
#include "tools/sweep/ranks.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/// Where a knob is in a mix
static const size_t offsets[N_KNOBS] = {
  [KNOB_MELODY_DENSITY] = offsetof(Mix, melody_density),
  [KNOB_DRUM_DENSITY]   = offsetof(Mix, drum_density),
  [KNOB_REGISTER]       = offsetof(Mix, range),
  [KNOB_ENERGY]         = offsetof(Mix, energy),
};

Question
sweep_question(const uint32_t i)
{
  static const Question questions[N_QUESTIONS] = {
    {"melody_density",
     "melody notes per bar",
     KNOB_MELODY_DENSITY,
     1U << MEASURE_NOTES},
    {"drum_density",
     "drum hits per bar",
     KNOB_DRUM_DENSITY,
     1U << MEASURE_HITS},
    {"register", "mean pitch", KNOB_REGISTER, 1U << MEASURE_PITCH},
    {"energy", "drum hits per bar", KNOB_ENERGY, 1U << MEASURE_HITS},
    {"energy", "drum velocity", KNOB_ENERGY, 1U << MEASURE_VELOCITY},
    {"energy", "melody notes per bar", KNOB_ENERGY, 1U << MEASURE_NOTES},
    {"energy",
     "mean rank of the three",
     KNOB_ENERGY,
     1U << MEASURE_HITS | 1U << MEASURE_VELOCITY | 1U << MEASURE_NOTES},
  };
  return questions[i];
}

// ---------------------------------------------------------------- measurement

/// The values of a measure over the steps of a knob
static double*
row_of(const Sweep* const sweep,
       const Knob         knob,
       const uint32_t     i_style,
       const uint32_t     i_seed,
       const uint32_t     measure)
{
  const size_t song =
    ((size_t)knob * sweep->plan.n_styles + i_style) * sweep->plan.n_seeds +
    i_seed;
  return sweep->value + (song * N_MEASURES + measure) * KNOB_STEPS;
}

static double
ratio(const double sum, const uint32_t n)
{
  return n ? sum / n : (double)NAN;
}

static void
turn(Composer* const composer,
     Sweep* const    sweep,
     const Knob      knob,
     const uint32_t  i_style,
     const uint32_t  i_seed)
{
  const SweepPlan* const plan = &sweep->plan;
  for (uint32_t step = 0U; step < KNOB_STEPS; ++step) {
    Mix  mix = played_mix(plan->styles[i_style], i_seed + 1U);
    Sums sums;
    ((uint8_t*)&mix)[offsets[knob]] =
      (uint8_t)(step * 100U / (KNOB_STEPS - 1U));
    played_sum(composer,
               &mix,
               plan->n_bars,
               knob == KNOB_DRUM_DENSITY || knob == KNOB_ENERGY,
               &sums);
    const double values[N_MEASURES] = {
      [MEASURE_NOTES]    = ratio(sums.n_notes, sums.n_bars),
      [MEASURE_HITS]     = ratio(sums.n_hits, sums.n_bars),
      [MEASURE_PITCH]    = ratio(sums.pitches, sums.n_notes),
      [MEASURE_VELOCITY] = ratio(sums.velocities, sums.n_hits),
    };
    for (uint32_t m = 0U; m < N_MEASURES; ++m) {
      row_of(sweep, knob, i_style, i_seed, m)[step] = values[m];
    }
  }
}

Status
sweep_run(Composer* const        composer,
          const SweepPlan* const plan,
          Sweep* const           sweep)
{
  const size_t n_songs = (size_t)N_KNOBS * plan->n_styles * plan->n_seeds;
  sweep->plan          = *plan;
  sweep->value =
    (double*)calloc(n_songs * N_MEASURES * KNOB_STEPS + 1U, sizeof(double));
  if (!sweep->value) {
    return STATUS_NO_MEM;
  }
  for (uint32_t k = 0U; k < N_KNOBS; ++k) {
    for (uint32_t s = 0U; s < plan->n_styles; ++s) {
      for (uint32_t i = 0U; i < plan->n_seeds; ++i) {
        turn(composer, sweep, (Knob)k, s, i);
      }
    }
  }
  return STATUS_SUCCESS;
}

void
sweep_clear(Sweep* const sweep)
{
  free(sweep->value);
  memset(sweep, 0, sizeof(*sweep));
}

// -------------------------------------------------------------------- answers

/// What a song does: the measure, or the mean rank of several.  Without a hit
/// there is no velocity, which ranks lowest.
static void
curve_of(const Sweep* const sweep,
         const Question*    question,
         const uint32_t     i_style,
         const uint32_t     i_seed,
         double* const      curve)
{
  uint32_t n = 0U;
  memset(curve, 0, KNOB_STEPS * sizeof(double));
  for (uint32_t m = 0U; m < N_MEASURES; ++m) {
    const bool    is_one = question->measures == 1U << m;
    const double* row    = row_of(sweep, question->i_knob, i_style, i_seed, m);
    double        rank[KNOB_STEPS];
    ranks_of(row, KNOB_STEPS, rank);
    for (uint32_t i = 0U; (question->measures >> m & 1U) && i < KNOB_STEPS;
         ++i) {
      curve[i] += is_one ? row[i] : rank[i];
    }
    n += question->measures >> m & 1U;
  }
  for (uint32_t i = 0U; i < KNOB_STEPS; ++i) {
    curve[i] /= n;
  }
}

Answer
sweep_answer(const Sweep* const sweep,
             const uint32_t     i_question,
             const uint32_t     i_style)
{
  const Question question         = sweep_question(i_question);
  Answer         answer           = {{0.0}, 0.0, INFINITY, 0.0};
  double         knob[KNOB_STEPS] = {0.0};
  uint32_t       n                = 0U;
  uint32_t       n_at[KNOB_STEPS] = {0U};
  for (uint32_t i = 0U; i < KNOB_STEPS; ++i) {
    knob[i] = i;
  }
  for (uint32_t s = 0U; s < sweep->plan.n_seeds; ++s) {
    double curve[KNOB_STEPS];
    curve_of(sweep, &question, i_style, s, curve);
    const double own = ranks_spearman(knob, curve, KNOB_STEPS);
    if (!isnan(own)) {
      answer.mean += own;
      answer.lowest = fmin(answer.lowest, own);
      ++n;
    }
    for (uint32_t i = 0U; i < KNOB_STEPS; ++i) {
      answer.curve[i] += isnan(curve[i]) ? 0.0 : curve[i];
      n_at[i] += isnan(curve[i]) ? 0U : 1U;
    }
  }
  for (uint32_t i = 0U; i < KNOB_STEPS; ++i) {
    answer.curve[i] = ratio(answer.curve[i], n_at[i]);
  }
  answer.mean     = ratio(answer.mean, n);
  answer.lowest   = n ? answer.lowest : (double)NAN;
  answer.of_means = ranks_spearman(knob, answer.curve, KNOB_STEPS);
  return answer;
}

Mark
sweep_mark(const Sweep* const sweep,
           const uint32_t     i_question,
           double* const      worst)
{
  *worst = (double)NAN;
  for (uint32_t s = 0U; s < sweep->plan.n_styles; ++s) {
    const double mean = sweep_answer(sweep, i_question, s).mean;
    if (isnan(mean)) {
      // One that cannot be measured has not reached it
      *worst = (double)NAN;
      return MARK_NONE;
    }
    *worst = fmin(*worst, mean);
  }
  return isnan(*worst)         ? MARK_NONE
         : *worst >= KNOB_AIM  ? MARK_AIM
         : *worst >= KNOB_MUST ? MARK_MET
                               : MARK_MISSED;
}

// ------------------------------------------------------------------ the scales

void
scale_lock_run(Composer* const        composer,
               const SweepPlan* const plan,
               ScaleLock* const       lock)
{
  memset(lock, 0, sizeof(*lock));
  for (uint32_t scale = SCALE_FREE + 1U; scale < N_SCALES; ++scale) {
    for (uint32_t s = 0U; s < plan->n_styles * plan->n_seeds; ++s) {
      const uint32_t seed = s % plan->n_seeds + 1U;
      Mix            mix  = played_mix(plan->styles[s / plan->n_seeds], seed);
      Sums           sums;
      mix.scale = (uint8_t)scale;
      mix.key   = (uint8_t)(5U * (s + scale) % 12U);
      played_sum(composer, &mix, plan->n_bars, false, &sums);
      lock->n_notes[scale] += sums.n_notes;
      lock->n_inside[scale] += sums.n_in_scale;
    }
  }
}

Mark
scale_lock_mark(const ScaleLock* const lock)
{
  uint32_t n_notes  = 0U;
  uint32_t n_inside = 0U;
  for (uint32_t i = SCALE_FREE + 1U; i < N_SCALES; ++i) {
    n_notes += lock->n_notes[i];
    n_inside += lock->n_inside[i];
  }
  return !n_notes ? MARK_NONE : n_inside == n_notes ? MARK_AIM : MARK_MISSED;
}
