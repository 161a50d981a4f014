// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/likeness.h"

#include "music/drum_map.h"
#include "music/metre.h"
#include "tools/judge/form.h"
#include "tools/judge/samples.h"
#include "tools/judge/takes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP_TICKS (TICKS_PER_QUARTER / BEAT_STEPS)
#define DRUM_CHANNEL 9U
#define MS_PER_TICK (500.0 / TICKS_PER_QUARTER) ///< At 120 bpm

static Part
part_of(const CaptureNote* const note)
{
  return note->channel == DRUM_CHANNEL ? PART_DRUMS : PART_MELODY;
}

static bool
is_of_trait(const Part part, const unsigned trait)
{
  return (trait < TRAIT_DRUMS) == (part == PART_MELODY);
}

/// The step that is nearest, from the start of the song
static uint32_t
step_of(const CaptureNote* const note)
{
  return (uint32_t)note->bar * BAR_STEPS +
         (note->tick + STEP_TICKS / 2U) / STEP_TICKS;
}

static void
add_melody(TakeLine* const line, const CaptureNote* const note)
{
  const uint32_t  step = step_of(note);
  const uint32_t  n    = (note->length + STEP_TICKS / 2U) / STEP_TICKS;
  TakeNote* const last =
    line->n_notes ? &line->notes[line->n_notes - 1U] : NULL;
  if (last && last->step == step) {
    return;
  }
  if (last && last->length > step - last->step) {
    last->length = step - last->step;
  }
  line->notes[line->n_notes++] = (TakeNote){step, n ? n : 1U, note->key};
}

static void
add_hit(Take* const take, const CaptureNote* const note)
{
  const uint32_t step  = step_of(note);
  const int      voice = drum_map_voice(note->key);
  const int64_t  late  = (int64_t)note->bar * BAR_STEPS * STEP_TICKS +
                       note->tick - (int64_t)step * STEP_TICKS;
  if (voice >= 0) {
    take->hits[take->n_hits++] = (TakeHit){
      step, (uint8_t)voice, note->velocity, (double)late * MS_PER_TICK};
  }
}

static int
compare_hits(const void* const a, const void* const b)
{
  const TakeHit* const x = (const TakeHit*)a;
  const TakeHit* const y = (const TakeHit*)b;
  return x->step != y->step ? (x->step < y->step ? -1 : 1)
                            : (int)x->voice - (int)y->voice;
}

/// The song as the judge takes it.  `take` is to be cleared in any case.
static Status
make_take(const CaptureNote* const notes,
          const size_t             n_notes,
          const uint32_t           n_bars,
          Take* const              take)
{
  memset(take, 0, sizeof(*take));
  take->n_bars        = n_bars;
  take->n_lines       = 1U;
  take->line[0].notes = (TakeNote*)calloc(n_notes + 1U, sizeof(TakeNote));
  take->hits          = (TakeHit*)calloc(n_notes + 1U, sizeof(TakeHit));
  if (!take->line[0].notes || !take->hits) {
    return STATUS_NO_MEM;
  }
  for (size_t i = 0U; i < n_notes; ++i) {
    if (step_of(&notes[i]) >= n_bars * BAR_STEPS) {
      continue; // A last one that hands were late with
    }
    if (part_of(&notes[i]) == PART_DRUMS) {
      add_hit(take, &notes[i]);
    } else {
      add_melody(&take->line[0], &notes[i]);
    }
  }
  qsort(take->hits, take->n_hits, sizeof(TakeHit), compare_hits);
  return STATUS_SUCCESS;
}

/// Means of columns, 0 where there is nothing to measure
static void
take_means(Samples* const samples, double* const value)
{
  for (uint32_t i = 0U; i < samples->n_columns; ++i) {
    const double mean = samples_mean(samples, i);
    value[i]          = isnan(mean) ? 0.0 : mean;
  }
  samples_clear(samples);
}

static Status
measure_take(const TakeSet* const set, double* const value)
{
  Samples melody = {0};
  Samples drums  = {0};
  Status  st     = melody_features_of(set, &melody);
  st             = st ? st : drum_features_of(set, &drums);
  st             = st ? st : drum_distinct_bars(set, &value[TRAIT_DISTINCT]);
  if (!st) {
    take_means(&melody, &value[TRAIT_MELODY]);
    take_means(&drums, &value[TRAIT_DRUMS]);
    value[TRAIT_THEME] = form_theme_return(set);
    value[TRAIT_THEME] = isnan(value[TRAIT_THEME]) ? 0.0 : value[TRAIT_THEME];
    value[TRAIT_DISTINCT] =
      isnan(value[TRAIT_DISTINCT]) ? 0.0 : value[TRAIT_DISTINCT];
  }
  samples_clear(&melody);
  samples_clear(&drums);
  return st;
}

static void
measure_sound(const CaptureNote* const notes,
              const size_t             n_notes,
              Traits* const            traits)
{
  double* const value = traits->value;
  for (size_t i = 0U; i < n_notes; ++i) {
    const Part part = part_of(&notes[i]);
    ++traits->n_notes[part];
    if (part == PART_MELODY) {
      value[TRAIT_PITCH] += notes[i].key;
      value[TRAIT_LENGTH] += notes[i].length;
      value[TRAIT_LOUDNESS] += notes[i].velocity;
    } else {
      value[TRAIT_DRUM_LOUDNESS] += notes[i].velocity;
    }
  }
  const double n_melody = fmax(1.0, traits->n_notes[PART_MELODY]);
  value[TRAIT_PITCH] /= n_melody;
  value[TRAIT_LENGTH] /= n_melody * (double)STEP_TICKS;
  value[TRAIT_LOUDNESS] /= n_melody;
  value[TRAIT_DRUM_LOUDNESS] /= fmax(1.0, traits->n_notes[PART_DRUMS]);
}

Status
traits_measure(const CaptureNote* const notes,
               const size_t             n_notes,
               const uint32_t           n_bars,
               Traits* const            traits)
{
  Take    take;
  TakeSet set = {0};
  memset(traits, 0, sizeof(*traits));
  measure_sound(notes, n_notes, traits);
  Status st = make_take(notes, n_notes, n_bars, &take);
  st        = st ? st : takes_add(&set, &take);
  if (st) {
    take_clear(&take);
    return st;
  }
  st = measure_take(&set, traits->value);
  takes_clear(&set);
  return st;
}

Traits
traits_mean(const Traits* const a, const Traits* const b)
{
  Traits mean = *a;
  for (unsigned i = 0U; i < N_TRAITS; ++i) {
    mean.value[i] = (a->value[i] + b->value[i]) / 2.0;
  }
  return mean;
}

void
traits_spread(const Traits* const songs,
              const size_t        n_songs,
              double* const       scale)
{
  for (unsigned i = 0U; i < N_TRAITS; ++i) {
    const Part part   = is_of_trait(PART_DRUMS, i) ? PART_DRUMS : PART_MELODY;
    double     sum    = 0.0;
    double     square = 0.0;
    double     n      = 0.0;
    for (size_t k = 0U; k < n_songs; ++k) {
      if (songs[k].n_notes[part]) {
        sum += songs[k].value[i];
        square += songs[k].value[i] * songs[k].value[i];
        n += 1.0;
      }
    }
    scale[i] =
      n > 1.0 ? sqrt(fmax(0.0, square / n - sum / n * (sum / n))) : 0.0;
  }
}

double
traits_distance(const Traits* const a,
                const Traits* const b,
                const double* const scale)
{
  double   sum = 0.0;
  unsigned n   = 0U;
  for (unsigned i = 0U; i < N_TRAITS; ++i) {
    const Part part = is_of_trait(PART_DRUMS, i) ? PART_DRUMS : PART_MELODY;
    if (a->n_notes[part] && b->n_notes[part] && scale[i] > 1e-9) {
      const double off = (a->value[i] - b->value[i]) / scale[i];
      sum += off * off;
      ++n;
    }
  }
  return n ? sqrt(sum / n) : (double)NAN;
}
