// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/form.h"

#include <math.h>

#define MAX_LENGTH 256U ///< Longer notes count as this, steps

double
form_likeness(const TakeLine* const line, const uint32_t a, const uint32_t b)
{
  uint32_t        n_a    = 0U;
  uint32_t        n_b    = 0U;
  const uint32_t  i_a    = take_notes_within(line, a, a + PHRASE_STEPS, &n_a);
  const uint32_t  i_b    = take_notes_within(line, b, b + PHRASE_STEPS, &n_b);
  const TakeNote* x      = line->notes + i_a;
  const TakeNote* y      = line->notes + i_b;
  const TakeNote* x_end  = x + n_a;
  const TakeNote* y_end  = y + n_b;
  uint32_t        n_same = 0U;
  while (x < x_end && y < y_end) {
    const uint32_t at_x = x->step - a;
    const uint32_t at_y = y->step - b;
    n_same += at_x == at_y && x->pitch == y->pitch;
    x += at_x <= at_y;
    y += at_y <= at_x;
  }
  return n_a + n_b ? 2.0 * n_same / (n_a + n_b) : 0.0;
}

/// Whether a phrase has enough notes
static bool
is_phrase(const TakeLine* const line, const uint32_t begin)
{
  uint32_t n = 0U;
  take_notes_within(line, begin, begin + PHRASE_STEPS, &n);
  return n >= FORM_MIN_NOTES;
}

/// The largest likeness of phrase `i` to those before
static double
best_likeness(const TakeLine* const line, const uint32_t i)
{
  double best = 0.0;
  for (uint32_t back = 1U; back <= FORM_MEMORY && back <= i; ++back) {
    best = fmax(
      best, form_likeness(line, i * PHRASE_STEPS, (i - back) * PHRASE_STEPS));
  }
  return best;
}

double
form_theme_return(const TakeSet* const set)
{
  double   sum = 0.0;
  uint32_t n   = 0U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    const Take* const take   = &set->takes[i];
    const uint32_t n_phrases = take->n_lines ? take->n_bars / PHRASE_BARS : 0U;
    for (uint32_t k = 1U; k < n_phrases; ++k) {
      if (is_phrase(&take->line[0], k * PHRASE_STEPS)) {
        sum += best_likeness(&take->line[0], k);
        ++n;
      }
    }
  }
  return n ? sum / n : (double)NAN;
}

/// Whether a pitch is of the triad on the tonic
static bool
is_at_rest(const int pitch, const int mode)
{
  const int degree = ((pitch % 12) + 12) % 12;
  return degree == 0 || degree == 7 || (degree == 3 && mode <= 0) ||
         (degree == 4 && mode >= 0);
}

double
form_cadences(const TakeSet* const set, const double least)
{
  uint32_t n_rest = 0U;
  uint32_t n      = 0U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    const Take* const     take = &set->takes[i];
    const TakeLine* const line = &take->line[0];
    const uint32_t n_phrases = take->n_lines ? take->n_bars / PHRASE_BARS : 0U;
    for (uint32_t k = 0U; k < n_phrases; ++k) {
      const uint32_t begin   = k * PHRASE_STEPS;
      uint32_t       n_notes = 0U;
      const uint32_t first =
        take_notes_within(line, begin, begin + PHRASE_STEPS, &n_notes);
      if (n_notes >= FORM_MIN_NOTES) {
        const TakeNote* const last = &line->notes[first + n_notes - 1U];
        n_rest += is_at_rest(last->pitch, take->mode) && last->length >= least;
        ++n;
      }
    }
  }
  return n ? (double)n_rest / n : (double)NAN;
}

double
form_median_length(const TakeSet* const set)
{
  uint64_t count[MAX_LENGTH + 1U] = {0U};
  uint64_t n                      = 0U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    const TakeLine* const line = &set->takes[i].line[0];
    for (uint32_t k = 0U; set->takes[i].n_lines && k < line->n_notes; ++k) {
      const uint32_t length = line->notes[k].length;
      ++count[length < MAX_LENGTH ? length : MAX_LENGTH];
      ++n;
    }
  }

  uint64_t below = 0U;
  for (uint32_t length = 0U; n && length <= MAX_LENGTH; ++length) {
    below += count[length];
    if (2U * below >= n) {
      return length;
    }
  }
  return 0.0;
}
