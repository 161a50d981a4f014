// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Can two sets be told apart by who stands next to whom?

   Leave-one-out accuracy of a nearest-neighbour classifier: .5 when the sets
   cannot be told apart, 1 when they can always, below .5 when each seeks the
   other (copies).  One row is drawn for each piece, and as many pieces of
   either set, since several rows of one piece are near copies.
   Source: Lopez-Paz and Oquab 2017 (C2ST); Xu et al. 2018.
*/
#ifndef PERPETUO_TOOLS_JUDGE_NEIGHBOURS_H
#define PERPETUO_TOOLS_JUDGE_NEIGHBOURS_H

#include "base/status.h"
#include "tools/judge/samples.h"

#include <stdint.h>

#define NEIGHBOURS_DRAWS 9U

/**
   Mean accuracy over draws.

   Features count in standard deviations of what was drawn.  When several
   neighbours are as near, each has its share of the vote.
   @param key Of the random numbers.
   @param accuracy Not a number when a set has fewer than two pieces.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
neighbours_accuracy(const Samples* a,
                    const Samples* b,
                    uint64_t       key,
                    uint32_t       n_draws,
                    double*        accuracy);

#endif // PERPETUO_TOOLS_JUDGE_NEIGHBOURS_H
