// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/melody_features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_CLASSES 12U
#define LEAP_ABOVE 4
#define MAJOR_SCALE 0xAB5U ///< Bits 0 2 4 5 7 9 11

const char*
melody_feature_name(const MelodyFeature feature)
{
  static const char* const names[N_MELODY_FEATURES] = {
    [MELODY_NOTES]         = "notes",
    [MELODY_RANGE]         = "range",
    [MELODY_PITCH_CLASSES] = "pitch classes",
    [MELODY_PITCH_ENTROPY] = "pitch-class entropy",
    [MELODY_IN_SCALE]      = "scale consistency",
    [MELODY_INTERVAL]      = "mean interval",
    [MELODY_LEAPS]         = "leaps above 4",
    [MELODY_REPEATS]       = "repeated notes",
    [MELODY_GAP]           = "onset to onset",
    [MELODY_GAP_ENTROPY]   = "its entropy",
    [MELODY_OFF_BEAT]      = "off the beat",
    [MELODY_EMPTY_BEATS]   = "empty beats",
    [MELODY_GROOVE]        = "groove",
  };
  return names[feature];
}

/// Entropy of counts in bits
static double
entropy(const uint32_t* const count, const uint32_t n)
{
  double sum  = 0.0;
  double bits = 0.0;
  for (uint32_t i = 0U; i < n; ++i) {
    sum += count[i];
  }
  for (uint32_t i = 0U; i < n; ++i) {
    if (count[i]) {
      bits -= count[i] / sum * log2(count[i] / sum);
    }
  }
  return bits;
}

static void
measure_pitches(const TakeNote* const notes,
                const uint32_t        n,
                double* const         row)
{
  uint32_t count[N_CLASSES] = {0U};
  int      low              = notes[0].pitch;
  int      high             = notes[0].pitch;
  for (uint32_t i = 0U; i < n; ++i) {
    const int pitch = notes[i].pitch;
    low             = pitch < low ? pitch : low;
    high            = pitch > high ? pitch : high;
    ++count[((pitch % 12) + 12) % 12];
  }

  uint32_t best   = 0U;
  uint32_t n_used = 0U;
  for (uint32_t tonic = 0U; tonic < N_CLASSES; ++tonic) {
    uint32_t n_in = 0U;
    for (uint32_t k = 0U; k < N_CLASSES; ++k) {
      n_in += MAJOR_SCALE >> k & 1U ? count[(tonic + k) % N_CLASSES] : 0U;
    }
    best = n_in > best ? n_in : best;
    n_used += count[tonic] > 0U;
  }
  row[MELODY_RANGE]         = high - low;
  row[MELODY_PITCH_CLASSES] = n_used;
  row[MELODY_PITCH_ENTROPY] = entropy(count, N_CLASSES);
  row[MELODY_IN_SCALE]      = (double)best / n;
}

static void
measure_moves(const TakeNote* const notes, const uint32_t n, double* const row)
{
  uint32_t gaps[WINDOW_STEPS + 1U] = {0U};
  uint32_t n_leaps                 = 0U;
  uint32_t n_repeats               = 0U;
  double   intervals               = 0.0;
  for (uint32_t i = 1U; i < n; ++i) {
    const int      interval = abs(notes[i].pitch - notes[i - 1U].pitch);
    const uint32_t gap      = notes[i].step - notes[i - 1U].step;
    intervals += interval;
    n_leaps += interval > LEAP_ABOVE;
    n_repeats += interval == 0;
    ++gaps[gap < WINDOW_STEPS ? gap : WINDOW_STEPS];
  }

  const double n_moves    = n > 1U ? n - 1.0 : 1.0;
  row[MELODY_INTERVAL]    = intervals / n_moves;
  row[MELODY_LEAPS]       = n_leaps / n_moves;
  row[MELODY_REPEATS]     = n_repeats / n_moves;
  row[MELODY_GAP]         = (notes[n - 1U].step - notes[0].step) / n_moves;
  row[MELODY_GAP_ENTROPY] = entropy(gaps, WINDOW_STEPS + 1U);
}

static void
measure_rhythm(const TakeNote* const notes,
               const uint32_t        n,
               const uint32_t        begin,
               double* const         row)
{
  bool     onset[WINDOW_STEPS]  = {false};
  bool     sounds[WINDOW_STEPS] = {false};
  uint32_t n_off                = 0U;
  for (uint32_t i = 0U; i < n; ++i) {
    const uint32_t at = notes[i].step - begin;
    onset[at]         = true;
    n_off += at % BEAT_STEPS != 0U;
    for (uint32_t k = at; k < at + notes[i].length && k < WINDOW_STEPS; ++k) {
      sounds[k] = true;
    }
  }

  uint32_t n_empty = 0U;
  for (uint32_t beat = 0U; beat < WINDOW_STEPS; beat += BEAT_STEPS) {
    bool any = false;
    for (uint32_t k = 0U; k < BEAT_STEPS; ++k) {
      any = any || sounds[beat + k];
    }
    n_empty += !any;
  }
  uint32_t n_other = 0U;
  for (uint32_t k = 0U; k < BAR_STEPS; ++k) {
    n_other += onset[k] != onset[BAR_STEPS + k];
  }
  row[MELODY_OFF_BEAT]    = (double)n_off / n;
  row[MELODY_EMPTY_BEATS] = (double)n_empty * BEAT_STEPS / WINDOW_STEPS;
  row[MELODY_GROOVE]      = 1.0 - (double)n_other / BAR_STEPS;
}

void
melody_features_measure(const TakeNote* const notes,
                        const uint32_t        n_notes,
                        const uint32_t        begin,
                        double* const         row)
{
  row[MELODY_NOTES] = n_notes;
  measure_pitches(notes, n_notes, row);
  measure_moves(notes, n_notes, row);
  measure_rhythm(notes, n_notes, begin, row);
}

static bool
is_window(const Take* const take, const uint32_t begin)
{
  uint32_t n = 0U;
  take_notes_within(&take->line[0], begin, begin + WINDOW_STEPS, &n);
  return n >= WINDOW_MIN_NOTES;
}

uint32_t
melody_windows(const Take* const take, uint32_t* const begin)
{
  const uint32_t n_pairs = take->n_lines ? take->n_bars / WINDOW_BARS : 0U;
  uint32_t       n_all   = 0U;
  for (uint32_t i = 0U; i < n_pairs; ++i) {
    n_all += is_window(take, i * WINDOW_STEPS);
  }

  // The kth of those that are taken is number k * n_all / n
  const uint32_t n = n_all < WINDOWS_PER_PIECE ? n_all : WINDOWS_PER_PIECE;
  uint32_t       k = 0U;
  uint32_t       i_window = 0U;
  for (uint32_t i = 0U; k < n && i < n_pairs; ++i) {
    if (is_window(take, i * WINDOW_STEPS)) {
      if (i_window++ == (uint32_t)((uint64_t)k * n_all / n)) {
        begin[k++] = i * WINDOW_STEPS;
      }
    }
  }
  return n;
}

Status
melody_features_of(const TakeSet* const set, Samples* const samples)
{
  const Status st =
    samples_init(samples, set->n_takes * WINDOWS_PER_PIECE, N_MELODY_FEATURES);
  for (uint32_t i = 0U; !st && i < set->n_takes; ++i) {
    const TakeLine* const line                     = &set->takes[i].line[0];
    uint32_t              begin[WINDOWS_PER_PIECE] = {0U};
    const uint32_t        n = melody_windows(&set->takes[i], begin);
    for (uint32_t k = 0U; k < n; ++k) {
      double         row[N_MELODY_FEATURES];
      uint32_t       n_notes = 0U;
      const uint32_t first =
        take_notes_within(line, begin[k], begin[k] + WINDOW_STEPS, &n_notes);
      melody_features_measure(line->notes + first, n_notes, begin[k], row);
      samples_add(samples, i, row);
    }
  }
  return st;
}
