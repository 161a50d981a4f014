// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Held-out music: which of it is measured, and the books of a measurement.

   Float net, int8 net and n-grams are measured on the same list, so that their
   figures can stand side by side.
*/
#ifndef PERPETUO_LEARN_HELD_OUT_H
#define PERPETUO_LEARN_HELD_OUT_H

#include "base/status.h"
#include "learn/dataset.h"

#include <stdint.h>

/// Losses are kept by group; groups from SCORE_MAX_GROUPS - 1 on share the last
#define SCORE_MAX_GROUPS 64U

/// Sums over events: targets that were predicted
typedef struct {
  uint64_t n_events;
  double   sum;          ///< Nats
  double   weight;       ///< Sum of the events' weights
  double   weighted_sum; ///< Nats times weight
  uint64_t group_events[SCORE_MAX_GROUPS];
  double   group_sum[SCORE_MAX_GROUPS];
} Score;

/// Enter the events of one sequence: their number and summed loss
void
score_add(Score*          score,
          const Sequence* sequence,
          uint64_t        n_events,
          double          sum);

/// Add another's books to `score`
void
score_merge(Score* score, const Score* other);

/// Nats per event; 0 when there were none
double
score_loss(const Score* score);

/// Nats per event where an event counts by its sequence's weight, as it does
/// in training
double
score_weighted(const Score* score);

/// Nats per event of a group; 0 when there were none
double
score_group(const Score* score, uint32_t group);

/**
   Choose sequences to measure on: all of a split, or an even draw of them of
   about `max_steps` steps that depends on nothing but the set.

   Longest first.  @param list,n_list Written on success; the caller frees.
   @return STATUS_NO_MEM.  An empty list is not an error.
*/
NODISCARD Status
held_out_choose(const Dataset* set,
                Split          split,
                uint64_t       max_steps,
                uint32_t**     list,
                uint32_t*      n_list);

#endif // PERPETUO_LEARN_HELD_OUT_H
