// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/guesses.h"

#include <math.h>
#include <string.h>

/// The takes of every style, lent
typedef struct {
  TakeSet of[N_STYLES];
} Sorted;

static void
give_back(Sorted* const sorted)
{
  for (uint32_t i = 0U; i < N_STYLES; ++i) {
    takes_give_back(&sorted->of[i]);
  }
}

static Status
sort(const TakeSet* const set, Sorted* const sorted)
{
  Status st = STATUS_SUCCESS;
  memset(sorted, 0, sizeof(*sorted));
  for (uint32_t i = 0U; !st && i < N_STYLES; ++i) {
    st = takes_lend(set, (int)i, &sorted->of[i]);
  }
  return st;
}

/// Of `styles`, those that a set has windows of
static Status
find_styles(const View view, const Sorted* const sorted, uint32_t* const styles)
{
  Status st = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < N_STYLES; ++i) {
    Samples samples;
    st = view_samples(view, &sorted->of[i], &samples);
    *styles &= ~((samples.n_rows ? 0U : 1U) << i);
    samples_clear(&samples);
  }
  return st;
}

static Status
count(const StyleProbe* const probe,
      const Sorted* const     sorted,
      ProbeCount* const       counts)
{
  Status st = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < N_STYLES; ++i) {
    st = style_probe_count(probe, &sorted->of[i], &counts[i]);
  }
  return st;
}

Status
guesses_begin(const View           view,
              const TakeSet* const known,
              const TakeSet* const held_out,
              uint32_t             styles,
              Guesses* const       guesses)
{
  Sorted learned;
  Sorted held;
  memset(guesses, 0, sizeof(*guesses));
  memset(&held, 0, sizeof(held));
  Status st = sort(known, &learned);
  st        = st ? st : sort(held_out, &held);
  st        = st ? st : find_styles(view, &held, &styles);
  st = st ? st : style_probe_learn(view, learned.of, styles, &guesses->probe);
  st = st ? st : count(&guesses->probe, &held, guesses->real);
  give_back(&held);
  give_back(&learned);
  return st;
}

Status
guesses_show(const TakeSet* const set,
             const uint32_t       i_set,
             Guesses* const       guesses)
{
  Sorted sorted;
  Status st = sort(set, &sorted);
  st        = st ? st : count(&guesses->probe, &sorted, guesses->sets[i_set]);
  give_back(&sorted);
  return st;
}

ProbeResult
guesses_result(const Guesses* const guesses, const uint32_t i_set)
{
  return style_probe_result(
    &guesses->probe, guesses->sets[i_set], guesses->real);
}

Mark
guesses_mark(const ProbeResult* const result)
{
  if (!result->n_styles) {
    return MARK_NONE;
  }
  return !(result->accuracy >= GUESSES_MUST * result->chance) ? MARK_MISSED
         : result->accuracy >= GUESSES_AIM * result->real     ? MARK_AIM
                                                              : MARK_MET;
}

double
guesses_share(const ProbeCount* const counts, const Style style)
{
  const ProbeCount* const it = &counts[style];
  return it->n_windows ? (double)it->n_as[style] / it->n_windows : (double)NAN;
}
