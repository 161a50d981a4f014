// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Models of a given shape and random contents, for tests.

   A function of shape and seed alone, the same on every machine.  Weights are
   of a size at which gates are neither shut nor wide open.
*/
#ifndef PERPETUO_TESTS_RANDOM_MODEL_H
#define PERPETUO_TESTS_RANDOM_MODEL_H

#include "nn/model.h"
#include "nn/net.h"

/// A whole net and a card; ends the program when there is no memory
Model*
random_model(const NetShape* shape, uint64_t seed);

/// Hot indices for `n_steps` steps of one sequence.  @param hot (T, K).
void
random_hot(const NetShape* shape,
           uint64_t        seed,
           uint32_t        n_steps,
           uint16_t*       hot);

/// Dense inputs, the least and greatest among them.  @param dense (D).
void
random_dense(const NetShape* shape, uint64_t seed, int8_t* dense);

#endif // PERPETUO_TESTS_RANDOM_MODEL_H
