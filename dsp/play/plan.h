// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The phrase slots: what was composed, what is being composed, and for what.

   A slot is lent to the worker with a request in it, and comes back with the
   phrase.  Phrases are found by their request, so a loop or a bar that is
   visited again has its music at once; the one not touched for longest makes
   room.  A phrase is the same whenever it is composed, so nothing here can
   change the music, only when it is there.
*/
#ifndef PERPETUO_PLAY_PLAN_H
#define PERPETUO_PLAY_PLAN_H

#include "base/attributes.h"
#include "music/phrase.h"
#include "music/request.h"

#include <stdbool.h>
#include <stdint.h>

#define PLAN_N_SLOTS 64U

typedef enum {
  SLOT_FREE,
  SLOT_ASKED, ///< The worker's; only state and serial are still ours
  SLOT_LOST,  ///< As ASKED, but the answer is not counted on any more
  SLOT_READY
} SlotState;

typedef struct {
  SlotState state;
  uint32_t  serial;  ///< Of the question; 0 when its answer is not wanted
  uint32_t  touched; ///< The moment it was last looked for
  Request   request;
  Phrase    phrase;
} Slot;

typedef struct {
  uint32_t serial;             ///< Of the last question
  uint32_t moment;             ///< Counts the rounds of looking
  uint8_t  tags[PLAN_N_SLOTS]; ///< A piece of each request, to look at first:
                               ///< slots lie far apart
  Slot slots[PLAN_N_SLOTS];
} Plan;

/// All slots free.  Thread: setup.
void
plan_init(Plan* plan);

/// Begin a round: what is found from now on is in use, and not given away
REALTIME void
plan_begin(Plan* plan);

/// The slot that holds or will hold the answer to a request, or -1
REALTIME int
plan_find(Plan* plan, const Request* request);

/// The same without touching it: for those who only watch
REALTIME int
plan_peek(const Plan* plan, const Request* request);

/// The phrase of a slot, or null when it is not there yet (or `i_slot` is -1)
REALTIME static inline const Phrase*
plan_phrase(const Plan* const plan, const int i_slot)
{
  return i_slot >= 0 && plan->slots[i_slot].state == SLOT_READY
           ? &plan->slots[i_slot].phrase
           : (const Phrase*)0;
}

/**
   Write a request into a slot and lend it to the worker.

   @return The slot, or -1 when every slot is lent or in use.
*/
REALTIME int
plan_lend(Plan* plan, const Request* request);

/// Take back a slot that the worker never got to see
REALTIME void
plan_take_back(Plan* plan, int i_slot);

/**
   The worker's answer.  An old one frees the slot and is forgotten.

   @return Whether the phrase is there now.
*/
REALTIME bool
plan_answer(Plan* plan, uint32_t i_slot, uint32_t serial, bool is_composed);

/// Count on no answer that is still out; should one come, it is welcome
REALTIME void
plan_give_up(Plan* plan);

/// Forget every phrase, also those that are still to come: the models changed
REALTIME void
plan_forget(Plan* plan);

#endif // PERPETUO_PLAY_PLAN_H
