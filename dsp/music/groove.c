// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "music/groove.h"

#include "base/rng.h"

#define EIGHTH (TICKS_PER_QUARTER / 2U)
#define SIXTEENTH (TICKS_PER_QUARTER / 4U)
#define THIRTY_SECOND (TICKS_PER_QUARTER / 8U)

/// From an off-beat sixteenth to the last triplet of its eighth
#define FULL_SWING (EIGHTH * 2U / 3U - SIXTEENTH)

/// What is drawn; names of keys
enum { DRAW_DRIFT = 1, DRAW_TOUCH = 2, DRAW_TOGETHER = 3 };

uint32_t
groove_swing(const uint32_t tick, const uint32_t swing)
{
  const uint32_t place = tick % EIGHTH;
  const uint32_t full  = FULL_SWING * (swing < 100U ? swing : 100U) / 100U;

  return place == SIXTEENTH      ? full
         : place % THIRTY_SECOND ? 0U
         : place % SIXTEENTH     ? full / 2U
                                 : 0U;
}

/// A whole number around 0, seldom near -most or most
static int
draw(const uint64_t key, const uint32_t i, const int most)
{
  const uint32_t n = (uint32_t)most + 1U;
  return (int)rng_below(key, 2U * i, n) - (int)rng_below(key, 2U * i + 1U, n);
}

/// Rounds towards 0
static int
scaled(const int value, const uint32_t percent)
{
  return value * (int)(percent < 100U ? percent : 100U) / 100;
}

/// Two thirds of a moment's own, one third of the note's own
static int
uneven(const uint64_t key,
       const uint32_t tick,
       const uint32_t name,
       const int      most)
{
  const uint64_t moment = rng_key(key, tick);
  const int      alone  = most / 3;
  return draw(rng_key(moment, DRAW_TOGETHER), 0U, most - alone) +
         draw(moment, name, alone);
}

int
groove_drift(const uint64_t key,
             const uint32_t tick,
             const uint32_t name,
             const uint32_t humanise)
{
  return scaled(uneven(rng_key(key, DRAW_DRIFT), tick, name, GROOVE_MAX_DRIFT),
                humanise);
}

int
groove_touch(const uint64_t key,
             const uint32_t tick,
             const uint32_t name,
             const uint32_t humanise)
{
  return scaled(uneven(rng_key(key, DRAW_TOUCH), tick, name, GROOVE_MAX_TOUCH),
                humanise);
}

/// Length of what is felt as a beat
static uint32_t
beat_ticks(const Metre metre)
{
  const uint32_t unit = 4U * TICKS_PER_QUARTER / metre.unit;
  const uint32_t n =
    metre.unit >= 8U && metre.n_beats > 3U && metre.n_beats % 3U == 0U ? 3U
                                                                       : 1U;
  return n * unit;
}

int
groove_accent(const Metre metre, const uint32_t tick)
{
  const uint32_t beat = beat_ticks(metre);
  return !tick ? 10 : !(tick % beat) ? 4 : !(tick % EIGHTH) ? -2 : -8;
}
