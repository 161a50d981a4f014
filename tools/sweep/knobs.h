// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Knobs, turned from 0 to 100, and what follows them.

   A *song* is one style with one seed.  Each song has its own rank correlation
   between knob and measure, since a person turns a knob in one song; a mark
   is reached when the mean over the songs of every style reaches it.
*/
#ifndef PERPETUO_TOOLS_SWEEP_KNOBS_H
#define PERPETUO_TOOLS_SWEEP_KNOBS_H

#include "base/status.h"
#include "compose/composer.h"
#include "music/scale.h"
#include "music/style.h"
#include "tools/judge/figures.h"

#include <stdint.h>

#define KNOB_STEPS 11U ///< 0, 10, .. 100
#define KNOB_MUST 0.9
#define KNOB_AIM 0.97

typedef enum {
  KNOB_MELODY_DENSITY,
  KNOB_DRUM_DENSITY,
  KNOB_REGISTER,
  KNOB_ENERGY,
  N_KNOBS
} Knob;

typedef enum {
  MEASURE_NOTES,    ///< Of the melody, in a bar
  MEASURE_HITS,     ///< In a bar
  MEASURE_PITCH,    ///< Mean MIDI note number
  MEASURE_VELOCITY, ///< Mean of the hits'
  N_MEASURES
} Measure;

/// What is asked: does this follow that?
typedef struct {
  const char* knob;    ///< As the plugin's port is called
  const char* measure; ///< In words
  Knob        i_knob;
  uint32_t    measures; ///< Bit m for Measure m; of several, the mean rank
} Question;

#define N_QUESTIONS 7U

/// Which songs
typedef struct {
  uint32_t n_bars;
  uint32_t n_seeds; ///< 1, 2, ...
  uint32_t n_styles;
  Style    styles[N_STYLES];
} SweepPlan;

/// What came out of all turns of all knobs
typedef struct {
  SweepPlan plan;
  double*   value; ///< (N_KNOBS, n_styles, n_seeds, N_MEASURES, KNOB_STEPS)
} Sweep;

/// The answer for one style
typedef struct {
  double curve[KNOB_STEPS]; ///< Means over seeds; of several measures, of ranks
  double mean;              ///< Of the songs' correlations
  double lowest;
  double of_means; ///< Correlation of `curve`
} Answer;

/// A question
Question
sweep_question(uint32_t i);

/// Turn all knobs.  STATUS_NO_MEM.  To be cleared in any case.
NODISCARD Status
sweep_run(Composer* composer, const SweepPlan* plan, Sweep* sweep);

/// Free it; a zeroed one is allowed
void
sweep_clear(Sweep* sweep);

/// How a style answers a question
Answer
sweep_answer(const Sweep* sweep, uint32_t i_question, uint32_t i_style);

/// The verdict of all styles.  @param worst The lowest of their means.
Mark
sweep_mark(const Sweep* sweep, uint32_t i_question, double* worst);

/// Notes that were played with the scale locked
typedef struct {
  uint32_t n_notes[N_SCALES];
  uint32_t n_inside[N_SCALES];
} ScaleLock;

/// Lock each scale, in several keys
void
scale_lock_run(Composer* composer, const SweepPlan* plan, ScaleLock* lock);

/// Whether all notes of all locked scales are inside
Mark
scale_lock_mark(const ScaleLock* lock);

#endif // PERPETUO_TOOLS_SWEEP_KNOBS_H
