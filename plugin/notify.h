// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What is told to whoever watches, and how seldom; nothing while nobody does.

   It only reads what the audio thread has: nothing that is played depends on
   it.  In one run a few messages at most are written, as many as time has
   passed for, since hosts carry them to their windows slowly; and one that does
   not fit into the host's buffer waits.

   The bars that were played are remembered all the time, so that a window that
   is opened later has them too, as far as their phrases are still there.
*/
#ifndef PERPETUO_PLUGIN_NOTIFY_H
#define PERPETUO_PLUGIN_NOTIFY_H

#include "base/attributes.h"
#include "play/plan.h"
#include "play/player.h"
#include "play/schedule.h"
#include "play/transport.h"
#include "plugin/talk.h"

#include <lv2/atom/atom.h>
#include <lv2/urid/urid.h>

#include <stdbool.h>
#include <stdint.h>

/// Bars that are remembered
#define NOTIFY_N_PLAYED 64U

/// A bar that was played
typedef struct {
  TalkBar bar;            ///< As it is told
  int32_t slots[N_PARTS]; ///< Of the plan, with the phrases of bar.ids
  bool    is_whole;       ///< It was played to its end
} PlayedBar;

typedef struct {
  TalkUrids      urids;
  LV2_Atom_Forge forge;
  double         rate_hz;
  int64_t        until;    ///< Clock: somebody watches
  int64_t        paid;     ///< Clock: up to which messages were written
  TalkPlace      said;     ///< The last Place,
  int64_t        said_at;  ///< and when
  bool           has_said; ///< It was one to those who watch now
  uint32_t       told[PLAN_N_SLOTS]; ///< Ids that were said in full, by slot
  int32_t        i_slot;   ///< Of the phrase that is being said, or -1
  uint32_t       id;       ///< Its id,
  uint32_t       n_notes;  ///< and how many of its notes were said
  bool           has_head; ///< Its Phrase was said
  uint32_t       n_played; ///< Bars played so far
  uint32_t       n_told;   ///< Of these, how many were said
  PlayedBar      played[NOTIFY_N_PLAYED]; ///< The last ones, in a ring
  uint32_t       n_troubles;              ///< Sentences that were said
} Notify;

/// Nobody watches.  Thread: setup.
void
notify_init(Notify* notify, LV2_URID_Map* map, double rate_hz);

/// An atom came in; whether it was for us
REALTIME bool
notify_hear(Notify* notify, int64_t clock, const LV2_Atom* atom);

/// A bar is over or left: keep in mind what was played in it
REALTIME void
notify_bar(Notify*          notify,
           const Schedule*  schedule,
           const Plan*      plan,
           const Player*    player,
           const Transport* transport,
           bool             is_whole);

/// Whether somebody watches
REALTIME static inline bool
notify_is_watched(const Notify* const self, const int64_t clock)
{
  return clock < self->until;
}

#endif // PERPETUO_PLUGIN_NOTIFY_H
