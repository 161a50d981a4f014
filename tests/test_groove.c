// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "music/groove.h"

static void
test_straight_moves_nothing(void)
{
  for (uint32_t tick = 0U; tick < 4U * TICKS_PER_QUARTER; ++tick) {
    CHECK(groove_swing(tick, 0U) == 0U);
  }
}

static void
test_full_swing_is_the_triplet(void)
{
  for (uint32_t eighth = 0U; eighth < 8U; ++eighth) {
    const uint32_t begin = eighth * TICKS_PER_QUARTER / 2U;
    CHECK(groove_swing(begin, 100U) == 0U);
    CHECK(240U + groove_swing(begin + 240U, 100U) == 320U);
    CHECK(groove_swing(begin + 120U, 100U) == 40U);
    CHECK(groove_swing(begin + 160U, 100U) == 0U); // Triplets are as written
    CHECK(groove_swing(begin + 320U, 100U) == 0U);
  }
  CHECK(groove_swing(240U, 50U) == 40U);
  CHECK(groove_swing(240U, 255U) == 80U);
}

static void
test_swing_keeps_the_order(void)
{
  for (uint32_t swing = 0U; swing <= 100U; swing += 5U) {
    uint32_t last = 0U;
    for (uint32_t tick = 0U; tick < TICKS_PER_QUARTER; tick += 80U) {
      CHECK(tick + groove_swing(tick, swing) >= last);
      last = tick + groove_swing(tick, swing);
    }
  }
}

static void
test_drift_is_bounded_and_scaled(void)
{
  int64_t sum     = 0;
  int     largest = 0;
  for (uint32_t i = 0U; i < 4000U; ++i) {
    const uint64_t key   = rng_seed(i / 40U);
    const int      drift = groove_drift(key, i * 60U, i % 9U, 100U);
    const int      touch = groove_touch(key, i * 60U, i % 9U, 100U);
    CHECK(abs(drift) <= GROOVE_MAX_DRIFT);
    CHECK(abs(touch) <= GROOVE_MAX_TOUCH);
    CHECK(groove_drift(key, i * 60U, i % 9U, 0U) == 0);
    CHECK(groove_drift(key, i * 60U, i % 9U, 50U) == drift / 2);
    CHECK(groove_drift(key, i * 60U, i % 9U, 100U) == drift);
    sum += drift;
    largest = abs(drift) > largest ? abs(drift) : largest;
  }
  CHECK(largest > GROOVE_MAX_DRIFT * 3 / 4);
  NEAR((double)sum / 4000.0, 0.0, 1.0);
}

static void
test_a_moment_drifts_together(void)
{
  int64_t together = 0;
  int64_t apart    = 0;
  for (uint32_t i = 0U; i < 2000U; ++i) {
    const int kick  = groove_drift(7U, i * 240U, 0U, 100U);
    const int snare = groove_drift(7U, i * 240U, 1U, 100U);
    const int later = groove_drift(7U, (i + 1U) * 240U, 0U, 100U);
    together += abs(kick - snare);
    apart += abs(kick - later);
  }
  CHECK(together * 3 < apart * 2);
}

static void
test_accents_follow_the_metre(void)
{
  const Metre common   = {4U, 4U};
  const Metre compound = {6U, 8U};
  const Metre odd      = {7U, 8U};
  CHECK(groove_accent(common, 0U) > groove_accent(common, 960U));
  CHECK(groove_accent(common, 960U) > groove_accent(common, 480U));
  CHECK(groove_accent(common, 480U) > groove_accent(common, 240U));
  CHECK(groove_accent(compound, 1440U) == groove_accent(common, 960U));
  CHECK(groove_accent(compound, 480U) == groove_accent(common, 480U));
  CHECK(groove_accent(odd, 480U) == groove_accent(common, 960U));
}

int
main(void)
{
  RUN(test_straight_moves_nothing);
  RUN(test_full_swing_is_the_triplet);
  RUN(test_swing_keeps_the_order);
  RUN(test_drift_is_bounded_and_scaled);
  RUN(test_a_moment_drifts_together);
  RUN(test_accents_follow_the_metre);
  CHECK_END();
}
