// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "play/transport.h"

/// A 1/64 note: less than that is drift, more is a jump
static const double drift_ticks = TICKS_PER_QUARTER / 16.0;

/// Hosts round positions to 1/1920 of a beat, which is up to a tick of ours
static const double rounding_ticks = 1.0;

/// How far a rounded position may fall behind the last one and be no jump
static const double back_ticks = 2.0;

/// A bar line or beat reported this early is meant to be that line or beat
static const double snap_ticks = 0.05;

/// Part of a frame by which a tick may come early and count as on the frame:
/// more than single precision takes from a beat, less than anyone can hear
static const double frame_slack = 1.0 / 16.0;

static const double missed_s = 0.01; ///< A missed onset is still played, s
static const double begun_s  = 0.1;  ///< A start may be told late by, s

static const double block_s = 0.25; ///< The longest block of any host, s

static const double min_bpm = 1.0;
static const double max_bpm = 1200.0;
static const double max_bar = 1e7;

/// Real tempo / stated tempo, for hosts that count quarters, or dotted beats
static const double factors[] = {1.0,
                                 0.5,
                                 2.0,
                                 1.5,
                                 2.0 / 3.0,
                                 3.0,
                                 1.0 / 3.0,
                                 4.0,
                                 0.25,
                                 0.75,
                                 4.0 / 3.0,
                                 8.0,
                                 0.125};

enum { N_FACTORS = sizeof(factors) / sizeof(factors[0]) };

static double
size_of(const double x)
{
  return x < 0.0 ? -x : x;
}

static double
clamp(const double x, const double low, const double high)
{
  return x < low ? low : x > high ? high : x;
}

/// The whole number at or below `x`; no libm
static int64_t
floor_of(const double x)
{
  const double  near = clamp(x, -9e15, 9e15);
  const int64_t i    = (int64_t)near;
  return near < (double)i ? i - 1 : i;
}

static bool
is_finite(const double x)
{
  return x - x == 0.0;
}

/// Leave out what cannot be meant
static Position
position_sane(const Position* const told)
{
  const struct {
    unsigned field;
    double   value;
    double   low;
    double   high;
  } rows[] = {
    {POSITION_FRAME, told->frame, -9e15, 9e15},
    {POSITION_SPEED, told->speed, -1e3, 1e3},
    {POSITION_BAR, told->bar, -max_bar, max_bar},
    {POSITION_BAR_BEAT, told->bar_beat, -1e4, 1e4},
    {POSITION_BEATS_PER_BAR, told->beats_per_bar, 1.0 / 64.0, 1e3},
    {POSITION_BEAT_UNIT, told->beat_unit, 1.0, 32.0},
    {POSITION_BPM, told->bpm, 1e-3, 1e5},
  };

  Position sane = *told;
  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    const double x = rows[i].value;
    if (!is_finite(x) || x < rows[i].low || x > rows[i].high) {
      sane.fields &= ~rows[i].field;
    }
  }
  if (sane.fields & POSITION_BAR) {
    sane.bar = (double)floor_of(sane.bar);
  }
  return sane;
}

/// The metre of so many beats of that unit; halves go to the next shorter unit
static Metre
metre_of(double n_beats, const double unit)
{
  uint8_t whole = 1U;
  while (whole < 32U && (double)whole * 2.0 <= unit) {
    whole = (uint8_t)(whole * 2U);
  }

  while (whole < 32U &&
         size_of(n_beats - (double)floor_of(n_beats + 0.5)) > 1e-3) {
    n_beats *= 2.0;
    whole = (uint8_t)(whole * 2U);
  }

  const Metre metre = {(uint8_t)floor_of(clamp(n_beats, 1.0, 64.0) + 0.5),
                       whole};
  return metre;
}

static bool
metre_is_equal(const Metre a, const Metre b)
{
  return a.n_beats == b.n_beats && a.unit == b.unit;
}

/// Ticks in a frame at speed 1
static double
nominal_rate(const Transport* const self)
{
  const double quarters =
    self->bpm > 0.0
      ? self->bpm * self->bpm_factor * self->beat_ticks / TICKS_PER_QUARTER
      : self->default_bpm;

  return clamp(quarters, min_bpm, max_bpm) * TICKS_PER_QUARTER /
         (60.0 * self->rate_hz);
}

static void
anchor(Transport* const self, const int64_t clock, const double tick)
{
  self->anchor_clock = clock;
  self->anchor_tick  = tick;
}

static void
measure_from(Transport* const self, const int64_t clock, const double tick)
{
  self->base_clock = clock;
  self->base_tick  = tick;
}

void
transport_init(Transport* const self, const double rate_hz)
{
  const Transport zero = {0};

  *self             = zero;
  self->rate_hz     = rate_hz > 1.0 && is_finite(rate_hz) ? rate_hz : 48000.0;
  self->default_bpm = 120.0;
  self->metre       = (Metre){4U, 4U};

  self->beats_per_bar   = 4.0;
  self->beat_unit       = 4.0;
  self->beat_ticks      = TICKS_PER_QUARTER;
  self->bpm_factor      = 1.0;
  self->ticks_per_frame = nominal_rate(self);
}

double
transport_tick_at(const Transport* const self, const int64_t clock)
{
  return self->is_rolling
           ? self->anchor_tick +
               (double)(clock - self->anchor_clock) * self->ticks_per_frame
           : self->anchor_tick;
}

int64_t
transport_clock_of(const Transport* const self, const int64_t tick)
{
  const double n_frames =
    ((double)tick - self->anchor_tick) / self->ticks_per_frame - frame_slack;

  return self->anchor_clock - floor_of(-n_frames);
}

int64_t
transport_first_tick(const Transport* const self, const int64_t clock)
{
  if (!self->is_rolling) {
    return -floor_of(-self->anchor_tick);
  }

  // The one after the last that was due in the frame before
  const double last = transport_tick_at(self, clock - 1);
  return floor_of(last + frame_slack * self->ticks_per_frame) + 1;
}

int64_t
transport_bar_end(const Transport* const self)
{
  return self->bar_tick + (int64_t)metre_bar_ticks(self->metre);
}

void
transport_next_bar(Transport* const self)
{
  self->bar_tick = transport_bar_end(self);
  ++self->bar;
}

void
transport_catch_up(Transport* const self, const int64_t clock)
{
  const int64_t length = (int64_t)metre_bar_ticks(self->metre);
  const int64_t ahead  = transport_first_tick(self, clock) - self->bar_tick;
  if (self->is_rolling && ahead >= length) {
    self->bar += (int32_t)(ahead / length);
    self->bar_tick += ahead / length * length;
  }
}

/// Line tick of the beginning of a bar, if bars from the next on are of `metre`
static double
bar_begin(const Transport* const self, const double bar, const Metre metre)
{
  const double n_bars = bar - (double)self->bar;
  const double later  = (double)metre_bar_ticks(metre);

  return n_bars < 1.0
           ? (double)self->bar_tick + n_bars * later
           : (double)transport_bar_end(self) + (n_bars - 1.0) * later;
}

/// Of the three bars around, put a beat without a bar where it is expected
static double
nearest_beat(const Transport* const self,
             const double           beat_tick,
             const double           expected)
{
  const double length = (double)metre_bar_ticks(self->metre);
  double       best   = (double)self->bar_tick + beat_tick;

  for (int i = -1; i <= 1; i += 2) {
    const double other = (double)self->bar_tick + i * length + beat_tick;
    if (size_of(other - expected) < size_of(best - expected)) {
      best = other;
    }
  }
  return best;
}

/// Where on the line a position is; `expected` when it does not say
static double
place_of(const Transport* const self,
         const Position* const  told,
         const Metre            metre,
         const double           expected)
{
  const double beat_tick = told->bar_beat * self->beat_ticks;

  if (told->fields & POSITION_BAR) {
    const double begin = bar_begin(self, told->bar, metre);
    if (told->fields & POSITION_BAR_BEAT) {
      return begin + beat_tick;
    }
    return told->bar == (double)self->bar ? expected : begin;
  }

  if (told->fields & POSITION_BAR_BEAT) {
    return nearest_beat(self, beat_tick, expected);
  }

  if (told->fields & POSITION_FRAME) {
    return self->frame_tick + (told->frame - self->frame) * nominal_rate(self);
  }

  return expected;
}

/// Begin a new line in the bar that `tick` of the old line lies in
static void
relocate(Transport* const self,
         const int64_t    clock,
         const double     bar,
         const double     tick)
{
  // In the bar that was named, or so many bars of this metre away from it
  const double length = (double)metre_bar_ticks(self->metre);
  int64_t      n_bars = floor_of((tick + snap_ticks) / length);
  double       inside = tick - (double)n_bars * length;

  inside = size_of(inside) < snap_ticks ? 0.0 : inside;
  n_bars = floor_of(clamp(bar + (double)n_bars, -max_bar * 4.0, max_bar * 4.0));

  self->bar      = (int32_t)n_bars;
  self->bar_tick = 0;
  anchor(self, clock, inside);
  measure_from(self, clock, inside);
}

/**
   Learn how the host counts bpm, and how fast it really goes.

   Only over a stretch that is long beside the rounding of positions.
   @return Whether the line was going at another pace than the host.
*/
static bool
measure(Transport* const self, const int64_t clock, const double tick)
{
  const double n_frames = (double)(clock - self->base_clock) * self->speed;
  const double n_ticks  = tick - self->base_tick;
  if (n_frames < 1.0 || n_ticks < 24.0) {
    return false;
  }

  const double found = n_ticks / n_frames;
  const double held  = self->bpm_factor;
  self->bpm_factor   = 1.0;
  const double plain = nominal_rate(self);
  self->bpm_factor   = held;

  const double margin = n_ticks < 240.0 ? 0.08 : 0.02;
  for (unsigned i = 0U; self->bpm > 0.0 && i < N_FACTORS; ++i) {
    if (size_of(found / plain - factors[i]) <= margin * factors[i]) {
      if (size_of(held - factors[i]) <= margin * factors[i]) {
        break; // Known; what is left is a stated tempo that is not exact
      }
      self->bpm_factor = factors[i];
      return true;
    }
  }

  if (n_ticks >= 240.0) {
    if (self->bpm <= 0.0) {
      self->bpm = found * 60.0 * self->rate_hz / self->beat_ticks;
    } else {
      self->bpm_factor = found / plain;
    }
    return true;
  }
  return false;
}

/// Before anything can be measured: does frame x tempo agree with the bars in
/// another unit than the metre's?
static void
guess_factor(Transport* const self, const Position* const told)
{
  const unsigned all = POSITION_FRAME | POSITION_BAR | POSITION_BAR_BEAT;
  if ((told->fields & all) != all || self->bpm <= 0.0 ||
      self->bpm_factor != 1.0 || self->metre.unit == 4U) {
    return;
  }

  const double there = told->frame * nominal_rate(self);
  const double ticks = told->bar * (double)metre_bar_ticks(self->metre) +
                       told->bar_beat * self->beat_ticks;

  for (unsigned i = 0U; there > TICKS_PER_QUARTER && i < N_FACTORS; ++i) {
    if (size_of(ticks - there * factors[i]) < back_ticks + 1e-5 * ticks) {
      self->bpm_factor = factors[i];
      return;
    }
  }
}

/// From where on to play after a start at `tick`, having stood at `stood`
static double
join_after_start(const Transport* const self,
                 const double           stood,
                 const double           tick)
{
  const double second = self->ticks_per_frame * self->rate_hz;
  const double beat   = self->beat_ticks;
  const double off    = stood - (double)floor_of(stood / beat + 0.5) * beat;

  // Some hosts tell of the start a block late: then a beat is long past
  if (stood <= tick && tick - stood <= begun_s * second &&
      size_of(off) < back_ticks) {
    return stood;
  }
  return tick - missed_s * second;
}

static void
set_join(Transport* const self, const double tick)
{
  // The first tick at or after it, and never before the bar
  const int64_t first = -floor_of(-(tick - snap_ticks));
  self->join_tick     = first > self->bar_tick ? first : self->bar_tick;
}

/// Fields that hold until they are told anew
static void
take_tempo(Transport* const self, const Position* const told)
{
  if (told->fields & POSITION_BPM) {
    self->bpm = told->bpm;
  }
  if (told->fields & POSITION_SPEED) {
    self->speed = clamp(told->speed, 0.0, 16.0);
  }
  if (told->fields & POSITION_BEATS_PER_BAR) {
    self->beats_per_bar = told->beats_per_bar;
  }
  if (told->fields & POSITION_BEAT_UNIT) {
    self->beat_unit  = told->beat_unit;
    self->beat_ticks = TICKS_PER_QUARTER * 4.0 / told->beat_unit;
  }
}

/// Remember where the host's frames are, for positions that have no bar
static void
take_frame(Transport* const      self,
           const Position* const told,
           const double          n_frames_run,
           const double          tick)
{
  if (told->fields & POSITION_FRAME) {
    self->frame = told->frame;
  } else {
    self->frame += n_frames_run * self->speed;
  }
  self->frame_tick = tick;
}

/// The host rolls on: follow it, or see that it has jumped
static TransportChange
roll_on(Transport* const self,
        const int64_t    clock,
        const double     expected,
        const double     tick,
        const bool       is_new_tempo)
{
  const double off = tick - expected;

  // A new tempo may have begun in the block before this one is told of it
  const double n_run = (double)(clock - self->told_clock);
  const double change =
    nominal_rate(self) * self->speed - self->ticks_per_frame;
  const double slack = is_new_tempo && n_run <= block_s * self->rate_hz
                         ? size_of(change) * n_run
                         : 0.0;

  if (size_of(off) > drift_ticks + slack ||
      tick < self->told_tick - back_ticks) {
    return TRANSPORT_JUMPED;
  }

  if (size_of(off) > rounding_ticks) {
    if (is_new_tempo || measure(self, clock, tick)) {
      measure_from(self, clock, tick);
    }
    anchor(self, clock, tick);
  } else if (is_new_tempo) {
    anchor(self, clock, expected);
    measure_from(self, clock, tick);
  }
  return TRANSPORT_SAME;
}

TransportChange
transport_told(Transport* const      self,
               const int64_t         clock,
               const Position* const position)
{
  const Position told        = position_sane(position);
  const bool     was_known   = self->is_known;
  const bool     was_rolling = self->is_rolling;
  const double   speed       = self->speed;
  const double   bpm         = self->bpm;
  const Metre    old_metre   = self->metre;
  const int32_t  old_bar     = self->bar;
  const double   expected    = transport_tick_at(self, clock);
  const int64_t  not_played  = transport_first_tick(self, clock);
  const double   old_inside  = expected - (double)self->bar_tick;
  const double   n_run       = (double)(clock - self->told_clock);

  // What it says of time, and then of place
  take_tempo(self, &told);
  const Metre  metre  = metre_of(self->beats_per_bar, self->beat_unit);
  const double tick   = place_of(self, &told, metre, expected);
  const bool   rolls  = self->speed > 0.0;
  const bool   is_new = bpm != self->bpm || speed != self->speed;

  self->is_known = true;

  TransportChange change = TRANSPORT_SAME;
  if (rolls && was_rolling) {
    change = roll_on(self, clock, expected, tick, is_new);
    if (change == TRANSPORT_JUMPED && (told.fields & POSITION_FRAME) &&
        size_of(told.frame - self->frame - n_run * speed) < 2.0 && !is_new) {
      (void)measure(self, clock, tick); // Not the host leapt: we were too slow
    }
  } else {
    change = rolls         ? TRANSPORT_STARTED
             : was_rolling ? TRANSPORT_STOPPED
                           : TRANSPORT_MOVED;
  }

  self->is_rolling = rolls;
  double here      = tick;
  if (change == TRANSPORT_SAME) {
    if (!metre_is_equal(metre, self->metre)) {
      change = TRANSPORT_NEW_METRE;
      if (told.fields & POSITION_BAR
            ? told.bar > (double)self->bar
            : tick >= (double)transport_bar_end(self) - back_ticks) {
        transport_next_bar(self);
        set_join(self, (double)self->bar_tick);
      } else {
        self->join_tick =
          not_played > self->bar_tick ? not_played : self->bar_tick;
      }
      self->metre = metre;
    }
  } else {
    const bool   has_bar = told.fields & POSITION_BAR;
    const double bar     = has_bar ? told.bar : (double)self->bar;
    const double begin   = bar_begin(self, bar, metre);

    self->metre = metre;
    guess_factor(self, &told);
    relocate(self, clock, bar, tick - begin);
    here = self->anchor_tick;
  }

  self->ticks_per_frame = nominal_rate(self) * self->speed;

  if (change == TRANSPORT_STARTED) {
    const double stood =
      was_known && self->bar == old_bar ? old_inside : here + 1.0;
    set_join(self, join_after_start(self, stood, here));
  } else if (change == TRANSPORT_JUMPED) {
    set_join(self, here - missed_s * self->ticks_per_frame * self->rate_hz);
  } else if (change == TRANSPORT_MOVED && was_known && self->bar == old_bar &&
             metre_is_equal(old_metre, metre)) {
    change = TRANSPORT_SAME;
  }

  take_frame(self, &told, n_run, here);
  self->told_clock = clock;
  self->told_tick  = here;
  return change;
}

void
transport_roll_free(Transport* const self,
                    const int64_t    clock,
                    const double     bpm)
{
  const double rate_hz = self->rate_hz;

  transport_init(self, rate_hz);
  self->default_bpm     = clamp(bpm, min_bpm, max_bpm);
  self->speed           = 1.0;
  self->is_rolling      = true;
  self->is_known        = true;
  self->ticks_per_frame = nominal_rate(self);
  self->told_clock      = clock;
  anchor(self, clock, 0.0);
  measure_from(self, clock, 0.0);
}

void
transport_set_default_bpm(Transport* const self,
                          const int64_t    clock,
                          const double     bpm)
{
  if (bpm == self->default_bpm) {
    return;
  }

  const double tick = transport_tick_at(self, clock);
  self->default_bpm = bpm;
  if (self->bpm <= 0.0) {
    anchor(self, clock, tick);
    measure_from(self, clock, tick);
    self->frame += (double)(clock - self->told_clock) *
                   (self->is_rolling ? self->speed : 0.0);
    self->frame_tick      = tick;
    self->told_clock      = clock;
    self->told_tick       = tick;
    self->ticks_per_frame = nominal_rate(self) * self->speed;
  }
}
