// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The generator: lets a part's model write candidates for a wish.

   A candidate is a function of (model, wish, key) alone; several are written
   in lock-step because that is faster, and come out as if each were alone.
   The work is bounded by GENERATOR_MAX_STEPS for each.
*/
#ifndef PERPETUO_COMPOSE_GENERATOR_H
#define PERPETUO_COMPOSE_GENERATOR_H

#include "base/status.h"
#include "compose/sketch.h"
#include "nn/net.h"

#include <stdint.h>

/// Most tokens that a candidate is written with; what is left of it then is
/// silence
#define GENERATOR_MAX_STEPS 1024U

/// A sketch that may be taken
typedef struct {
  Sketch sketch;
  float  score; ///< What the gate gives it, 0 .. 1
} Candidate;

typedef struct Generator Generator;

/**
   @param net Of the shape that the part's vocabulary asks for; borrowed.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
generator_new(const Net* net, Part part, Generator** generator);

/// Null is allowed
void
generator_free(Generator* generator);

/**
   Read what the candidates for `wish` have in common: the theme before them,
   and those of its bars with which they begin.

   @param wish Borrowed until the next generator_begin().
*/
void
generator_begin(Generator* generator, const Wish* wish);

/**
   Write `n` candidates for the wish that was begun.

   @param key Candidate `i` draws from the key below it that is named `i`.
   @param candidates (n); their scores are 0.
   Thread: worker, tools; one at a time.  Memory: none allocated.
*/
void
generator_write(Generator* generator,
                uint64_t   key,
                uint32_t   n,
                Candidate* candidates);

#endif // PERPETUO_COMPOSE_GENERATOR_H
