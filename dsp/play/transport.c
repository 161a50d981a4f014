// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "play/transport.h"

#include <string.h>

/// A 1/64 note: less than that is drift, more is a jump
static const double drift_ticks = TICKS_PER_QUARTER / 16.0;

/// Some hosts round positions to so many parts of a beat
static const double beat_parts = 1920.0;

/// What single precision takes from a beat, at most
static const double single_precision = 1.0 / 4194304.0;

/// By how much host and line may differ before the tempo is in question
static const double pace_ticks = 1.0;

/// Less than a position is off by that is rounded
static const double fine_ticks = 0.02;

/// How far a rounded position may fall behind the last one and be no jump
static const double back_ticks = 2.0;

/// A bar line or beat reported this early is meant to be that line or beat
static const double snap_ticks = 0.05;

/// Part of a frame by which a tick may come early and count as on the frame:
/// more than single precision takes from a beat, less than anyone can hear
static const double frame_slack = 1.0 / 16.0;

static const double missed_s = 0.01; ///< A missed onset is still played, s
static const double begun_s  = 0.1;  ///< A start may be told late by, s

/// So many metres in a row, each a block after the other, and more will follow
enum { DENSE = 3 };

/// A host's frames that are off by so many have been counted on, no more
static const double same_frames = 2.0;

static const double block_s = 0.25; ///< The longest block of any host, s

static const double min_bpm = 1.0;
static const double max_bpm = 1200.0;
static const double max_bar = 1e7;

/// Slower than that it stands: no frame could be named any more
static const double min_speed = 1e-6;

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

/// A field, if its value can be meant; no number is in any range
static unsigned
field_if(const unsigned field,
         const double   x,
         const double   low,
         const double   high)
{
  return field & (0U - (unsigned)((x >= low) & (x <= high)));
}

/// Leave out what cannot be meant
static Position
position_sane(const Position* const told)
{
  Position sane = *told;
  sane.fields &=
    field_if(POSITION_FRAME, told->frame, -9e15, 9e15) |
    field_if(POSITION_SPEED, told->speed, -1e3, 1e3) |
    field_if(POSITION_BAR, told->bar, -max_bar, max_bar) |
    field_if(POSITION_BAR_BEAT, told->bar_beat, -1e4, 1e4) |
    field_if(POSITION_BEATS_PER_BAR, told->beats_per_bar, 1.0 / 64.0, 1e3) |
    field_if(POSITION_BEAT_UNIT, told->beat_unit, 1.0, 32.0) |
    field_if(POSITION_BPM, told->bpm, 1e-3, 1e5);
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

/// Ticks in a frame at speed 1, if the host's bpm counts so much
static double
rate_with(const Transport* const self, const double bpm_factor)
{
  const double quarters =
    self->bpm > 0.0
      ? self->bpm * bpm_factor * self->beat_ticks / TICKS_PER_QUARTER
      : self->default_bpm;

  return clamp(quarters, min_bpm, max_bpm) * TICKS_PER_QUARTER /
         (60.0 * self->rate_hz);
}

/// Ticks in a frame at speed 1
static double
nominal_rate(Transport* const self)
{
  const double of[4] = {
    self->bpm, self->bpm_factor, self->beat_ticks, self->default_bpm};
  if (of[0] != self->rate_of[0] || of[1] != self->rate_of[1] ||
      of[2] != self->rate_of[2] || of[3] != self->rate_of[3]) {
    memcpy(self->rate_of, of, sizeof(of));
    self->rate = rate_with(self, self->bpm_factor);
  }
  return self->rate;
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
  memset(self, 0, sizeof(*self));
  self->stop_bar    = INT32_MIN;
  self->told_bar    = 2.0 * max_bar; // None
  self->rate_hz     = rate_hz > 1.0 && is_finite(rate_hz) ? rate_hz : 48000.0;
  self->default_bpm = 120.0;
  self->metre       = (Metre){4U, 4U};

  self->told_beats      = 4.0;
  self->told_unit       = 4.0;
  self->told_metre      = self->metre;
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

/// What is remembered of a bar, or null
static const VisitedBar*
visited(const Transport* const self, const int32_t bar)
{
  const VisitedBar* const row =
    &self->visited[(uint32_t)bar % TRANSPORT_N_VISITED];
  return row->metre.n_beats && row->bar == bar ? row : (const VisitedBar*)0;
}

/// Remember a bar's metre.  If it was another one the song is not what it was,
/// and nothing that we remember of it can be relied on.
static void
remember(Transport* const self, const int32_t bar, const Metre metre)
{
  if (self->last_visited.bar == bar &&
      metre_is_equal(self->last_visited.metre, metre)) {
    return; // As in most blocks: it is what was remembered last
  }

  const VisitedBar* const known = visited(self, bar);
  VisitedBar row = {bar, metre, known ? known->before : (Metre){0U, 0U}};
  if (known && !metre_is_equal(known->metre, metre)) {
    memset(self->visited, 0, sizeof(self->visited));
    row.before = (Metre){0U, 0U};
  }
  if (self->last_visited.metre.n_beats && self->last_visited.bar == bar - 1) {
    row.before = self->last_visited.metre;
  }

  self->visited[(uint32_t)bar % TRANSPORT_N_VISITED] = row;
  self->last_visited                                 = row;
  ++self->n_changes;
}

Metre
transport_metre_of(const Transport* const self, const int32_t bar)
{
  const VisitedBar* const known = visited(self, bar);
  return known && self->n_dense >= DENSE ? known->metre : self->metre;
}

void
transport_next_bar(Transport* const self)
{
  const int64_t end = transport_bar_end(self);
  const double  n_in =
    (double)(transport_clock_of(self, end) - self->metre_clock);

  // A memory of other bars before it is one of another song
  ++self->n_changes;
  self->bar_tick                = end;
  const VisitedBar* const known = visited(self, ++self->bar);
  if (n_in <= block_s * self->rate_hz && known &&
      metre_is_equal(known->before, self->metre)) {
    self->metre = transport_metre_of(self, self->bar);
  }
}

void
transport_catch_up(Transport* const self, const int64_t clock)
{
  const int64_t length = (int64_t)metre_bar_ticks(self->metre);
  const int64_t ahead  = transport_first_tick(self, clock) - self->bar_tick;
  if (self->is_rolling && ahead >= length) {
    self->bar += (int32_t)(ahead / length);
    self->bar_tick += ahead / length * length;
    ++self->n_changes;
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
         const double           expected,
         const double           rate)
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
    return self->frame_tick + (told->frame - self->frame) * rate;
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

  inside = inside < 0.0 ? 0.0 : inside;
  n_bars = floor_of(clamp(bar + (double)n_bars, -max_bar * 4.0, max_bar * 4.0));

  self->bar      = (int32_t)n_bars;
  self->bar_tick = 0;
  anchor(self, clock, inside);
  measure_from(self, clock, inside);
}

/// Whether it names a beat: such a place is hardly a rounded one
static bool
is_beat(const Position* const told)
{
  return (told->fields & POSITION_BAR_BEAT) &&
         told->bar_beat == (double)floor_of(told->bar_beat);
}

/// How far a position may be from the truth because it was rounded, ticks; less
/// than fine_ticks if it was not
static double
rounding_of(const Transport* const self, const Position* const told)
{
  if (!(told->fields & POSITION_BAR_BEAT)) {
    return 0.0;
  }

  const double beats     = size_of(told->bar_beat);
  const double parts     = beats * beat_parts;
  const double off       = size_of(parts - (double)floor_of(parts + 0.5));
  const double precision = (beats + 1.0) * single_precision;
  const bool   is_whole =
    off <= precision * beat_parts && (self->is_exact || !is_beat(told));
  const bool is_single = (double)(float)told->bar_beat == told->bar_beat;

  return self->beat_ticks *
         ((is_whole ? 0.5 / beat_parts : 0.0) + (is_single ? precision : 0.0));
}

/// How much faster the host goes than the tempo that it states, counted in
/// beats; 0 when that can not be said
static double
pace_of(const Transport* const self,
        const double           n_frames,
        const double           n_ticks)
{
  const double plain = rate_with(self, 1.0);
  return n_frames < 1.0 ? 0.0 : n_ticks / n_frames / plain;
}

/// The one of the usual factors that a pace is near to, or 0
static double
factor_near(const double pace, const double margin)
{
  for (unsigned i = 0U; i < N_FACTORS; ++i) {
    if (size_of(pace - factors[i]) <= margin * factors[i]) {
      return factors[i];
    }
  }
  return 0.0;
}

/**
   Learn how the host counts bpm, and how fast it really goes.

   Only over a stretch that is long beside the rounding of positions, and only
   if the last block went as the stretch did: a gap, or an edited map, is a leap
   within one block and says nothing of the tempo.
*/
static void
measure(Transport* const self, const int64_t clock, const double tick)
{
  const double n_frames = (double)(clock - self->base_clock) * self->speed;
  const double n_ticks  = tick - self->base_tick;
  const double n_last   = (double)(clock - self->told_clock) * self->speed;
  if (n_frames < 1.0 || n_ticks < 24.0) {
    return;
  }

  const double pace   = pace_of(self, n_frames, n_ticks);
  const double last   = pace_of(self, n_last, tick - self->told_tick);
  const double margin = n_ticks < 240.0 ? 0.08 : 0.02;
  const double shaky  = n_frames / n_last / n_ticks; // A tick, in this block
  if (size_of(last - pace) > (margin + shaky) * pace) {
    measure_from(self, clock, tick);
    return;
  }

  const double held   = self->bpm_factor;
  const double factor = self->bpm > 0.0 ? factor_near(pace, margin) : 0.0;
  if (factor > 0.0 && size_of(held - factor) > margin * factor) {
    self->bpm_factor = factor;
  } else if (n_ticks < 240.0) {
    return;
  } else if (self->bpm > 0.0) {
    self->bpm_factor = pace; // What is left is a stated tempo that is not exact
  } else {
    self->bpm = n_ticks / n_frames * 60.0 * self->rate_hz / self->beat_ticks;
  }
  measure_from(self, clock, tick);
}

/// Learn how the host counts bpm from one long block that went another way
static void
measure_block(Transport* const self, const int64_t clock, const double tick)
{
  const double n_frames = (double)(clock - self->told_clock) * self->speed;
  const double n_ticks  = tick - self->told_tick;
  const double factor   = factor_near(pace_of(self, n_frames, n_ticks), 0.02);

  if (self->bpm > 0.0 && factor > 0.0 && n_ticks >= 24.0 * factor) {
    self->bpm_factor = factor;
  }
}

/// A beat of another length: what the host counts with bpm is this beat, as it
/// should be, or what it counted before
static void
keep_pace(Transport* const self, const double bpm, const double beat_ticks)
{
  if (bpm <= 0.0 || self->beat_ticks == beat_ticks) {
    return;
  }

  const double ratio    = beat_ticks / self->beat_ticks;
  const double followed = bpm * ratio;
  const bool   is_same  = self->bpm == bpm;
  const bool   follows  = size_of(self->bpm - followed) <= 1e-3 * followed;
  const bool   is_fixed =
    size_of(self->bpm_factor - TICKS_PER_QUARTER / beat_ticks) < 1e-3 &&
    beat_ticks != TICKS_PER_QUARTER; // Quarters, where they were no beats

  if (!follows && (is_same || is_fixed)) {
    self->bpm_factor *= ratio;
  }
}

/// A tempo told again that we have measured meanwhile: it is counted in beats
static void
take_back_pace(Transport* const      self,
               const Position* const told,
               const double          bpm,
               const double          beat_ticks)
{
  const bool is_told = told->fields & POSITION_BPM;
  if (is_told && self->is_bpm_old && self->beat_ticks == beat_ticks &&
      self->bpm != bpm &&
      size_of(self->bpm - bpm * self->bpm_factor) <= 0.02 * self->bpm) {
    self->bpm_factor = 1.0;
  }
  self->is_bpm_old = !is_told;
}

/// Before anything can be measured: does frame x tempo agree with the bars, if
/// bpm counts quarters, or dotted beats?  Not where a song has two metres: then
/// bars of others before this one can look the same.
static void
guess_factor(Transport* const self, const Position* const told)
{
  const unsigned all = POSITION_FRAME | POSITION_BAR | POSITION_BAR_BEAT;
  if ((told->fields & all) != all || self->bpm <= 0.0 ||
      self->bpm_factor != 1.0 || self->metre.unit == 4U || self->is_mixed) {
    return;
  }

  const double there = told->frame * nominal_rate(self);
  const double ticks = told->bar * (double)metre_bar_ticks(self->metre) +
                       told->bar_beat * self->beat_ticks;

  const double counted[] = {1.0, (double)self->metre.unit / 4.0, 3.0};
  for (unsigned i = 0U; there > TICKS_PER_QUARTER && i < 3U; ++i) {
    if (size_of(ticks - there * counted[i]) < back_ticks + 1e-5 * ticks) {
      self->bpm_factor = counted[i];
      return;
    }
  }
}

/// Ticks past the last beat; a little before a beat is that beat
static double
past_beat(const double tick, const double beat)
{
  const double past =
    tick - (double)floor_of((tick + back_ticks) / beat) * beat;
  return past > 0.0 ? past : 0.0;
}

/// From where on to play after a start at `tick`, having stood at `stood`
static double
join_after_start(const Transport* const self,
                 const double           stood,
                 const double           tick)
{
  const double second = self->ticks_per_frame * self->rate_hz;

  // Where it stopped, nothing is heard twice
  const double stop = (double)self->stop_tick;
  if (self->bar == self->stop_bar && size_of(tick - stop) <= 1.0) {
    return stop;
  }

  // Some hosts tell of the start a block late: then a beat is long past
  if (stood <= tick && tick - stood <= begun_s * second &&
      past_beat(stood, self->beat_ticks) < back_ticks) {
    return stood;
  }
  return tick - missed_s * second;
}

/// From where on to play after a jump from a place `past` a beat to `tick`
static double
join_after_jump(const Transport* const self,
                const double           past,
                const double           tick)
{
  const double second = self->ticks_per_frame * self->rate_hz;
  const double here   = past_beat(tick, self->beat_ticks);

  // Some hosts pass the end of a loop by a piece of a block, and then begin it
  // that much after its first beat
  return here <= begun_s * second && size_of(here - past) < back_ticks
           ? tick - here
           : tick - missed_s * second;
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
    self->speed = told->speed < min_speed ? 0.0 : clamp(told->speed, 0.0, 16.0);
  }
  if (told->fields & POSITION_BEATS_PER_BAR) {
    self->beats_per_bar = told->beats_per_bar;
  }
  if ((told->fields & POSITION_BEAT_UNIT) &&
      told->beat_unit != self->beat_unit) {
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

/// Whether it says of a rolling host that it is where it was, at another frame:
/// the bar and beat are still those of before a locate.  Only where the next
/// position is sure to come.
static bool
is_stale(const Transport* const self,
         const Position* const  told,
         const double           n_run,
         const bool             is_leap)
{
  const unsigned all = POSITION_FRAME | POSITION_BAR | POSITION_BAR_BEAT;
  return self->is_rolling && is_leap && (told->fields & all) == all &&
         self->n_dense >= DENSE && n_run > 0.0 &&
         n_run <= block_s * self->rate_hz && told->bar == self->told_bar &&
         told->bar_beat == self->told_beat &&
         size_of(told->frame - self->frame) >= same_frames;
}

/// Where a position is in truth, which may have been rounded, when frames say
/// nothing else; all in ticks of the line
static double
unrounded(const Transport* const self,
          const Position* const  told,
          const double           tick,
          const double           expected,
          const double           rate,
          const bool             is_new_tempo,
          const bool             is_leap)
{
  const unsigned all = POSITION_FRAME | POSITION_BAR | POSITION_BAR_BEAT;
  if ((told->fields & all) != all || !self->is_known) {
    return tick;
  }

  // Some hosts know only the beat when they tell of a new tempo
  const double behind = expected - tick;
  if (self->is_rolling && is_new_tempo && !is_leap && behind > back_ticks &&
      behind < self->beat_ticks && is_beat(told)) {
    return expected;
  }

  const double counted = self->frame_tick + (told->frame - self->frame) * rate;
  return size_of(counted - tick) <= rounding_of(self, told) ? counted : tick;
}

/// Whether the host has jumped
static bool
has_jumped(const Transport* const self,
           const int64_t          clock,
           const double           expected,
           const double           tick,
           const double           rate,
           const bool             is_new_tempo)
{
  // A new tempo may have begun in the block before this one is told of it
  const double n_run  = (double)(clock - self->told_clock);
  const double change = rate * self->speed - self->ticks_per_frame;
  const double slack  = is_new_tempo && n_run <= block_s * self->rate_hz
                          ? size_of(change) * n_run
                          : 0.0;

  return size_of(tick - expected) > drift_ticks + slack ||
         tick < self->told_tick - back_ticks;
}

/// Follow a host that rolls on, no further than what rounding leaves open
static void
roll_on(Transport* const self,
        const int64_t    clock,
        const double     expected,
        const double     tick,
        const double     rounding,
        const bool       is_new_tempo)
{
  const double n_frames = (double)(clock - self->base_clock);
  const double off = tick - self->base_tick - n_frames * self->ticks_per_frame;

  if (is_new_tempo) {
    measure_from(self, clock, tick);
  } else if (size_of(off) > pace_ticks) {
    measure(self, clock, tick);
  }

  // Where we thought to be is as good as what is told, or worth nothing
  const bool is_near = size_of(tick - expected) <= 2.0 * rounding;
  anchor(self,
         clock,
         is_near ? clamp(expected, tick - rounding, tick + rounding) : tick);
  self->is_exact = rounding < fine_ticks || (self->is_exact && is_near);
}

/// Another metre, where it rolls on
static void
change_metre(Transport* const      self,
             const Position* const told,
             const Metre           metre,
             const double          tick,
             const int64_t         not_played)
{
  const double second = self->ticks_per_frame * self->rate_hz;

  if (told->fields & POSITION_BAR
        ? told->bar > (double)self->bar
        : tick >= (double)transport_bar_end(self) - back_ticks) {
    self->bar_tick = transport_bar_end(self);
    ++self->bar;
    set_join(self, (double)self->bar_tick);
  } else if (tick - (double)self->bar_tick <= begun_s * second) {
    set_join(self, (double)self->bar_tick); // Told late: the bar began in it
  } else {
    self->join_tick = not_played > self->bar_tick ? not_played : self->bar_tick;
  }
  self->metre = metre;
}

/// Whether it still speaks of the bar before ours, in which we are a little
/// early: then its metre is that bar's.  Only where the next position is sure
/// to come.
static bool
is_of_bar_before(const Transport* const self,
                 const Position* const  told,
                 const int64_t          clock)
{
  const double n_run = (double)(clock - self->metre_clock);
  return (told->fields & POSITION_BAR) && self->n_dense >= DENSE &&
         n_run <= block_s * self->rate_hz && told->bar < (double)self->bar;
}

/// Take down what may be asked of this position later
static void
note_down(Transport* const      self,
          const int64_t         clock,
          const Position* const told,
          const Metre           metre,
          const bool            was_rolling)
{
  const bool is_placed = told->fields & POSITION_BAR;

  self->told_clock = clock;
  self->told_bar   = is_placed ? told->bar : self->told_bar;
  self->told_beat =
    told->fields & POSITION_BAR_BEAT ? told->bar_beat : self->told_beat;

  if (is_placed && (told->fields & POSITION_BEATS_PER_BAR)) {
    const double n_run = (double)(clock - self->metre_clock);
    if (was_rolling) {
      const unsigned n = n_run > block_s * self->rate_hz ? 0U
                         : self->n_dense < DENSE         ? self->n_dense + 1U
                                                         : DENSE;
      self->n_changes += n != self->n_dense ? 1U : 0U;
      self->n_dense = n;
    }
    self->metre_clock = clock;
    remember(self, (int32_t)told->bar, metre);
  }
}

/// The metre that it states
static Metre
stated_metre(Transport* const self)
{
  if (self->told_beats != self->beats_per_bar ||
      self->told_unit != self->beat_unit) {
    self->told_beats = self->beats_per_bar;
    self->told_unit  = self->beat_unit;
    self->told_metre = metre_of(self->beats_per_bar, self->beat_unit);
  }
  return self->told_metre;
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
  const double   beat_ticks  = self->beat_ticks;
  const Metre    old_metre   = self->metre;
  const int32_t  old_bar     = self->bar;
  const double   expected    = transport_tick_at(self, clock);
  const int64_t  not_played  = transport_first_tick(self, clock);
  const double   old_inside  = expected - (double)self->bar_tick;
  const double   n_run       = (double)(clock - self->told_clock);
  const bool     is_leap =
    was_known && (told.fields & POSITION_FRAME) &&
    size_of(told.frame - self->frame - n_run * speed) >= same_frames;

  // What it says of time, and then of place
  take_tempo(self, &told);
  keep_pace(self, bpm, beat_ticks);
  take_back_pace(self, &told, bpm, beat_ticks);
  const Metre  metre    = stated_metre(self);
  const double rate     = nominal_rate(self);
  const bool   is_new   = bpm != self->bpm || speed != self->speed;
  const double rounding = rounding_of(self, &told);
  const double place    = place_of(self, &told, metre, expected, rate);
  const double tick =
    unrounded(self, &told, place, expected, rate, is_new, is_leap);
  const bool rolls =
    self->speed > 0.0 && !is_stale(self, &told, n_run, is_leap);

  TransportChange change = TRANSPORT_SAME;
  double          said   = tick; ///< On the line as it is after this
  self->is_mixed |= self->last_visited.metre.n_beats &&
                    !metre_is_equal(self->last_visited.metre, metre);
  if (!rolls || !was_rolling) {
    change = rolls         ? TRANSPORT_STARTED
             : was_rolling ? TRANSPORT_STOPPED
                           : TRANSPORT_MOVED;
  } else if (has_jumped(self, clock, expected, tick, rate, is_new)) {
    change = TRANSPORT_JUMPED;
    if ((told.fields & POSITION_FRAME) && !is_leap && !is_new) {
      measure_block(self, clock, tick); // Not the host leapt: we were too slow
    }
  } else {
    roll_on(self, clock, expected, tick, rounding, is_new);
  }

  self->is_known   = true;
  self->is_rolling = rolls;
  if (change == TRANSPORT_SAME) {
    if (!metre_is_equal(metre, self->metre) &&
        !is_of_bar_before(self, &told, clock)) {
      change = TRANSPORT_NEW_METRE;
      change_metre(self, &told, metre, tick, not_played);
    }
  } else {
    const bool   has_bar = told.fields & POSITION_BAR;
    const double bar     = has_bar ? told.bar : (double)self->bar;
    const double begin   = bar_begin(self, bar, metre);
    const double ahead   = (double)not_played - begin;

    self->metre = metre;
    guess_factor(self, &told);
    relocate(self, clock, bar, tick - begin);
    said           = self->anchor_tick;
    self->is_exact = rounding < fine_ticks || is_beat(&told) ||
                     (self->is_exact && tick != place);
    if (change == TRANSPORT_STOPPED) {
      self->stop_bar  = (double)self->bar == bar ? self->bar : INT32_MIN;
      self->stop_tick = floor_of(ahead);
    }
  }

  self->ticks_per_frame = nominal_rate(self) * self->speed;
  const double here     = self->anchor_tick;

  if (change == TRANSPORT_STARTED) {
    const double stood =
      was_known && self->bar == old_bar ? old_inside : here + 1.0;
    set_join(self, join_after_start(self, stood, here));
  } else if (change == TRANSPORT_JUMPED) {
    const double past = past_beat(old_inside, beat_ticks);
    set_join(self, join_after_jump(self, past, here));
  } else if (change == TRANSPORT_MOVED && was_known && self->bar == old_bar &&
             metre_is_equal(old_metre, metre)) {
    change = TRANSPORT_SAME;
  }

  take_frame(self, &told, n_run, here);
  self->told_tick = said;
  self->n_changes += change != TRANSPORT_SAME || rolls != was_rolling ? 1U : 0U;
  note_down(self, clock, &told, metre, was_rolling);
  return change;
}

void
transport_roll_free(Transport* const self,
                    const int64_t    clock,
                    const double     bpm)
{
  const double   rate_hz   = self->rate_hz;
  const uint32_t n_changes = self->n_changes;

  transport_init(self, rate_hz);
  self->n_changes       = n_changes + 1U;
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
