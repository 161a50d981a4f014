// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "play/transport.h"

#include "base/rng.h"

#define RATE_HZ 48000.0
#define BEAT ((int64_t)24000) ///< Frames, at 120 bpm
#define BAR ((int64_t)96000)  ///< Frames, of 4/4 at 120 bpm
#define PLACE (POSITION_BAR | POSITION_BAR_BEAT)
#define METRE (POSITION_BEATS_PER_BAR | POSITION_BEAT_UNIT)

static Transport transport;

static Position
position_of(const double bar, const double bar_beat, const double speed)
{
  Position position      = {0};
  position.fields        = PLACE | METRE | POSITION_SPEED | POSITION_BPM;
  position.bar           = bar;
  position.bar_beat      = bar_beat;
  position.speed         = speed;
  position.beats_per_bar = 4.0;
  position.beat_unit     = 4.0;
  position.bpm           = 120.0;
  return position;
}

static TransportChange
tell(const int64_t clock,
     const double  bar,
     const double  bar_beat,
     const double  speed)
{
  const Position position = position_of(bar, bar_beat, speed);
  return transport_told(&transport, clock, &position);
}

/// Only some fields of it
static TransportChange
tell_some(const int64_t clock, const unsigned fields, const Position position)
{
  Position some = position;
  some.fields   = fields;
  return transport_told(&transport, clock, &some);
}

/// Roll from there at clock 0
static void
start(const double bar, const double bar_beat)
{
  transport_init(&transport, RATE_HZ);
  (void)tell(0, bar, bar_beat, 0.0);
  CHECK(tell(0, bar, bar_beat, 1.0) == TRANSPORT_STARTED);
}

/// Ticks since the bar line
static double
inside(const int64_t clock)
{
  return transport_tick_at(&transport, clock) - (double)transport.bar_tick;
}

/// Go on over the bar lines up to a frame, as whoever plays does
static void
go_on(const int64_t clock)
{
  while (transport_clock_of(&transport, transport_bar_end(&transport)) <
         clock) {
    transport_next_bar(&transport);
  }
}

static void
test_starts_standing(void)
{
  const double strange[] = {0.0, -1.0, NAN, INFINITY, -INFINITY};
  for (unsigned i = 0U; i < 5U; ++i) {
    transport_init(&transport, strange[i]);
    NEAR(transport.rate_hz, 48000.0, 0.0);
  }

  transport_init(&transport, 44100.0);
  NEAR(transport.rate_hz, 44100.0, 0.0);
  CHECK(!transport.is_rolling && !transport.is_known && transport.bar == 0);
  CHECK(transport.metre.n_beats == 4U && transport.metre.unit == 4U);
  NEAR(transport_tick_at(&transport, 0), 0.0, 0.0);
  NEAR(transport_tick_at(&transport, 1000000), 0.0, 0.0);
  CHECK(transport_bar_end(&transport) == 3840);
}

static void
test_rolls_from_a_whole_position(void)
{
  transport_init(&transport, RATE_HZ);
  CHECK(tell(1000, 2.0, 1.0, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.is_rolling && transport.is_known && transport.bar == 2);
  NEAR(transport_tick_at(&transport, 1000), 960.0, 1e-6);
  NEAR(transport_tick_at(&transport, 1000 + BEAT), 1920.0, 1e-6);
  CHECK(transport_clock_of(&transport, 960) == 1000);
  CHECK(transport_clock_of(&transport, 3840) == 1000 + 3 * BEAT);
  CHECK(transport_bar_end(&transport) == 3840);

  transport_next_bar(&transport);
  CHECK(transport.bar == 3 && transport.bar_tick == 3840);
  CHECK(transport_bar_end(&transport) == 7680);
  CHECK(tell(1000 + 4 * BEAT, 3.0, 1.0, 1.0) == TRANSPORT_SAME);
}

static void
test_nothing_told_changes_nothing(void)
{
  transport_init(&transport, RATE_HZ);
  (void)tell_some(0, 0U, position_of(5.0, 1.0, 1.0));
  CHECK(!transport.is_rolling && transport.bar == 0);
  CHECK(tell_some(64, 0U, position_of(5.0, 1.0, 1.0)) == TRANSPORT_SAME);

  // The first word counts, also when it says what we took for granted
  transport_init(&transport, RATE_HZ);
  CHECK(tell(0, 0.0, 0.0, 0.0) == TRANSPORT_MOVED);
  CHECK(tell(64, 0.0, 0.0, 0.0) == TRANSPORT_SAME);

  start(3.0, 0.0);
  const double there = transport_tick_at(&transport, 999);
  CHECK(tell_some(999, 0U, position_of(5.0, 1.0, 0.0)) == TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, 999), there, 0.0);
  CHECK(transport.is_rolling && transport.bar == 3);
}

static void
test_nonsense_is_left_out(void)
{
  const double nonsense[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300};
  for (unsigned i = 0U; i < 5U; ++i) {
    const double   x   = nonsense[i];
    const Position all = {0x7FU, x, x, x, x, x, x, x};

    transport_init(&transport, RATE_HZ);
    (void)transport_told(&transport, 0, &all);
    CHECK(!transport.is_rolling && transport.bar == 0);
    CHECK(transport.metre.n_beats == 4U && transport.metre.unit == 4U);

    start(3.0, 0.0);
    CHECK(transport_told(&transport, 999, &all) == TRANSPORT_SAME);
    NEAR(transport_tick_at(&transport, 999), 39.96, 1e-9);
    NEAR(transport_tick_at(&transport, 999 + BEAT), 999.96, 1e-9);
    CHECK(transport.metre.n_beats == 4U && transport.bar == 3);
  }

  // What cannot be meant, one by one
  const struct {
    unsigned field;
    double   value;
  } rows[] = {{POSITION_BPM, 0.0},
              {POSITION_BPM, -120.0},
              {POSITION_BEAT_UNIT, 0.0},
              {POSITION_BEAT_UNIT, -4.0},
              {POSITION_BEAT_UNIT, 64.0},
              {POSITION_BEATS_PER_BAR, 0.0},
              {POSITION_BEATS_PER_BAR, -3.0}};
  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    const double   x   = rows[i].value;
    const Position one = {rows[i].field, x, x, x, x, x, x, x};
    start(3.0, 0.0);
    CHECK(transport_told(&transport, 0, &one) == TRANSPORT_SAME);
    NEAR(transport_tick_at(&transport, BEAT), 960.0, 1e-9);
    CHECK(transport.metre.n_beats == 4U && transport.metre.unit == 4U);
  }
}

static void
test_a_field_holds_until_told_anew(void)
{
  Position position      = position_of(0.0, 0.0, 0.0);
  position.beats_per_bar = 3.0;
  position.bpm           = 60.0;
  transport_init(&transport, RATE_HZ);
  (void)transport_told(&transport, 0, &position);
  CHECK(tell_some(0, POSITION_SPEED, position_of(0.0, 0.0, 1.0)) ==
        TRANSPORT_STARTED);
  CHECK(transport_bar_end(&transport) == 2880);
  NEAR(transport_tick_at(&transport, BEAT), 480.0, 1e-9);

  // A new tempo, and nothing of where: on from here
  CHECK(tell_some(BEAT, POSITION_BPM, position_of(0.0, 0.0, 1.0)) ==
        TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, BEAT), 480.0, 1e-9);
  NEAR(transport_tick_at(&transport, 2 * BEAT), 1440.0, 1e-9);
}

static void
test_bar_without_beat(void)
{
  const unsigned bar_only = POSITION_BAR | POSITION_SPEED;
  start(3.0, 0.0);
  CHECK(tell_some(BEAT, bar_only, position_of(3.0, 9.0, 1.0)) ==
        TRANSPORT_SAME);
  NEAR(inside(BEAT), 960.0, 1e-6);

  // A little before the next line, that line is meant
  CHECK(tell_some(BAR - 1000, bar_only, position_of(4.0, 9.0, 1.0)) ==
        TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, BAR - 1000), 3840.0, 1e-6);

  CHECK(tell_some(BAR, bar_only, position_of(9.0, 9.0, 1.0)) ==
        TRANSPORT_JUMPED);
  CHECK(transport.bar == 9);
  NEAR(inside(BAR), 0.0, 1e-6);
}

static void
test_beat_without_bar(void)
{
  const unsigned beat_only = POSITION_BAR_BEAT | POSITION_SPEED;
  start(3.0, 0.0);
  CHECK(tell_some(BEAT, beat_only, position_of(9.0, 1.01, 1.0)) ==
        TRANSPORT_SAME);
  NEAR(inside(BEAT), 969.6, 1e-6);

  // Just before the line, and just after it: the nearest bar is meant
  start(3.0, 0.0);
  CHECK(tell_some(BAR - 100, beat_only, position_of(9.0, 0.01, 1.0)) ==
        TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, BAR - 100), 3849.6, 1e-6);
  CHECK(transport.bar == 3);

  start(3.0, 0.0);
  go_on(BAR + 100);
  CHECK(transport.bar == 4);
  CHECK(tell_some(BAR + 100, beat_only, position_of(9.0, 3.99, 1.0)) ==
        TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, BAR + 100), 3830.4, 1e-6);

  CHECK(tell_some(BAR + BEAT, beat_only, position_of(9.0, 2.5, 1.0)) ==
        TRANSPORT_JUMPED);
  CHECK(transport.bar == 4);
  NEAR(inside(BAR + BEAT), 2400.0, 1e-6);
}

static void
test_frame_only(void)
{
  const unsigned fields   = POSITION_FRAME | POSITION_SPEED;
  Position       position = position_of(0.0, 0.0, 1.0);
  transport_init(&transport, RATE_HZ);

  // Bar 0 is at frame 0 until somebody says otherwise
  position.frame = 2.0 * BAR + BEAT;
  CHECK(tell_some(50, fields, position) == TRANSPORT_STARTED);
  CHECK(transport.bar == 2);
  NEAR(inside(50), 960.0, 1e-6);

  position.frame += 512.0;
  CHECK(tell_some(562, fields, position) == TRANSPORT_SAME);
  position.frame += 512.0 + BAR;
  CHECK(tell_some(1074, fields, position) == TRANSPORT_JUMPED);
  CHECK(transport.bar == 3);
  NEAR(inside(1074), 960.0 + 1024.0 * 0.04, 1e-6);

  position.frame = -1000.0;
  CHECK(tell_some(2000, fields, position) == TRANSPORT_JUMPED);
  CHECK(transport.bar == -1);
  NEAR(inside(2000), 3800.0, 1e-6);

  // Bar 10 at frame 5000
  position       = position_of(10.0, 0.0, 0.0);
  position.frame = 5000.0;
  CHECK(tell_some(3000, fields | PLACE, position) == TRANSPORT_STOPPED);
  position.frame = 5000.0 + BAR;
  CHECK(tell_some(9000, fields, position) == TRANSPORT_MOVED);
  CHECK(transport.bar == 11);
  NEAR(inside(9000), 0.0, 1e-6);
}

static void
test_frames_are_counted_where_none_are_told(void)
{
  Position position = position_of(0.0, 0.0, 1.0);
  position.frame    = 7000.0;
  start(0.0, 0.0);
  CHECK(tell_some(0, POSITION_FRAME | PLACE, position) == TRANSPORT_SAME);
  CHECK(tell(BEAT, 0.0, 1.0, 1.0) == TRANSPORT_SAME);
  position.frame = 7000.0 + 2.0 * BEAT;
  CHECK(tell_some(2 * BEAT, POSITION_FRAME, position) == TRANSPORT_SAME);
  NEAR(inside(2 * BEAT), 1920.0, 1e-6);

  // They stand still with the music, even if the host says it goes back
  CHECK(tell(2 * BEAT, 0.0, 2.0, -1.0) == TRANSPORT_STOPPED);
  CHECK(tell(3 * BEAT, 0.0, 2.0, -1.0) == TRANSPORT_SAME);
  transport_init(&transport, RATE_HZ);
  position.frame = 7000.0;
  position.speed = -1.0;
  (void)tell_some(0, POSITION_FRAME | POSITION_SPEED, position);
  (void)tell_some(BEAT, POSITION_SPEED, position);
  transport_set_default_bpm(&transport, 2 * BEAT, 60.0);
  (void)tell_some(3 * BEAT, POSITION_FRAME, position);
  NEAR(inside(3 * BEAT), 280.0, 1e-6);
}

static void
test_drift_is_corrected(void)
{
  const double offs[] = {-59.0, -20.0, -5.0, 5.0, 20.0, 59.0};
  for (unsigned i = 0U; i < 6U; ++i) {
    start(3.0, 0.0);
    CHECK(tell(BEAT, 3.0, 1.0 + offs[i] / 960.0, 1.0) == TRANSPORT_SAME);
    NEAR(transport_tick_at(&transport, BEAT), 960.0 + offs[i], 1e-6);
    CHECK(transport.bar == 3 && transport.bar_tick == 0);
  }

  // What rounding may have done is not even drift; a little more is corrected
  // by that little
  start(3.0, 0.5);
  transport.anchor_tick = 480.24;
  CHECK(tell(BEAT, 3.0, 1.5, 1.0) == TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, BEAT), 1440.24, 1e-6);
  transport.anchor_tick = 1440.1;
  CHECK(tell(2 * BEAT, 3.0, 2.5 + 1.0 / 1920.0, 1.0) == TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, 2 * BEAT), 2400.25, 0.001);

  // A beat is a place of its own, once
  CHECK(!transport.is_exact);
  CHECK(tell(5 * BEAT / 2, 3.0, 3.0, 1.0) == TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, 5 * BEAT / 2), 2880.0, 0.001);
  CHECK(transport.is_exact);
}

static void
test_more_than_drift_is_a_jump(void)
{
  const double offs[] = {-500.0, -61.0, 61.0, 500.0, 2870.0, 4000.0};
  for (unsigned i = 0U; i < 6U; ++i) {
    start(3.0, 0.0);
    CHECK(tell(BEAT, 3.0, 1.0 + offs[i] / 960.0, 1.0) == TRANSPORT_JUMPED);
    CHECK(transport.bar == (offs[i] > 2880.0 ? 4 : 3));
    NEAR(
      inside(BEAT), 960.0 + offs[i] - (offs[i] > 2880.0 ? 3840.0 : 0.0), 1e-6);
  }
}

static void
test_a_step_back_is_a_jump(void)
{
  start(3.0, 1.0);
  CHECK(tell(100, 3.0, 1.0, 1.0) == TRANSPORT_SAME);
  CHECK(tell(200, 3.0, 1.0 - 1.5 / 960.0, 1.0) == TRANSPORT_SAME);

  start(3.0, 1.0);
  CHECK(tell(100, 3.0, 1.0 - 2.5 / 960.0, 1.0) == TRANSPORT_JUMPED);

  // A loop of one beat
  start(3.0, 1.0);
  CHECK(tell(BEAT - 100, 3.0, 2.0 - 100.0 / BEAT, 1.0) == TRANSPORT_SAME);
  CHECK(tell(BEAT, 3.0, 1.0, 1.0) == TRANSPORT_JUMPED);
  CHECK(transport.bar == 3 && transport.join_tick <= 960);
}

/// A host that rolls from bar 0 at a tempo, and rounds what it says
typedef struct {
  double quarters_bpm;
  double stated_bpm;
  double beats_per_bar;
  double beat_unit;
  double steps; ///< Of a beat; 0 is not rounded
} Host;

static double
host_beats(const Host* const host, const int64_t clock)
{
  return (double)clock * host->quarters_bpm * host->beat_unit /
         (4.0 * 60.0 * RATE_HZ);
}

static TransportChange
host_tell(const Host* const host, const int64_t clock, const unsigned fields)
{
  double beats = host_beats(host, clock);
  if (host->steps > 0.0) {
    beats = floor(beats * host->steps + 0.5) / host->steps;
  }

  Position position;
  position.fields        = fields;
  position.frame         = (double)clock;
  position.speed         = 1.0;
  position.bar           = floor(beats / host->beats_per_bar);
  position.bar_beat      = beats - position.bar * host->beats_per_bar;
  position.beats_per_bar = host->beats_per_bar;
  position.beat_unit     = host->beat_unit;
  position.bpm           = host->stated_bpm;
  return transport_told(&transport, clock, &position);
}

static void
test_rounding_is_never_heard(void)
{
  const Host    host     = {128.0, 128.0, 4.0, 4.0, 1920.0};
  const int64_t blocks[] = {64, 256, 1024, 93};
  for (unsigned i = 0U; i < 4U; ++i) {
    int64_t clock = 0;
    int64_t first = 0;
    transport_init(&transport, RATE_HZ);
    CHECK(host_tell(&host, 0, 0x7FU) == TRANSPORT_STARTED);
    for (int n = 0; n < 4000; ++n) {
      clock += blocks[i];
      go_on(clock);
      CHECK(host_tell(&host, clock, 0x7FU) == TRANSPORT_SAME);
      const double ticks = host_beats(&host, clock) * 960.0;
      const double here  = inside(clock) + transport.bar * 3840.0;
      NEAR(here, ticks, 1.1);

      const int64_t line = transport_first_tick(&transport, clock);
      CHECK(line > first && line <= first + blocks[i]);
      first = line;
    }
  }
}

static void
test_learns_the_unit_of_bpm(void)
{
  const Host hosts[] = {
    {120.0, 120.0, 4.0, 4.0, 0.0}, // As it should be
    {120.0, 80.0, 6.0, 8.0, 0.0},  // Dotted quarters
    {120.0, 120.0, 6.0, 8.0, 0.0}, // Quarters
    {120.0, 240.0, 6.0, 8.0, 0.0}, // Eighths
    {90.0, 60.0, 12.0, 8.0, 1920.0},
    {140.0, 140.0, 7.0, 8.0, 1920.0},
    {120.0, 120.0, 2.0, 2.0, 1920.0}, // Quarters, where halves are told
    {100.0, 113.0, 4.0, 4.0, 1920.0}, // Plainly wrong
  };

  for (unsigned i = 0U; i < sizeof(hosts) / sizeof(hosts[0]); ++i) {
    const Host* const host = &hosts[i];
    transport_init(&transport, RATE_HZ);
    CHECK(host_tell(host, 0, 0x7FU) == TRANSPORT_STARTED);
    for (int64_t clock = 256; clock < 6 * BAR; clock += 256) {
      go_on(clock);
      CHECK(host_tell(host, clock, 0x7FU) == TRANSPORT_SAME);
    }

    // Then it is left alone for four bars
    const int64_t from  = 6 * BAR;
    const double  ticks = transport_tick_at(&transport, from + 4 * BAR) -
                         transport_tick_at(&transport, from);
    NEAR(ticks / (4.0 * BAR),
         host->quarters_bpm * 960.0 / (60.0 * RATE_HZ),
         0.0003);
  }
}

static void
test_long_blocks_find_the_tempo_too(void)
{
  const Host host    = {120.0, 80.0, 6.0, 8.0, 0.0};
  unsigned   n_jumps = 0U;
  transport_init(&transport, RATE_HZ);
  CHECK(host_tell(&host, 0, 0x7FU) == TRANSPORT_STARTED);
  for (int64_t clock = 8192; clock < 10 * BAR; clock += 8192) {
    go_on(clock);
    n_jumps += host_tell(&host, clock, 0x7FU) == TRANSPORT_SAME ? 0U : 1U;
  }
  CHECK(n_jumps <= 1U);
  NEAR(transport.ticks_per_frame, 0.04, 1e-4);
}

static void
test_guesses_the_unit_before_it_rolls(void)
{
  const Host host = {120.0, 80.0, 6.0, 8.0, 0.0};
  transport_init(&transport, RATE_HZ);
  CHECK(host_tell(&host, 7 * BAR, 0x7FU) == TRANSPORT_STARTED);
  NEAR(transport.ticks_per_frame, 0.04, 1e-6);
}

/// Nine bars of another metre, then a bar of this one, all at 120 quarters
static Position
after_nine(const double quarters,
           const double n_beats,
           const double unit,
           const double speed)
{
  Position position      = position_of(9.0, 0.0, speed);
  position.fields        = 0x7FU;
  position.frame         = 9.0 * quarters * (double)BEAT;
  position.beats_per_bar = n_beats;
  position.beat_unit     = unit;
  position.bpm           = 30.0 * unit;
  return position;
}

static void
test_bars_of_other_metres_say_nothing_of_the_unit(void)
{
  const struct {
    double quarters; ///< Of each bar before
    double n_beats;
    double unit;
  } rows[] = {
    {4.0, 12.0, 8.0}, {4.0, 6.0, 8.0}, {3.0, 12.0, 8.0}, {2.0, 3.0, 2.0}};
  for (unsigned i = 0U; i < 4U; ++i) {
    Position before      = position_of(0.0, 0.0, 0.0);
    before.fields        = 0x7FU;
    before.beats_per_bar = rows[i].quarters;
    transport_init(&transport, RATE_HZ);
    (void)transport_told(&transport, 0, &before);

    // Located to while standing, told twice, and started
    for (unsigned n = 0U; n < 3U; ++n) {
      const Position there = after_nine(
        rows[i].quarters, rows[i].n_beats, rows[i].unit, n == 2U ? 1.0 : 0.0);
      (void)transport_told(&transport, 256 * (int64_t)n, &there);
    }
    CHECK(transport.is_rolling);
    NEAR(transport.ticks_per_frame, 0.04, 1e-9);
  }

  // Nobody counts beats and a half, nor three quarters of them
  for (unsigned i = 0U; i < 2U; ++i) {
    const Position there =
      after_nine(rows[i].quarters, rows[i].n_beats, rows[i].unit, 1.0);
    transport_init(&transport, RATE_HZ);
    (void)transport_told(&transport, 0, &there);
    NEAR(transport.ticks_per_frame, 0.04, 1e-9);
  }
}

static void
test_measures_where_no_tempo_is_told(void)
{
  const Host     host   = {140.0, 1.0, 4.0, 4.0, 1920.0};
  const unsigned fields = 0x7FU & ~(unsigned)POSITION_BPM;
  transport_init(&transport, RATE_HZ);
  CHECK(host_tell(&host, 0, fields) == TRANSPORT_STARTED);
  for (int64_t clock = 256; clock < 4 * BAR; clock += 256) {
    go_on(clock);
    CHECK(host_tell(&host, clock, fields) == TRANSPORT_SAME);
  }
  NEAR(transport.ticks_per_frame, 140.0 * 960.0 / (60.0 * RATE_HZ), 0.0004);
}

/// The tempo goes from 120 to 180 while none is told, and then is told
static void
test_a_tempo_that_was_measured_is_told_again(void)
{
  double ticks = 0.0;
  transport_init(&transport, RATE_HZ);
  for (int64_t clock = 0; clock < 300 * 256; clock += 256) {
    const int64_t i        = clock / 256;
    Position      position = position_of(floor(ticks / 3840.0), 0.0, 1.0);
    position.bar_beat      = ticks / 960.0 - 4.0 * position.bar;
    position.bpm           = i < 200 ? 120.0 : 180.0;
    go_on(clock);
    (void)tell_some(clock,
                    i < 50 || i >= 200 ? position.fields
                                       : PLACE | METRE | POSITION_SPEED,
                    position);
    ticks += 256.0 * (i < 100 ? 0.04 : 0.06);
    if (i >= 110) {
      NEAR(transport.ticks_per_frame, 0.06, 1e-4);
    }
  }
  NEAR(transport.bpm_factor, 1.0, 1e-9);
}

static void
test_follows_a_tempo_ramp(void)
{
  double  beats = 0.0;
  int64_t clock = 0;
  transport_init(&transport, RATE_HZ);
  CHECK(tell(0, 0.0, 0.0, 1.0) == TRANSPORT_STARTED);
  for (int n = 1; n < 2000; ++n) {
    Position position = position_of(0.0, 0.0, 1.0);
    beats += (60.0 + 0.06 * (n - 1)) * 256.0 / (60.0 * RATE_HZ);
    clock += 256;
    go_on(clock);
    position.bpm                 = 60.0 + 0.06 * n;
    position.bar                 = floor(beats / 4.0);
    position.bar_beat            = beats - 4.0 * position.bar;
    const TransportChange change = transport_told(&transport, clock, &position);
    CHECK(change == TRANSPORT_SAME || n == 1);
    NEAR(inside(clock) + transport.bar * 3840.0,
         beats * 960.0,
         n == 1 ? 6.0 : 1.1);
  }
}

static void
test_a_new_tempo_is_not_measured_by_the_old(void)
{
  Position position = position_of(0.0, 0.0, 1.0);
  position.bpm      = 60.0;
  transport_init(&transport, RATE_HZ);
  CHECK(transport_told(&transport, 0, &position) == TRANSPORT_STARTED);

  // From 60 to 120, a little before the block that tells of it
  CHECK(tell(2 * BEAT, 0.0, 1.01, 1.0) == TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, 2 * BEAT), 969.6, 1e-6);
  NEAR(transport_tick_at(&transport, 3 * BEAT), 1929.6, 1e-6);
  CHECK(tell(3 * BEAT, 0.0, 2.01, 1.0) == TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, 4 * BEAT), 2889.6, 1e-6);
}

static void
test_a_new_tempo_is_told_after_it_began(void)
{
  // A block of 8192 frames that went at 240 from its beginning
  Position position = position_of(0.0, 0.0, 1.0);
  position.bpm      = 60.0;
  transport_init(&transport, RATE_HZ);
  CHECK(transport_told(&transport, 0, &position) == TRANSPORT_STARTED);
  position.bpm      = 240.0;
  position.bar_beat = 8192.0 * 4.0 / 48000.0;
  CHECK(transport_told(&transport, 8192, &position) == TRANSPORT_SAME);
  NEAR(transport_tick_at(&transport, 8192), 960.0 * position.bar_beat, 1e-6);

  // But no step of another kind
  position.bpm = 241.0;
  position.bar_beat += 8192.0 * 4.0 / 48000.0 + 0.1;
  CHECK(transport_told(&transport, 2 * 8192, &position) == TRANSPORT_JUMPED);
}

static void
test_catches_up_where_nobody_followed(void)
{
  start(-2.0, 1.0);
  transport_catch_up(&transport, 3 * BEAT - 30);
  CHECK(transport.bar == -2 && transport.bar_tick == 0);
  transport_catch_up(&transport, 3 * BEAT);
  CHECK(transport.bar == -1 && transport.bar_tick == 3840);
  transport_catch_up(&transport, 3 * BEAT + 5 * BAR + BEAT);
  CHECK(transport.bar == 4 && transport.bar_tick == 6 * 3840);
  CHECK(tell(3 * BEAT + 5 * BAR + BEAT, 4.0, 1.0, 1.0) == TRANSPORT_SAME);

  transport_init(&transport, RATE_HZ);
  (void)tell(0, 3.0, 1.0, 0.0);
  transport_catch_up(&transport, 9 * BAR);
  CHECK(transport.bar == 3);
}

static void
test_metres(void)
{
  const struct {
    double   beats_per_bar;
    double   beat_unit;
    Metre    metre;
    unsigned bar_ticks;
  } rows[] = {{2.0, 4.0, {2U, 4U}, 1920U},
              {3.0, 4.0, {3U, 4U}, 2880U},
              {5.0, 4.0, {5U, 4U}, 4800U},
              {6.0, 8.0, {6U, 8U}, 2880U},
              {7.0, 8.0, {7U, 8U}, 3360U},
              {12.0, 8.0, {12U, 8U}, 5760U},
              {2.0, 2.0, {2U, 2U}, 3840U},
              {3.5, 4.0, {7U, 8U}, 3360U},
              {1.25, 4.0, {5U, 16U}, 1200U},
              {5.0, 16.0, {5U, 16U}, 1200U},
              {4.0, 5.0, {4U, 4U}, 3840U},
              {1.0, 1.0, {1U, 1U}, 3840U}};

  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Position position      = position_of(-2.0, 0.5, 1.0);
    position.beats_per_bar = rows[i].beats_per_bar;
    position.beat_unit     = rows[i].beat_unit;
    transport_init(&transport, RATE_HZ);
    CHECK(transport_told(&transport, 0, &position) == TRANSPORT_STARTED);
    CHECK(transport.metre.n_beats == rows[i].metre.n_beats);
    CHECK(transport.metre.unit == rows[i].metre.unit);
    CHECK(transport_bar_end(&transport) == (int64_t)rows[i].bar_ticks);
    CHECK(transport.bar == -2);
    NEAR(inside(0), 0.5 * 3840.0 / rows[i].beat_unit, 1e-6);
  }
}

static void
test_a_new_metre_at_the_line(void)
{
  // Told on the line's own frame, before anybody went on
  Position jig      = position_of(4.0, 0.0, 1.0);
  jig.beats_per_bar = 6.0;
  jig.beat_unit     = 8.0;
  jig.bpm           = 240.0;
  start(3.0, 0.0);
  CHECK(transport_told(&transport, BAR, &jig) == TRANSPORT_NEW_METRE);
  CHECK(transport.bar == 4 && transport.bar_tick == 3840);
  CHECK(transport.join_tick == 3840);
  CHECK(transport_bar_end(&transport) == 3840 + 2880);
  NEAR(transport_tick_at(&transport, BAR), 3840.0, 1e-6);

  // Without a word of where
  start(3.0, 0.0);
  CHECK(tell_some(BAR, METRE | POSITION_BPM, jig) == TRANSPORT_NEW_METRE);
  CHECK(transport.bar == 4 && transport.bar_tick == 3840);

  // After a jump into it
  start(3.0, 0.0);
  jig.bar = 20.0;
  CHECK(transport_told(&transport, BEAT, &jig) == TRANSPORT_JUMPED);
  CHECK(transport.bar == 20 && transport_bar_end(&transport) == 2880);
}

static void
test_a_new_metre_within_a_bar(void)
{
  Position waltz      = position_of(3.0, 0.0, 1.0);
  waltz.beats_per_bar = 3.0;

  // What was played is not played again, and what is due here is
  for (int64_t clock = BEAT; clock < BEAT + 100; ++clock) {
    for (int tempo = 30; tempo <= 300; tempo += 45) {
      Position position = position_of(3.0, 0.0, 1.0);
      position.bpm = waltz.bpm = tempo;
      transport_init(&transport, RATE_HZ);
      CHECK(transport_told(&transport, 0, &position) == TRANSPORT_STARTED);
      waltz.bar_beat      = transport_tick_at(&transport, clock) / 960.0;
      const int64_t first = transport_first_tick(&transport, clock);
      CHECK(transport_told(&transport, clock, &waltz) == TRANSPORT_NEW_METRE);
      CHECK(transport.bar == 3 && transport.bar_tick == 0);
      CHECK(transport_bar_end(&transport) == 2880);
      CHECK(transport.join_tick == first);
    }
  }
}

static void
test_negative_and_broken_bars(void)
{
  start(-3.0, 2.0);
  CHECK(transport.bar == -3);
  for (int bar = -2; bar < 3; ++bar) {
    transport_next_bar(&transport);
    CHECK(transport.bar == bar);
    const int64_t clock = (bar + 2) * BAR + 2 * BEAT;
    CHECK(transport_clock_of(&transport, transport.bar_tick) == clock);
    CHECK(tell(clock, bar, 0.0, 1.0) == TRANSPORT_SAME);
  }

  start(2.7, 0.0);
  CHECK(transport.bar == 2);
  start(-0.5, 0.0);
  CHECK(transport.bar == -1);

  // Beats past the bar's end, and before its beginning
  start(2.0, 9.0);
  CHECK(transport.bar == 4);
  NEAR(inside(0), 960.0, 1e-6);
  start(2.0, -1.0);
  CHECK(transport.bar == 1);
  NEAR(inside(0), 2880.0, 1e-6);

  // A hair before the line is the line
  start(2.0, 3.99999);
  CHECK(transport.bar == 3);
  NEAR(inside(0), 0.0, 1e-9);
}

static void
test_speed(void)
{
  start(0.0, 0.0);
  CHECK(tell(BEAT, 0.0, 1.0, 0.0) == TRANSPORT_STOPPED);
  CHECK(!transport.is_rolling);
  NEAR(transport_tick_at(&transport, 9 * BEAT), 960.0, 1e-6);
  CHECK(tell(2 * BEAT, 0.0, 1.0, 0.0) == TRANSPORT_SAME);
  CHECK(tell(3 * BEAT, 5.0, 0.0, 0.0) == TRANSPORT_MOVED);
  CHECK(transport.bar == 5);
  CHECK(tell(3 * BEAT, 5.0, 0.0, 1.0) == TRANSPORT_STARTED);

  // Backwards is standing
  CHECK(tell(4 * BEAT, 5.0, 1.0, -1.0) == TRANSPORT_STOPPED);
  CHECK(!transport.is_rolling);

  CHECK(tell(4 * BEAT, 5.0, 1.0, 0.5) == TRANSPORT_STARTED);
  NEAR(inside(6 * BEAT), 1920.0, 1e-6);
  CHECK(tell(6 * BEAT, 5.0, 2.0, 2.0) == TRANSPORT_SAME);
  NEAR(inside(7 * BEAT), 3840.0, 1e-6);
  CHECK(transport_clock_of(&transport, transport_bar_end(&transport)) ==
        7 * BEAT);
}

static void
test_the_slowest_speeds_stand(void)
{
  const double speeds[] = {5e-324, 1e-310, 1e-9};
  for (unsigned i = 0U; i < 3U; ++i) {
    transport_init(&transport, RATE_HZ);
    (void)tell(0, 3.0, 0.0, speeds[i]);
    CHECK(!transport.is_rolling);
    start(3.0, 0.0);
    CHECK(tell(BEAT, 3.0, 1.0, speeds[i]) == TRANSPORT_STOPPED);
  }

  transport_init(&transport, RATE_HZ);
  CHECK(tell(0, 3.0, 0.0, 1e-5) == TRANSPORT_STARTED);
  CHECK(transport_clock_of(&transport, 960) == 2400000000);
}

static void
test_measures_at_any_speed(void)
{
  // 80 dotted quarters a minute, twice as fast
  transport_init(&transport, RATE_HZ);
  for (int64_t clock = 0; clock < 3 * BAR; clock += 256) {
    const double beats     = (double)clock * 8.0 / RATE_HZ;
    Position     position  = position_of(floor(beats / 6.0), 0.0, 2.0);
    position.bar_beat      = beats - 6.0 * position.bar;
    position.beats_per_bar = 6.0;
    position.beat_unit     = 8.0;
    position.bpm           = 80.0;
    if (clock) {
      go_on(clock);
    }
    CHECK(transport_told(&transport, clock, &position) ==
          (clock ? TRANSPORT_SAME : TRANSPORT_STARTED));
  }
  NEAR(transport.bpm_factor, 3.0, 1e-6);
  NEAR(transport.ticks_per_frame, 0.08, 1e-4);
}

static void
test_a_start_told_late_keeps_the_downbeat(void)
{
  transport_init(&transport, RATE_HZ);
  (void)tell(0, 4.0, 0.0, 0.0);
  CHECK(tell(1024, 4.0, 1024.0 / BEAT, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.join_tick == 0);

  // On any beat
  transport_init(&transport, RATE_HZ);
  (void)tell(0, 4.0, 2.0, 0.0);
  CHECK(tell(4096, 4.0, 2.0 + 4096.0 / BEAT, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.join_tick == 1920);

  // But not for ever: 0.1 s
  transport_init(&transport, RATE_HZ);
  (void)tell(0, 4.0, 0.0, 0.0);
  CHECK(tell(6000, 4.0, 0.25, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.join_tick == 221); // 10 ms back

  // And not from where it stood between beats, or where nobody stood
  transport_init(&transport, RATE_HZ);
  (void)tell(0, 4.0, 0.5, 0.0);
  CHECK(tell(1024, 4.0, 0.5 + 1024.0 / BEAT, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.join_tick == 502);

  transport_init(&transport, RATE_HZ);
  CHECK(tell(1024, 0.0, 1024.0 / BEAT, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.join_tick == 22);

  transport_init(&transport, RATE_HZ);
  (void)tell(0, 9.0, 0.0, 0.0);
  CHECK(tell(1024, 4.0, 1024.0 / BEAT, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.join_tick == 22);
}

static void
test_a_start_before_the_line_reaches_it(void)
{
  transport_init(&transport, RATE_HZ);
  (void)tell(0, 0.0, 0.0, 0.0);
  CHECK(tell(0, -1.0, 4.0 - 176.0 / BEAT, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.bar == -1);
  CHECK(transport_clock_of(&transport, transport_bar_end(&transport)) == 176);
  go_on(177);
  CHECK(transport.bar == 0);
  CHECK(tell(176, 0.0, 0.0, 1.0) == TRANSPORT_SAME);
  CHECK(transport_clock_of(&transport, transport.bar_tick) == 176);
}

static void
test_a_jump_joins_what_was_just_missed(void)
{
  // 80 samples after the second beat: it is still played
  start(0.0, 0.0);
  CHECK(tell(BEAT, 4.0, 1.0 + 80.0 / BEAT, 1.0) == TRANSPORT_JUMPED);
  NEAR(transport.join_tick, 960.0 + 3.2 - 19.2, 1.0);
  CHECK(transport.join_tick <= 960);

  // 11 ms are too many
  start(0.0, 0.0);
  CHECK(tell(BEAT, 4.0, 1.0 + 528.0 / BEAT, 1.0) == TRANSPORT_JUMPED);
  CHECK(transport.join_tick == 962);

  // Never from the bar before
  start(0.0, 0.0);
  CHECK(tell(BEAT, 4.0, 80.0 / BEAT, 1.0) == TRANSPORT_JUMPED);
  CHECK(transport.join_tick == 0 && transport.bar_tick == 0);
}

static void
test_frames_and_ticks_are_inverse(void)
{
  const double tempos[] = {1.0, 33.3, 60.0, 120.0, 128.0, 174.9, 999.0};
  for (unsigned i = 0U; i < 7U; ++i) {
    const int64_t zero     = 12345;
    Position      position = position_of(1.0, 0.37, 1.0);
    position.bpm           = tempos[i];
    transport_init(&transport, 44100.0);
    CHECK(transport_told(&transport, zero, &position) == TRANSPORT_STARTED);

    // A tick is due in the first frame that does not begin before it
    int64_t last = transport_clock_of(&transport, -1001);
    for (int64_t tick = -1000; tick < 3000; ++tick) {
      const int64_t clock = transport_clock_of(&transport, tick);
      CHECK(clock >= last);
      CHECK(transport_tick_at(&transport, clock) >=
            (double)tick - 0.07 * transport.ticks_per_frame);
      CHECK(transport_tick_at(&transport, clock - 1) < (double)tick);
      last = clock;
    }

    // And what is due from a frame on begins with the first tick of it
    for (int64_t clock = zero - 3000; clock < zero + 3000; ++clock) {
      const int64_t tick = transport_first_tick(&transport, clock);
      CHECK(transport_clock_of(&transport, tick) >= clock);
      CHECK(transport_clock_of(&transport, tick - 1) < clock);
    }
  }
}

static void
test_first_tick_while_standing(void)
{
  transport_init(&transport, RATE_HZ);
  (void)tell(0, 1.0, 1.0, 0.0);
  CHECK(transport_first_tick(&transport, 777) == 960);
  (void)tell(0, 1.0, 1.0 + 0.5 / 960.0, 0.0);
  CHECK(transport_first_tick(&transport, 777) == 961);
}

/// A locate as some hosts tell it: a new frame, with the old bar and beat
static void
test_a_stale_place_stands(void)
{
  const unsigned all      = 0x7FU;
  Position       position = position_of(3.0, 0.0, 1.0);
  position.frame          = 288000.0;
  transport_init(&transport, RATE_HZ);
  CHECK(tell_some(0, all, position) == TRANSPORT_STARTED);
  for (int64_t clock = 512; clock <= 2048; clock += 512) {
    position.frame += 512.0;
    position.bar_beat = (double)clock / BEAT;
    CHECK(tell_some(clock, all, position) == TRANSPORT_SAME);
  }
  position.frame = 960000.0;
  CHECK(tell_some(2560, all, position) == TRANSPORT_STOPPED);
  CHECK(!transport.is_rolling);
  position.bar      = 10.0;
  position.bar_beat = 0.0;
  CHECK(tell_some(3072, all, position) == TRANSPORT_STARTED);
  CHECK(transport.bar == 10 && transport.join_tick == 0);

  // A loop of one block is at its old frame, too, and rolls
  CHECK(tell_some(3584, all, position) == TRANSPORT_SAME);
  CHECK(transport.is_rolling);

  // And one who tells seldom, and rounds, may be anywhere in that beat
  position.frame += 30000.0;
  CHECK(tell_some(3584 + BEAT, all, position) == TRANSPORT_JUMPED);
  CHECK(transport.is_rolling);
}

static void
test_a_start_where_it_stopped_plays_nothing_twice(void)
{
  // 5 ms after the second beat, which was heard
  start(3.0, 0.0);
  CHECK(tell(BEAT + 240, 3.0, 1.0 + 240.0 / BEAT, 0.0) == TRANSPORT_STOPPED);
  CHECK(tell(9 * BEAT, 3.0, 1.0 + 240.0 / BEAT, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.join_tick == 970);

  // Stopped a block back, and started from where it was
  start(3.0, 0.0);
  CHECK(tell(BEAT + 240, 3.0, 1.0 - 272.0 / BEAT, 0.0) == TRANSPORT_STOPPED);
  CHECK(tell(9 * BEAT, 3.0, 1.0 + 240.0 / BEAT, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.join_tick == 970);

  // Stopped a block back, and started from there: that block is heard again
  start(3.0, 0.0);
  CHECK(tell(BEAT + 240, 3.0, 1.0 - 272.0 / BEAT, 0.0) == TRANSPORT_STOPPED);
  CHECK(tell(9 * BEAT, 3.0, 1.0 - 272.0 / BEAT, 1.0) == TRANSPORT_STARTED);
  CHECK(transport.join_tick < 950);
}

static void
test_an_overrun_loop_keeps_its_first_beat(void)
{
  // 50 ms past the end of bar 4, and as much past the beginning of bar 3
  start(3.0, 0.0);
  go_on(2 * BAR + 2400);
  CHECK(tell(2 * BAR + 2400, 3.0, 0.1, 1.0) == TRANSPORT_JUMPED);
  CHECK(transport.bar == 3 && transport.join_tick == 0);

  // On any beat, but not where only chance is near
  start(3.0, 0.0);
  go_on(2 * BAR + 2400);
  CHECK(tell(2 * BAR + 2400, 3.0, 2.1, 1.0) == TRANSPORT_JUMPED);
  CHECK(transport.join_tick == 1920);
  start(3.0, 0.0);
  go_on(2 * BAR + 2500);
  CHECK(tell(2 * BAR + 2500, 3.0, 0.1, 1.0) == TRANSPORT_JUMPED);
  CHECK(transport.join_tick == 77); // 10 ms back
  start(3.0, 0.0);
  go_on(2 * BAR + 4900);
  CHECK(tell(2 * BAR + 4900, 3.0, 4900.0 / BEAT, 1.0) == TRANSPORT_JUMPED);
  CHECK(transport.join_tick > 170); // More than 0.1 s
}

/// Told of a new tempo, and rounded down to the beat: on we go
static void
test_a_new_tempo_may_be_told_with_the_beat_alone(void)
{
  const unsigned all      = 0x7FU;
  Position       position = position_of(3.0, 0.0, 1.0);
  transport_init(&transport, RATE_HZ);
  CHECK(tell_some(0, all, position) == TRANSPORT_STARTED);
  position.frame    = 1.7 * BEAT;
  position.bar_beat = 1.0;
  position.bpm      = 60.0;
  CHECK(tell_some(17 * BEAT / 10, all, position) == TRANSPORT_SAME);
  NEAR(inside(17 * BEAT / 10), 1632.0, 1e-6);
  NEAR(inside(27 * BEAT / 10), 1632.0 + 480.0, 1e-6);
}

/// A gap, or an edited map, is a leap within one block; the tempo is another
/// matter
static void
test_leaps_say_nothing_of_the_tempo(void)
{
  const double leaps[] = {-50.0, -20.0, 20.0, 40.0, 59.0, 70.0, 500.0, 1440.0};
  for (unsigned i = 0U; i < 16U; ++i) {
    const unsigned fields = i % 2U ? 0x7FU : 0x7FU & ~(unsigned)POSITION_FRAME;
    Position       position = position_of(0.0, 0.0, 1.0);
    double         ticks    = 0.0;
    transport_init(&transport, RATE_HZ);
    for (int64_t clock = 0; clock < 200 * 256; clock += 256) {
      ticks += clock == 60 * 256 ? leaps[i / 2U] : 0.0;
      position.frame    = (double)clock; // Continuous: the map was edited
      position.bar      = floor(ticks / 3840.0);
      position.bar_beat = ticks / 960.0 - 4.0 * position.bar;
      go_on(clock);
      (void)tell_some(clock, fields, position);
      NEAR(transport.ticks_per_frame, 0.04, 1e-9);
      NEAR(inside(clock) + 3840.0 * transport.bar, ticks, 0.01);
      ticks += 256.0 * 0.04;
    }
  }
}

/// Another unit of beats: bpm counts them now, or what it counted before
static void
test_the_pace_is_kept_into_another_metre(void)
{
  const struct {
    double before;
    double bpm;
    double factor;
  } rows[] = {{120.0, 240.0, 1.0}, {120.0, 120.0, 2.0}};
  for (unsigned i = 0U; i < 2U; ++i) {
    Position position = position_of(4.0, 0.0, 1.0);
    position.bpm      = rows[i].before;
    transport_init(&transport, RATE_HZ);
    CHECK(transport_told(&transport, 0, &position) == TRANSPORT_STARTED);
    position.bar           = 5.0;
    position.beats_per_bar = 6.0;
    position.beat_unit     = 8.0;
    position.bpm           = rows[i].bpm;
    CHECK(transport_told(&transport, BAR, &position) == TRANSPORT_NEW_METRE);
    NEAR(transport.bpm_factor, rows[i].factor, 1e-9);
    NEAR(transport.ticks_per_frame, 0.04, 1e-9);

    // Quarters are counted still when the tempo changes with the metre
    position.bar           = 6.0;
    position.beats_per_bar = 4.0;
    position.beat_unit     = 4.0;
    position.bpm           = 100.0;
    CHECK(transport_told(&transport, BAR + 3 * BEAT, &position) ==
          TRANSPORT_NEW_METRE);
    NEAR(transport.bpm_factor, 1.0, 1e-9);
  }
}

/// Blocks from there, told in full, with a metre for bar 5
static void
roll_blocks(const int64_t begin, const int64_t end, const double n_beats)
{
  for (int64_t clock = begin; clock < end; clock += 1000) {
    const double at       = (double)(clock - begin) / BEAT;
    const double five     = at < 4.0 ? at : at - 4.0;
    Position     position = position_of(4.0, five, 1.0);
    if (at >= 4.0) {
      position.bar           = five < n_beats ? 5.0 : 6.0;
      position.bar_beat      = five < n_beats ? five : five - n_beats;
      position.beats_per_bar = five < n_beats ? n_beats : 4.0;
    }
    go_on(clock);
    (void)transport_told(&transport, clock, &position);
  }
}

static void
test_metres_of_visited_bars_are_remembered(void)
{
  transport_init(&transport, RATE_HZ);
  CHECK(transport_metre_of(&transport, 5).n_beats == 4U);
  roll_blocks(0, 8 * BEAT, 3.0);
  CHECK(transport_metre_of(&transport, 4).n_beats == 4U);
  CHECK(transport_metre_of(&transport, 5).n_beats == 3U);
  CHECK(transport_metre_of(&transport, 6).n_beats == 4U);
  CHECK(transport_metre_of(&transport, 5 + 1024).n_beats == 4U);

  // The second time it begins in its own, before anybody has said so
  roll_blocks(10 * BEAT, 14 * BEAT - 1, 3.0);
  CHECK(transport.bar == 4 && transport.metre.n_beats == 4U);
  transport_next_bar(&transport);
  CHECK(transport.bar == 5 && transport.metre.n_beats == 3U);

  // A song that is edited is forgotten
  roll_blocks(20 * BEAT, 28 * BEAT, 2.0);
  CHECK(transport_metre_of(&transport, 5).n_beats == 2U);
  Position other      = position_of(6.0, 0.0, 1.0);
  other.beats_per_bar = 7.0;
  (void)transport_told(&transport, 28 * BEAT, &other);
  CHECK(transport_metre_of(&transport, 5).n_beats == 7U);

  // Who tells seldom would not contradict, and is not second-guessed
  transport_init(&transport, RATE_HZ);
  roll_blocks(0, 8 * BEAT, 3.0);
  CHECK(tell(20 * BEAT, 4.0, 3.9, 1.0) == TRANSPORT_JUMPED);
  transport_next_bar(&transport);
  CHECK(transport.bar == 5 && transport.metre.n_beats == 4U);

  // Nor who has fallen silent
  transport_init(&transport, RATE_HZ);
  roll_blocks(0, 8 * BEAT, 3.0);
  roll_blocks(10 * BEAT, 12 * BEAT, 3.0);
  transport_next_bar(&transport);
  CHECK(transport.bar == 5 && transport.metre.n_beats == 4U);
}

/// Tell of a bar in a metre of quarters, and be in it
static void
tell_bar(const int64_t clock,
         const double  bar,
         const double  bar_beat,
         const double  n_beats)
{
  Position position      = position_of(bar, bar_beat, 1.0);
  position.beats_per_bar = n_beats;
  (void)transport_told(&transport, clock, &position);
}

static void
test_a_remembered_metre_counts_after_the_same_bar_only(void)
{
  // Bar 4 was in 4/4 when bar 5 was in 3/4; now it is in 5/4
  transport_init(&transport, RATE_HZ);
  roll_blocks(0, 8 * BEAT, 3.0);
  tell_bar(8 * BEAT + 1000, 3.0, 0.0, 5.0);
  tell_bar(8 * BEAT + 2000, 4.0, 4.9, 5.0);
  CHECK(transport_metre_of(&transport, 5).n_beats == 5U); // All forgotten

  // A bar that was located to, of which nobody knows what led to it
  transport_init(&transport, RATE_HZ);
  roll_blocks(0, 4 * BEAT, 3.0);
  tell_bar(4 * BEAT + 1000, 9.0, 0.0, 3.0);
  tell_bar(4 * BEAT + 2000, 8.0, 3.9, 4.0);
  CHECK(transport_metre_of(&transport, 9).n_beats == 3U);
  transport_next_bar(&transport);
  CHECK(transport.bar == 9 && transport.metre.n_beats == 4U);

  // It was reached from 4/4, and then its song was edited before it
  transport_init(&transport, RATE_HZ);
  roll_blocks(0, 8 * BEAT, 3.0);
  transport.visited[4].metre.n_beats = 0U; // As if so many bars had passed
  tell_bar(8 * BEAT + 1000, 4.0, 4.9, 5.0);
  CHECK(transport_metre_of(&transport, 5).n_beats == 3U);
  transport_next_bar(&transport);
  CHECK(transport.bar == 5 && transport.metre.n_beats == 5U);

  // What led to a bar is not lost when it is told again in the middle
  transport_init(&transport, RATE_HZ);
  roll_blocks(0, 8 * BEAT, 3.0);
  tell_bar(8 * BEAT + 1000, 5.0, 1.0, 3.0);
  tell_bar(8 * BEAT + 2000, 4.0, 3.9, 4.0);
  transport_next_bar(&transport);
  CHECK(transport.bar == 5 && transport.metre.n_beats == 3U);
}

static void
test_a_bar_begun_early_keeps_its_remembered_metre(void)
{
  // The second time the tempo falls in the last block before the line, which
  // the host says with the next one: then we are over the line, and it is not
  transport_init(&transport, RATE_HZ);
  roll_blocks(0, 8 * BEAT, 3.0);
  roll_blocks(8 * BEAT, 12 * BEAT - 1, 3.0);
  go_on(12 * BEAT + 1);
  CHECK(transport.bar == 5 && transport.metre.n_beats == 3U);
  Position slow = position_of(4.0, 3.995, 1.0);
  slow.bpm      = 60.0;
  CHECK(transport_told(&transport, 12 * BEAT, &slow) == TRANSPORT_SAME);
  CHECK(transport.bar == 5 && transport.metre.n_beats == 3U);
  CHECK(transport_metre_of(&transport, 4).n_beats == 4U);
  slow.bar           = 5.0;
  slow.bar_beat      = 500.0 / BEAT - 0.005;
  slow.beats_per_bar = 3.0;
  CHECK(transport_told(&transport, 12 * BEAT + 1000, &slow) == TRANSPORT_SAME);
  CHECK(transport_metre_of(&transport, 5).n_beats == 3U);

  // Who has fallen silent may say nothing more, and so is believed at once
  transport_init(&transport, RATE_HZ);
  roll_blocks(0, 3 * BEAT, 3.0);
  go_on(4 * BEAT + 1);
  CHECK(transport.bar == 5 && transport.metre.n_beats == 4U);
  slow.bar           = 4.0;
  slow.bar_beat      = 4.995;
  slow.bpm           = 120.0;
  slow.beats_per_bar = 5.0;
  CHECK(transport_told(&transport, 4 * BEAT + 1, &slow) == TRANSPORT_NEW_METRE);
}

static void
test_a_metre_told_late_joins_at_its_line(void)
{
  Position waltz      = position_of(4.0, 1000.0 / BEAT, 1.0);
  waltz.beats_per_bar = 3.0;
  start(3.0, 0.0);
  go_on(BAR + 1000);
  CHECK(transport.bar == 4);
  CHECK(transport_told(&transport, BAR + 1000, &waltz) == TRANSPORT_NEW_METRE);
  CHECK(transport.bar == 4 && transport.join_tick == transport.bar_tick);
  CHECK(transport_bar_end(&transport) == transport.bar_tick + 2880);
}

static void
test_rolls_free(void)
{
  start(30.0, 2.0);
  transport_roll_free(&transport, 700, 60.0);
  CHECK(transport.is_rolling && transport.is_known && transport.bar == 0);
  CHECK(transport.metre.n_beats == 4U && transport.metre.unit == 4U);
  CHECK(transport.join_tick == 0 && transport_bar_end(&transport) == 3840);
  CHECK(transport_clock_of(&transport, 0) == 700);
  CHECK(transport_clock_of(&transport, 960) == 700 + 48000);

  // The tempo turns without a step
  transport_set_default_bpm(&transport, 700 + BEAT, 240.0);
  NEAR(transport_tick_at(&transport, 700 + BEAT), 480.0, 1e-6);
  NEAR(transport_tick_at(&transport, 700 + 2 * BEAT), 2400.0, 1e-6);

  transport_roll_free(&transport, 0, 0.0);
  CHECK(transport.ticks_per_frame > 0.0);
  transport_roll_free(&transport, 0, 1e9);
  CHECK(transport.ticks_per_frame < 1.0);
}

static void
test_default_tempo(void)
{
  const unsigned fields = PLACE | POSITION_SPEED;

  // Where the host names none
  transport_init(&transport, RATE_HZ);
  transport_set_default_bpm(&transport, 0, 60.0);
  (void)tell_some(0, fields, position_of(0.0, 0.0, 0.0));
  CHECK(tell_some(0, fields, position_of(0.0, 0.0, 1.0)) == TRANSPORT_STARTED);
  NEAR(transport_tick_at(&transport, BEAT), 480.0, 1e-6);
  transport_set_default_bpm(&transport, BEAT, 120.0);
  NEAR(transport_tick_at(&transport, BEAT), 480.0, 1e-6);
  NEAR(transport_tick_at(&transport, 2 * BEAT), 1440.0, 1e-6);

  // And frames count on from there
  Position position = position_of(0.0, 0.0, 1.0);
  position.frame    = 0.0;
  transport_init(&transport, RATE_HZ);
  CHECK(tell_some(0, POSITION_FRAME | POSITION_SPEED, position) ==
        TRANSPORT_STARTED);
  transport_set_default_bpm(&transport, BEAT, 240.0);
  position.frame = 1.5 * BEAT;
  CHECK(tell_some(3 * BEAT / 2, POSITION_FRAME, position) == TRANSPORT_SAME);
  NEAR(inside(3 * BEAT / 2), 1920.0, 1e-6);

  // A host's own tempo stands
  start(0.0, 0.0);
  transport_set_default_bpm(&transport, 100, 33.0);
  NEAR(transport_tick_at(&transport, BEAT), 960.0, 1e-6);
}

static void
test_nothing_beyond_a_horizon_is_due(void)
{
  const uint64_t key = rng_seed(17U);
  for (uint32_t i = 0U; i < 3000U; ++i) {
    Position place =
      position_of((double)rng_below(key, 8U * i, 100000U),
                  (double)rng_below(key, 8U * i + 1U, 4000U) * 1e-3,
                  1.0);
    place.bpm = 20.0 + (double)rng_below(key, 8U * i + 2U, 600000U) * 1e-3;
    const int64_t clock = (int64_t)rng_below(key, 8U * i + 3U, 1U << 30U) * 512;
    transport_init(&transport, i % 2U ? RATE_HZ : 44100.0);
    (void)transport_told(&transport, clock, &place);

    const int64_t end     = clock + rng_below(key, 8U * i + 4U, 8192U);
    const double  horizon = transport_horizon(&transport, end);
    const int64_t first   = (int64_t)horizon + 1;
    CHECK(transport.is_rolling);
    CHECK(transport_clock_of(&transport, first) >= end);
    CHECK(transport_clock_of(&transport, first + 1) >= end);

    // Nor is it farther off than a frame or two and a tick
    const int64_t near =
      (int64_t)(horizon - 2.0 - 2.0 * transport.ticks_per_frame) - 1;
    CHECK(transport_clock_of(&transport, near) <= end);
  }
}

int
main(void)
{
  RUN(test_starts_standing);
  RUN(test_rolls_from_a_whole_position);
  RUN(test_nothing_told_changes_nothing);
  RUN(test_nonsense_is_left_out);
  RUN(test_a_field_holds_until_told_anew);
  RUN(test_bar_without_beat);
  RUN(test_beat_without_bar);
  RUN(test_frame_only);
  RUN(test_frames_are_counted_where_none_are_told);
  RUN(test_drift_is_corrected);
  RUN(test_more_than_drift_is_a_jump);
  RUN(test_a_step_back_is_a_jump);
  RUN(test_rounding_is_never_heard);
  RUN(test_learns_the_unit_of_bpm);
  RUN(test_long_blocks_find_the_tempo_too);
  RUN(test_guesses_the_unit_before_it_rolls);
  RUN(test_bars_of_other_metres_say_nothing_of_the_unit);
  RUN(test_measures_where_no_tempo_is_told);
  RUN(test_a_tempo_that_was_measured_is_told_again);
  RUN(test_follows_a_tempo_ramp);
  RUN(test_a_new_tempo_is_not_measured_by_the_old);
  RUN(test_a_new_tempo_is_told_after_it_began);
  RUN(test_catches_up_where_nobody_followed);
  RUN(test_metres);
  RUN(test_a_new_metre_at_the_line);
  RUN(test_a_new_metre_within_a_bar);
  RUN(test_negative_and_broken_bars);
  RUN(test_speed);
  RUN(test_the_slowest_speeds_stand);
  RUN(test_measures_at_any_speed);
  RUN(test_a_start_told_late_keeps_the_downbeat);
  RUN(test_a_start_before_the_line_reaches_it);
  RUN(test_a_jump_joins_what_was_just_missed);
  RUN(test_frames_and_ticks_are_inverse);
  RUN(test_first_tick_while_standing);
  RUN(test_a_stale_place_stands);
  RUN(test_a_start_where_it_stopped_plays_nothing_twice);
  RUN(test_an_overrun_loop_keeps_its_first_beat);
  RUN(test_a_new_tempo_may_be_told_with_the_beat_alone);
  RUN(test_leaps_say_nothing_of_the_tempo);
  RUN(test_the_pace_is_kept_into_another_metre);
  RUN(test_metres_of_visited_bars_are_remembered);
  RUN(test_a_remembered_metre_counts_after_the_same_bar_only);
  RUN(test_a_bar_begun_early_keeps_its_remembered_metre);
  RUN(test_a_metre_told_late_joins_at_its_line);
  RUN(test_nothing_beyond_a_horizon_is_due);
  RUN(test_rolls_free);
  RUN(test_default_tempo);
  CHECK_END();
}
