// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Where the music is: frames on one side, bars and ticks on the other.

   Two scales are used.  The *clock* counts the frames that this plugin has run;
   it never goes back.  The *line* counts ticks along the music from the last
   jump on; the bar that stood there began at line tick 0.  A straight line ties
   the two: an anchor, and ticks per frame.

   The host's bar and beat are the truth.  What it says is compared with the
   line: a small difference moves the anchor without anything being played
   twice, since what is played follows cursors over notes; a large one, or a
   step back, is a jump.  Tempo is a first guess only, and is corrected by what
   is measured between two positions.  A position that was rounded moves the
   line no further than rounding can not explain, so that the line comes nearer
   to the host's with each of them.

   Hosts tell a new metre up to a block after it began.  The metres of bars are
   therefore remembered: where a host says its metre in every block, and so
   would contradict at once, a bar that was heard before begins in its own.
*/
#ifndef PERPETUO_PLAY_TRANSPORT_H
#define PERPETUO_PLAY_TRANSPORT_H

#include "base/attributes.h"
#include "music/metre.h"

#include <stdbool.h>
#include <stdint.h>

/// Bars of which the metre is remembered; a later one takes the place of one
/// so many bars before it
#define TRANSPORT_N_VISITED 1024U

/// Which fields of a Position were given
enum {
  POSITION_FRAME         = 1U << 0U,
  POSITION_SPEED         = 1U << 1U,
  POSITION_BAR           = 1U << 2U,
  POSITION_BAR_BEAT      = 1U << 3U,
  POSITION_BEATS_PER_BAR = 1U << 4U,
  POSITION_BEAT_UNIT     = 1U << 5U,
  POSITION_BPM           = 1U << 6U
};

/// What a host said of where it is; any field may be missing, or nonsense
typedef struct {
  unsigned fields;
  double   frame;
  double   speed;
  double   bar;
  double   bar_beat; ///< Beats of the metre's unit since the bar line
  double   beats_per_bar;
  double   beat_unit; ///< 4 for quarters
  double   bpm;
} Position;

/// What a position meant for the music
typedef enum {
  TRANSPORT_SAME,      ///< On we go (or: it stands where it stood)
  TRANSPORT_MOVED,     ///< It stands, but elsewhere
  TRANSPORT_STARTED,   ///< It rolls now
  TRANSPORT_STOPPED,   ///< It stands now
  TRANSPORT_JUMPED,    ///< It rolls, but elsewhere
  TRANSPORT_NEW_METRE, ///< It rolls on in another metre, from this bar on
} TransportChange;

/// A bar of which the host told the metre
typedef struct {
  int32_t bar;
  Metre   metre;  ///< Of no beats where nothing is known
  Metre   before; ///< That of the bar which led to it; of no beats if none did
} VisitedBar;

typedef struct {
  /// Counts whatever may change what is known of bars: of this one, of those
  /// ahead, and of whether it rolls
  uint32_t n_changes;

  double  rate_hz;     ///< Sample rate
  double  default_bpm; ///< Quarters per minute, when the host does not say
  bool    is_rolling;
  bool    is_known; ///< Whether a place was ever told
  Metre   metre;
  int32_t bar;       ///< The bar we are in, from 0
  int64_t bar_tick;  ///< Where on the line it began
  int64_t join_tick; ///< After a change: play onsets from here on the line

  // As told
  double speed;
  double bpm; ///< 0 when never told
  double beats_per_bar;
  double beat_unit;
  double beat_ticks; ///< Length of the unit of bar_beat
  double bpm_factor; ///< Real tempo / what bpm in units of bar_beat says
  bool   is_bpm_old; ///< The last position left bpm out

  // What was worked out last, and of what: it is asked for in every block
  double told_beats; ///< Beats and unit of
  double told_unit;
  Metre  told_metre;
  double rate_of[4]; ///< bpm, bpm_factor, beat_ticks and default_bpm of
  double rate;       ///< the ticks in a frame at speed 1

  // The straight line
  int64_t anchor_clock;
  double  anchor_tick;
  double  ticks_per_frame;
  bool    is_exact; ///< It began at a place that was not rounded

  // What was told last, and where measuring began
  int64_t told_clock;
  double  told_tick;
  double  told_bar;
  double  told_beat;
  int64_t base_clock;
  double  base_tick;

  // The host's own frames, for positions without a bar; bar 0 is at frame 0
  // until a host says otherwise
  double frame;      ///< At told_clock
  double frame_tick; ///< On the line, at `frame`

  // Where it stopped: the first tick of a bar that was not played any more
  int32_t stop_bar;
  int64_t stop_tick;

  // Metres of bars, and whether a wrong one would be contradicted at once
  int64_t    metre_clock; ///< When a metre was told last
  unsigned   n_dense;     ///< How often in a row that was shortly after another
  VisitedBar visited[TRANSPORT_N_VISITED];
  VisitedBar last_visited; ///< What was remembered last
  bool       is_mixed;     ///< More than one metre was told
} Transport;

/// A transport that stands at bar 0 in 4/4
void
transport_init(Transport* transport, double rate_hz);

/**
   Take what the host says about the frame `clock`.

   After STARTED and JUMPED the line begins anew at the current bar, so ticks
   on the old line mean nothing any more.
*/
REALTIME TransportChange
transport_told(Transport* transport, int64_t clock, const Position* position);

/// Roll from bar 0 in 4/4, without a host
REALTIME void
transport_roll_free(Transport* transport, int64_t clock, double bpm);

/// The tempo to keep where nobody states one, in quarters per minute
REALTIME void
transport_set_default_bpm(Transport* transport, int64_t clock, double bpm);

/// Where on the line the music is at the beginning of a frame
REALTIME double
transport_tick_at(const Transport* transport, int64_t clock);

/// The first frame that does not begin before `tick`.  Only while rolling.
REALTIME int64_t
transport_clock_of(const Transport* transport, int64_t tick);

/**
   A tick from which on none is due before a frame: the clock of each is `clock`
   or later.  Ticks before it may be due or not.

   It takes no division, unlike transport_clock_of().  Only while rolling.
*/
REALTIME static inline double
transport_horizon(const Transport* const transport, const int64_t clock)
{
  // By a frame and a tick more than is needed: far more than rounding takes
  return transport->anchor_tick +
         (double)(clock - transport->anchor_clock + 1) *
           transport->ticks_per_frame +
         1.0;
}

/// The first tick that is not due before a frame: the inverse of clock_of
REALTIME int64_t
transport_first_tick(const Transport* transport, int64_t clock);

/// Line tick of the end of the current bar
REALTIME int64_t
transport_bar_end(const Transport* transport);

/// Go on to the next bar, in its own metre if that is known
REALTIME void
transport_next_bar(Transport* transport);

/// The metre of a bar that lies ahead, as far as one can know
REALTIME Metre
transport_metre_of(const Transport* transport, int32_t bar);

/// Be in the bar that is played at a frame, where nobody has followed the bars
REALTIME void
transport_catch_up(Transport* transport, int64_t clock);

#endif // PERPETUO_PLAY_TRANSPORT_H
