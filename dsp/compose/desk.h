// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Desks: what one phrase at a time is worked on, shared by all composers of the
   same models.

   A desk holds no music between two phrases, so it matters to nobody which one
   is used.  There is at least one for all who share them, and one more for each
   who works at the same time as others; of those that are not in use only
   DESKS_MAX_IDLE are kept.
   Thread: worker, setup, tools.
*/
#ifndef PERPETUO_COMPOSE_DESK_H
#define PERPETUO_COMPOSE_DESK_H

#include "base/status.h"
#include "compose/gate.h"
#include "compose/generator.h"
#include "compose/lanes.h"
#include "music/part.h"
#include "nn/net.h"

#include <stdint.h>

/// Desks that are kept for the next who comes
#define DESKS_MAX_IDLE 2U

/// The nets that a desk is for; borrowed
typedef struct {
  const Net* generator[N_PARTS];
  const Net* gate[N_PARTS];
} DeskNets;

typedef struct Desk {
  Generator*   generator[N_PARTS];
  Gate*        gate[N_PARTS];
  Candidate    candidates[LANES_MAX];
  struct Desk* next;
} Desk;

/// All desks for some nets
typedef struct Desks Desks;

/// Share the desks for `nets`, which must stay until desks_leave().
/// @return STATUS_NO_MEM; `*desks` is written only on success.
NODISCARD Status
desks_join(const DeskNets* nets, Desks** desks);

/// Null is allowed.  The last one frees them.
void
desks_leave(Desks* desks);

/// A desk for oneself.  Waits for one only where there is no memory for more.
Desk*
desks_take(Desks* desks);

void
desks_give_back(Desks* desks, Desk* desk);

#endif // PERPETUO_COMPOSE_DESK_H
