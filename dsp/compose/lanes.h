// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Lanes: room for sequences in lock-step, taken beforehand.

   A net's state runs as many of its sequences as are asked for.  Lanes that
   have come to their end are closed, so that the others do not wait for them: a
   sequence comes out the same in whatever place and company it runs.
*/
#ifndef PERPETUO_COMPOSE_LANES_H
#define PERPETUO_COMPOSE_LANES_H

#include "base/status.h"
#include "nn/net.h"

#include <stdint.h>

#define LANES_MAX 16U
typedef struct {
  NetState* state;            ///< Of LANES_MAX sequences
  uint32_t  n_open;           ///< Of which so many run,
  uint32_t  owner[LANES_MAX]; ///< each for this one of whoever took them
} Lanes;

/// STATUS_NO_MEM; then there is nothing to clear
NODISCARD Status
lanes_init(Lanes* lanes, const Net* net);

/// A zeroed Lanes is allowed
void
lanes_clear(Lanes* lanes);

/// Open lanes for owners 0 .. n - 1, forgetful.
/// @param n 1 .. LANES_MAX.
void
lanes_open(Lanes* lanes, uint32_t n);

/// Close a lane.  The last one that is open takes its place, if it is another.
void
lanes_close(Lanes* lanes, uint32_t i_lane);

#endif // PERPETUO_COMPOSE_LANES_H
