// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The instance, laid out by thread, and the life cycle that a host drives.

   Perpetuo, Perpetuo Melody and Perpetuo Drums are one engine with one list of
   ports; they differ in the parts that sound.
*/
#ifndef PERPETUO_PLUGIN_PLUGIN_H
#define PERPETUO_PLUGIN_PLUGIN_H

#include "play/midi_block.h"
#include "play/plan.h"
#include "play/player.h"
#include "play/schedule.h"
#include "play/transport.h"
#include "plugin/box.h"
#include "plugin/log.h"
#include "plugin/midnam.h"
#include "plugin/notify.h"
#include "plugin/ports.h"
#include "plugin/position.h"
#include "plugin/state.h"
#include "plugin/urids.h"
#include "plugin/worker.h"

#include <lv2/core/lv2.h>
#include <lv2/worker/worker.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PERPETUO_DUO "urn:perpetuo:duo"
#define PERPETUO_MELODY "urn:perpetuo:melody"
#define PERPETUO_DRUMS "urn:perpetuo:drums"

/// The audio thread's, and nobody else's (but for a slot that is lent out)
typedef struct {
  void*   ports[N_PORTS]; ///< None that a host sets is null
  int64_t clock;          ///< Frames run since the beginning, up to this block
  int64_t now;            ///< The frame up to which this block is played

  Transport  host;      ///< Where the host is
  Transport  own;       ///< Where we are when nobody leads
  Transport* transport; ///< The one that is followed
  Schedule   schedule;
  Plan       plan;
  Player     player;
  MidiBlock  block;

  // Controls as of this run
  Mix   mix;
  bool  is_enabled;
  bool  is_open;  ///< Incoming MIDI passes
  float reroll;   ///< To see it rise
  bool  is_first; ///< No run since activate()

  // Most blocks are like the one before, and then little is to be done
  uint32_t       seen[N_SET_PORTS]; ///< Bits of the controls in `mix`
  bool           must_read;         ///< They have more to say all the same
  bool           is_exported;       ///< What is asked for is done at once
  bool           is_content;        ///< Nothing is there to be asked for,
  uint32_t       content_at;  ///< as long as the transport's n_changes is this
  uint32_t       located_at;  ///< And that when the schedule was put there
  int64_t        end;         ///< Clock after this block,
  int64_t        still_until; ///< and until when nothing is to be done
  PositionLayout layout;

  // The line to the worker
  bool     can_compose; ///< There are models
  bool     must_load;   ///< Other models are wanted
  bool     is_loading;  ///< They were asked for
  ModelIds wanted;      ///< Which the project names; 0 for those in use
  unsigned n_asked;     ///< Jobs without an answer
  int64_t  asked_clock;
  unsigned n_restored; ///< States taken in

  // A phrase that a state names waits for `hold`: some hosts set the ports
  // after the state
  bool    is_held_later;
  int32_t held_later;
  int64_t held_until; ///< On the clock; later, the state is not meant any more

  Notify notify; ///< For those who watch; nothing that is played asks it
} Realtime;

typedef struct {
  // Constant after instantiate()
  Urids                      urids;
  Log                        log;
  const LV2_Worker_Schedule* schedule; ///< Null when the host has no worker
  const MidnamUpdate*        midnam;   ///< Null when the host shows no names
  double                     rate_hz;

  Realtime rt;
  Worker   worker;

  // Between run() and save() or restore(), which wait for nobody
  Box         restored; ///< A State: restore() to run()
  Box         kept;     ///< A State: run() to save()
  atomic_uint n_taken;  ///< How many of `restored` are in `kept`

  /// The drums' channel, and their map << 8; run() to whoever names notes
  atomic_uint names;
} Plugin;

#endif // PERPETUO_PLUGIN_PLUGIN_H
