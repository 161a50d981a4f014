// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The gate: how much a sketch sounds like one that a person wrote, for the
   wish that it was written for.

   A small LSTM reads the sketch's tokens with the same inputs as the generator
   has, and then what follows the last one; there its two outputs, not-real and
   real, are compared: score = sigmoid(real - not-real).
*/
#ifndef PERPETUO_COMPOSE_GATE_H
#define PERPETUO_COMPOSE_GATE_H

#include "base/status.h"
#include "compose/generator.h"
#include "nn/net.h"

#include <stdint.h>

/// What a gate's net tells apart
typedef enum { GATE_NOT_REAL, GATE_REAL, N_GATE_CLASSES } GateClass;

typedef struct Gate Gate;

/**
   @param net Of the part's inputs and N_GATE_CLASSES outputs; borrowed.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
gate_new(const Net* net, Part part, Gate** gate);

/// Null is allowed
void
gate_free(Gate* gate);

/// The score that two outputs stand for, 0 .. 1.  Thread: any.
float
gate_score(const float* logits);

/**
   Score `n` candidates for `wish`, in lock-step.

   Thread: worker, tools; one at a time.  Memory: none allocated.
*/
void
gate_judge(Gate* gate, const Wish* wish, uint32_t n, Candidate* candidates);

#endif // PERPETUO_COMPOSE_GATE_H
