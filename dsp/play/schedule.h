// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Which phrases will be needed, and which comes first.

   Controls are latched: at one moment of a bar, just before its middle, the
   mix for the next bar is read and then stands.  (Not at the bar line: there
   automation has its points, and which block such a point falls into is the
   host's affair.)  After a jump, both the bar and the one after it take the mix
   as it is.  What a bar needs therefore never depends on how long composing
   took.

   Phrases are asked for in the order in which they will be missed: this bar's,
   the next one's, then those of the phrases ahead, as far as the mix is at
   rest.  They are asked for in the metre that the transport knows of, or else
   in that of the bar before.
*/
#ifndef PERPETUO_PLAY_SCHEDULE_H
#define PERPETUO_PLAY_SCHEDULE_H

#include "base/attributes.h"
#include "music/request.h"
#include "play/plan.h"
#include "play/transport.h"

#include <stdbool.h>
#include <stdint.h>

#define MAX_REROLLS 128U

/// Phrases that are asked for beyond the next bar's
#define SCHEDULE_N_AHEAD 6

/// How often another phrase was asked for at a place
typedef struct {
  int32_t  bar;   ///< The first of the phrase
  uint32_t count; ///< 1 .. 65535
} Reroll;

/// The places where that happened, the oldest first
typedef struct {
  uint32_t n;
  Reroll   rows[MAX_REROLLS];
} Rerolls;

/// What one bar's music is a function of
typedef struct {
  int32_t  bar;
  int32_t  i_phrase; ///< The phrase it is part of, or the one that is held
  uint32_t i_bar;    ///< Bars into that phrase
  uint32_t reroll;
  Metre    metre;
  Mix      mix;
} Latch;

typedef struct {
  const Transport* transport; ///< Knows the metres of bars ahead; or null
  unsigned         parts;     ///< Bit 1 << part for every part that sounds
  Latch            now;       ///< Holds for the current bar
  Latch   next; ///< Stands once it is latched; before that, a good guess
  bool    is_latched;
  bool    is_held;
  int32_t held; ///< First bar of the phrase that all bars take, while is_held
  Rerolls rerolls;
} Schedule;

/// Bar 0, nothing held, nothing rerolled.  Thread: setup.
void
schedule_init(Schedule* schedule, unsigned parts);

/// Ask a transport for the metres of bars ahead, from now on
REALTIME void
schedule_follow(Schedule* schedule, const Transport* transport);

/// Be at another bar, or read the mix anew while standing still
REALTIME void
schedule_locate(Schedule* schedule, int32_t bar, Metre metre, const Mix* mix);

/// When in the current bar the mix for the next one is to be read, ticks from
/// the bar line
REALTIME uint32_t
schedule_latch_tick(const Schedule* schedule);

/// That moment has come: from now on, the next bar takes `mix`
REALTIME void
schedule_latch(Schedule* schedule, const Mix* mix);

/// The next bar begins; the one after it takes `mix` as far as is known yet
REALTIME void
schedule_advance(Schedule* schedule, Metre metre, const Mix* mix);

/// The metre turns out to be another one from this bar on
REALTIME void
schedule_set_metre(Schedule* schedule, Metre metre);

/// Keep to the current bar's phrase from the next latch on, or no longer
REALTIME void
schedule_hold(Schedule* schedule, bool is_held);

/**
   Ask for another phrase in the place of the current one.

   @param is_rolling Then what is left of the current one is played as it is;
   where nothing of it would be heard in another form before it is over, the
   phrase after it is asked for anew, too.
*/
REALTIME void
schedule_reroll(Schedule* schedule, bool is_rolling);

/// What a part needs for a bar
REALTIME Request
schedule_request(const Latch* latch, Part part);

/**
   What to ask for next; false when everything that is needed is there.

   Touches all that is needed and begins a round of `plan` for it, so that
   plan_lend() may follow.
   @param mix As it is now, for the phrases ahead.
*/
REALTIME bool
schedule_next(const Schedule* schedule,
              Plan*           plan,
              const Mix*      mix,
              Request*        request);

/**
   What a part plays after its phrase of the current bar, as far as is known:
   the next bar's phrase if that is another one, else the one after it; where a
   phrase is held, that one.

   As schedule_next() asks for it, so plan_peek() finds it once it is there.
   @param mix As it is now.
*/
REALTIME Request
schedule_following(const Schedule* schedule, Part part, const Mix* mix);

/// Count another reroll at a place; the oldest place makes room
REALTIME void
rerolls_add(Rerolls* rerolls, int32_t bar, uint32_t count);

/// How often a place was rerolled
REALTIME uint32_t
rerolls_at(const Rerolls* rerolls, int32_t bar);

#endif // PERPETUO_PLAY_SCHEDULE_H
