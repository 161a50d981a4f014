// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Softmax cross-entropy: how surprised a net is by what came, and its gradient
#ifndef PERPETUO_LEARN_LOSS_H
#define PERPETUO_LEARN_LOSS_H

#include "learn/blas.h"

#include <stdint.h>

/**
   Losses of N rows of V scores each, in nats; rows of scores become their
   gradients (probabilities less the target's one).

   Rows with NO_TARGET get loss 0 and gradient 0.
   @param scores (N, V) logits in, gradients out.
   @param target (N).
   @param loss (N).
   Memory: none allocated.  Thread: any.
*/
void
loss_softmax(uint32_t        n_rows,
             uint32_t        n_classes,
             Real*           scores,
             const uint16_t* target,
             Real*           loss);

#endif // PERPETUO_LEARN_LOSS_H
