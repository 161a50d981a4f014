// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Lanes: room for sequences in lock-step, all taken beforehand.

   A net's state is of a fixed number of sequences; any number of candidates is
   made up of batches of 16, 8, 4, 2 and 1.  A sequence comes out the same in
   whatever batch it runs.
*/
#ifndef PERPETUO_COMPOSE_LANES_H
#define PERPETUO_COMPOSE_LANES_H

#include "base/status.h"
#include "nn/net.h"

#include <stdint.h>

#define LANES_MAX 16U
#define LANES_N_BATCHES 5U

typedef struct {
  NetState* batch[LANES_N_BATCHES]; ///< Of 16, 8, 4, 2 and 1 sequences
} Lanes;

/// STATUS_NO_MEM; then there is nothing to clear
NODISCARD Status
lanes_init(Lanes* lanes, const Net* net);

/// A zeroed Lanes is allowed
void
lanes_clear(Lanes* lanes);

/**
   The largest batch that `n` sequences fill, forgetful.

   @param n At least 1.
   @param n_batch Number of its sequences.
*/
NetState*
lanes_take(const Lanes* lanes, uint32_t n, uint32_t* n_batch);

#endif // PERPETUO_COMPOSE_LANES_H
