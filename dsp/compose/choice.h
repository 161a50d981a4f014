// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Which of a round's candidates is taken
#ifndef PERPETUO_COMPOSE_CHOICE_H
#define PERPETUO_COMPOSE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

/// Most candidates to choose from
#define CHOICE_MAX 16U

/// The score of what is refused whatever the gate says: any below 0 is
#define CHOICE_REFUSED (-1.0f)

/// Whether a score reaches the gate, percent
bool
choice_reaches(float score, uint32_t gate);

/**
   Draw a candidate, each as likely as its odds of being real are high.

   Always to take the best would make all phrases alike.  Drawn by odds, they
   come out as spread as a person's would, in so far as the gate is right.  If
   any reaches the gate, only those that do are drawn from.

   @param scores (n) 0 .. 1, or below 0 for what is refused.
   @param n At most CHOICE_MAX.
   @param favour (n) What the odds of each are multiplied with, above 0.
   @param gate Score to reach, percent.
   @return An index, or -1 when all are refused.
   Thread: any.
   Source of the idea: sampling importance resampling, Rubin 1987; with a
   discriminator's odds, Azadi et al. 2019.
*/
int
choice_draw(const float* scores,
            const float* favour,
            uint32_t     n,
            uint32_t     gate,
            uint64_t     key);

#endif // PERPETUO_COMPOSE_CHOICE_H
