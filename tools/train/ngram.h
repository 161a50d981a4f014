// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   N-gram models: how well counting alone predicts the same events.

   The context of an event is the last n - 1 *first hot inputs* up to its step
   (for a part: the last tokens), within its sequence.  Probabilities are
   interpolated down to a uniform one, after Witten and Bell 1991.
*/
#ifndef PERPETUO_TOOLS_TRAIN_NGRAM_H
#define PERPETUO_TOOLS_TRAIN_NGRAM_H

#include "base/status.h"
#include "learn/dataset.h"
#include "learn/held_out.h"

#include <stdint.h>

/// Longest n-gram
#define NGRAM_MAX 5U

typedef struct Ngram Ngram;

/// Count a set's training split.  STATUS_NO_MEM; STATUS_BAD_ARG when `n` is
/// not 1 .. NGRAM_MAX or the set has more than 4095 classes or hot inputs.
NODISCARD Status
ngram_new(const Dataset* set, uint32_t n, Ngram** ngram);

/// Null is allowed
void
ngram_free(Ngram* ngram);

/// Probability of class `target` at step `i` of a sequence of the set
double
ngram_probability(const Ngram*    ngram,
                  const Sequence* sequence,
                  uint32_t        i,
                  uint16_t        target);

/// Measure on a list of sequences
void
ngram_evaluate(const Ngram*    ngram,
               const uint32_t* list,
               uint32_t        n_list,
               Score*          score);

#endif // PERPETUO_TOOLS_TRAIN_NGRAM_H
