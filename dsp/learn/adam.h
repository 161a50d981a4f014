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

/// Norm of a whole gradient, summed in double in fixed order
double
adam_norm(const Real* gradient, size_t n);

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
