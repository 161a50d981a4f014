// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What is told to whoever watches, and how seldom; nothing while nobody does.

   It only reads what the audio thread has: nothing that is played depends on
   it.  In one run a few messages at most are written, as many as time has
   passed for, since hosts carry them to their windows slowly; and one that does
   not fit into the host's buffer, behind the music, waits.

   The bars that were played are remembered all the time, so that a window that
   is opened later has them too, as far as their phrases are still there.
*/
#ifndef PERPETUO_PLUGIN_NOTIFY_H
#define PERPETUO_PLUGIN_NOTIFY_H

#include "base/attributes.h"
#include "music/mix.h"
#include "play/plan.h"
#include "play/player.h"
#include "play/schedule.h"
#include "play/transport.h"
#include "plugin/box.h"
#include "plugin/talk.h"

#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/urid/urid.h>

#include <stdbool.h>
#include <stdint.h>

/// Bars that are remembered
#define NOTIFY_N_PLAYED 64U

/// Most messages in a run, and the time that each takes, s
#define NOTIFY_MAX_MESSAGES 16
#define NOTIFY_STEP_S 0.004

/// How often Place is said while time goes on, s
#define NOTIFY_PLACE_S 0.2

/// A bar that was played
typedef struct {
  TalkBar bar;            ///< As it is told
  int32_t slots[N_PARTS]; ///< Of the plan, with the phrases of bar.ids
  int64_t end_tick;       ///< Where in the bar it was left
  bool    is_whole;       ///< It was played to its end
} PlayedBar;

typedef struct {
  int64_t        until; ///< Clock: somebody watches
  TalkUrids      urids;
  LV2_Atom_Forge forge;
  double         rate_hz;
  int64_t        step; ///< Frames that a message takes

  // What those who watch know
  int64_t   paid;               ///< Clock: up to which messages were written
  TalkPlace said;               ///< The last Place,
  int64_t   said_at;            ///< and when
  bool      has_said;           ///< It was one to those who watch now
  uint32_t  told[PLAN_N_SLOTS]; ///< Ids that were said in full, by slot
  int32_t   i_slot;             ///< Of the phrase that is being said, or -1
  uint32_t  id;                 ///< Its id,
  uint32_t  n_notes;            ///< and how many of its notes were said
  bool      has_head;           ///< Its Phrase was said
  uint32_t  n_told;             ///< Bars that were said
  unsigned  n_troubles;         ///< Sentences that were said

  // What was played
  uint32_t  n_played;                ///< Bars so far
  PlayedBar played[NOTIFY_N_PLAYED]; ///< The last ones, in a ring
  int64_t   join_clock;              ///< Since when this bar is played,
  int64_t   join_tick; ///< from where in it, ticks from the bar line,
  double    speed;     ///< and how fast, ticks in a frame; 0 while it stands
  float     bpm;
} Notify;

/// What there is to be seen in a run
typedef struct {
  const Schedule*  schedule;
  const Plan*      plan;
  const Player*    player;
  const Transport* transport;
  const Mix*       mix;
  Box*             trouble; ///< What the worker said: a Trouble
  int64_t          clock;   ///< After this run
  unsigned         state;   ///< As in TalkPlace
} Sight;

/// Nobody watches.  Thread: setup.
void
notify_init(Notify* notify, LV2_URID_Map* map, double rate_hz);

/// An atom came in; whether it was for us
REALTIME bool
notify_hear(Notify* notify, int64_t clock, const LV2_Atom* atom);

/// From this frame on the transport's bar is played, or joined at a tick of it
REALTIME void
notify_join(Notify*          notify,
            const Transport* transport,
            int64_t          tick,
            int64_t          clock);

/**
   The bar that the schedule is in is over or left at this frame: keep in mind
   what was played in it.

   @param is_over It was played to its end; else it counts only if a beat of it
   was played.
*/
REALTIME void
notify_bar(Notify*         notify,
           const Schedule* schedule,
           const Plan*     plan,
           const Player*   player,
           int64_t         clock,
           bool            is_over);

/// Whether somebody watches
REALTIME static inline bool
notify_is_watched(const Notify* const self, const int64_t clock)
{
  return clock < self->until;
}

/**
   Say what is due, behind what is in a sequence already.

   Only while somebody watches, and when there are frames.
   @param buffer With a whole sequence in it, unless there is no room for one.
   @param room Bytes behind the buffer's atom header (its size on entry).
   @param frame That of none before it is later.
*/
REALTIME void
notify_run(Notify*            notify,
           LV2_Atom_Sequence* buffer,
           uint32_t           room,
           uint32_t           frame,
           const Sight*       sight);

#endif // PERPETUO_PLUGIN_NOTIFY_H
