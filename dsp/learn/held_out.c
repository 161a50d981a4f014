// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/held_out.h"

#include "base/rng.h"

#include <stdlib.h>

/// Names the draw of held-out sequences among other uses of random numbers
#define DRAW_KEY 0x48454C44U

typedef struct {
  uint32_t i_sequence;
  uint32_t order; ///< Random, to choose by; then the length, to sort by
} Candidate;

static uint32_t
slot_of(const uint32_t group)
{
  return group < SCORE_MAX_GROUPS ? group : SCORE_MAX_GROUPS - 1U;
}

void
score_add(Score* const          score,
          const Sequence* const sequence,
          const uint64_t        n_events,
          const double          sum)
{
  const uint32_t slot   = slot_of(sequence->group);
  const double   weight = (double)sequence->weight;

  score->n_events += n_events;
  score->sum += sum;
  score->weight += weight * (double)n_events;
  score->weighted_sum += weight * sum;
  score->group_events[slot] += n_events;
  score->group_sum[slot] += sum;
}

void
score_merge(Score* const score, const Score* const other)
{
  score->n_events += other->n_events;
  score->sum += other->sum;
  score->weight += other->weight;
  score->weighted_sum += other->weighted_sum;
  for (uint32_t i = 0U; i < SCORE_MAX_GROUPS; ++i) {
    score->group_events[i] += other->group_events[i];
    score->group_sum[i] += other->group_sum[i];
  }
}

double
score_loss(const Score* const score)
{
  return score->n_events ? score->sum / (double)score->n_events : 0.0;
}

double
score_weighted(const Score* const score)
{
  return score->weight > 0.0 ? score->weighted_sum / score->weight
                             : score_loss(score);
}

double
score_group(const Score* const score, const uint32_t group)
{
  const uint32_t slot = slot_of(group);
  const uint64_t n    = score->group_events[slot];
  return n ? score->group_sum[slot] / (double)n : 0.0;
}

/// Rising order, then rising sequence, so that no two are equal
static int
compare(const void* const a, const void* const b)
{
  const Candidate* const x = (const Candidate*)a;
  const Candidate* const y = (const Candidate*)b;
  if (x->order != y->order) {
    return x->order < y->order ? -1 : 1;
  }
  return (x->i_sequence > y->i_sequence) - (x->i_sequence < y->i_sequence);
}

Status
held_out_choose(const Dataset* const set,
                const Split          split,
                const uint64_t       max_steps,
                uint32_t** const     list,
                uint32_t* const      n_list)
{
  const size_t     room  = (size_t)set->n_sequences + 1U;
  Candidate* const all   = (Candidate*)calloc(room, sizeof(Candidate));
  uint32_t* const  fresh = (uint32_t*)calloc(room, sizeof(uint32_t));
  if (!all || !fresh) {
    free(all);
    free(fresh);
    return STATUS_NO_MEM;
  }

  uint32_t       n   = 0U;
  const uint64_t key = rng_seed(DRAW_KEY);
  for (uint32_t i = 0U; i < set->n_sequences; ++i) {
    if (set->sequence[i].split == split) {
      all[n].i_sequence = i;
      all[n++].order    = rng_u32(key, i);
    }
  }
  qsort(all, n, sizeof(*all), compare);

  uint32_t n_taken = 0U;
  uint64_t n_steps = 0U;
  while (n_taken < n && n_steps < max_steps) {
    const uint32_t length = set->sequence[all[n_taken].i_sequence].n_steps;
    all[n_taken++].order  = UINT32_MAX - length;
    n_steps += length;
  }
  qsort(all, n_taken, sizeof(*all), compare);
  for (uint32_t i = 0U; i < n_taken; ++i) {
    fresh[i] = all[i].i_sequence;
  }

  free(all);
  *list   = fresh;
  *n_list = n_taken;
  return STATUS_SUCCESS;
}
