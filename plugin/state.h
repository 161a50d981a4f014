// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What a project keeps of us besides the ports.

   All of it is text, which survives every host, and every key is stored at
   every save.  Keys (urn:perpetuo:state:...): version; melody, drums,
   gate_melody and gate_drums, the ids of the models, 16 hexadecimal digits;
   held, the first bar of the phrase that is held, or nothing; rerolls, such as
   "12:1 -8:4", first bar of the phrase and count, the oldest first.
*/
#ifndef PERPETUO_PLUGIN_STATE_H
#define PERPETUO_PLUGIN_STATE_H

#include "compose/composer.h"
#include "play/schedule.h"
#include "plugin/log.h"
#include "plugin/urids.h"

#include <lv2/state/state.h>

#include <stdbool.h>
#include <stdint.h>

#define STATE_VERSION 1

typedef struct {
  ModelIds models; ///< 0 for what is not named
  uint32_t is_held;
  int32_t  held;
  Rerolls  rerolls;
} State;

/// Words of a State, for a Box; what the padding holds does not matter
#define STATE_N_WORDS ((uint32_t)(sizeof(State) / 4U))

/// Nothing named, nothing held, nothing rerolled
void
state_init(State* state);

/// Store every key.  Thread: save.
LV2_State_Status
state_save(const State*             state,
           const Urids*             urids,
           LV2_State_Store_Function store,
           LV2_State_Handle         handle);

/**
   Read what is there.

   A preset without any of our keys changes nothing.  Otherwise a missing key
   means its beginning (nothing held, ...), and a damaged one keeps what was in
   `state` and is said in the log.
   @return Whether anything was there.
   Thread: restore.
*/
bool
state_restore(State*                      state,
              const Urids*                urids,
              LV2_State_Retrieve_Function retrieve,
              LV2_State_Handle            handle,
              const Log*                  log);

#endif // PERPETUO_PLUGIN_STATE_H
