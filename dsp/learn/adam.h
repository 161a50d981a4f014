// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The optimiser: Adam with warm-up, cosine decay, clipping and weight decay.

   Source: Kingma and Ba 2015; decay apart from the gradient as in Loshchilov
   and Hutter 2019; clipping by the norm of the whole gradient as in Pascanu,
   Mikolov and Bengio 2013.
*/
#ifndef PERPETUO_LEARN_ADAM_H
#define PERPETUO_LEARN_ADAM_H

#include "learn/blas.h"

#include <stddef.h>
#include <stdint.h>

typedef struct {
  double   rate;     ///< Highest learning rate
  double   floor;    ///< Share of it that is left at the end
  uint64_t n_warmup; ///< Steps of linear rise
  uint64_t n_steps;  ///< Steps of the whole run
  double   decay;    ///< Weight decay for each step, times the rate
  double   clip;     ///< Largest norm of a gradient; 0 for any
} AdamOptions;

/// Learning rate of step `i_step`, counted from 0
double
adam_rate(const AdamOptions* options, uint64_t i_step);

/// Squares are summed over that many numbers at a time, so that the norm is the
/// same however many threads share the work out
#define ADAM_BLOCK 16384U

/// Sum of the squares of a block, or of what the last one has
double
adam_squares(const Real* gradient, size_t n);

/// Norm of a whole gradient, summed in double in fixed order, block by block
double
adam_norm(const Real* gradient, size_t n);

/// What is the same for all weights in one step
typedef struct {
  Real rate;   ///< Learning rate over the first moment's bias correction
  Real unbias; ///< 1 over the second moment's bias correction
  Real keep;   ///< What decay leaves of a weight
  Real scale;  ///< What clipping leaves of the gradient
} AdamFactors;

/// Those of step `i_step`; `norm` is the gradient's, and finite
AdamFactors
adam_factors(const AdamOptions* options, uint64_t i_step, double norm);

/// Make one step with some of the weights; as adam_step in all else.
/// Thread: any, each with weights of its own.
void
adam_update(AdamFactors factors,
            size_t      n,
            Real*       weights,
            Real*       first,
            Real*       second,
            Real*       gradient);

/**
   Make one step.  @return the gradient's norm before it was clipped; a norm
   that is not finite changes nothing.

   @param weights,first,second (n) blocks: weights and running moments.
   @param gradient (n), clipped in place.
   Memory: none allocated.
*/
double
adam_step(const AdamOptions* options,
          uint64_t           i_step,
          size_t             n,
          Real*              weights,
          Real*              first,
          Real*              second,
          Real*              gradient);

#endif // PERPETUO_LEARN_ADAM_H
