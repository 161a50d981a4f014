// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "learn/adam.h"

#include <string.h>

static const AdamOptions plain = {0.1, 1.0, 0U, 1000000U, 0.0, 0.0};

static void
test_first_step_is_the_rate(void)
{
  // Kingma and Ba: without history the step is the rate, by the sign alone
  Real w[3] = {1, 2, 3};
  Real m[3] = {0, 0, 0};
  Real v[3] = {0, 0, 0};
  Real g[3] = {(Real)0.001, (Real)-50, 0};
  NEAR(adam_step(&plain, 0U, 3U, w, m, v, g), 50.0, 1e-4);
  NEAR(w[0], 0.9, 1e-5);
  NEAR(w[1], 2.1, 1e-5);
  CHECK(w[2] == (Real)3);
}

static void
test_second_step_by_hand(void)
{
  Real w[1] = {0};
  Real m[1] = {0};
  Real v[1] = {0};
  Real g[1] = {1};
  adam_step(&plain, 0U, 1U, w, m, v, g);
  g[0] = (Real)-2;
  adam_step(&plain, 1U, 1U, w, m, v, g);
  const double first  = 0.9 * 0.1 + 0.1 * -2.0;
  const double second = 0.99 * 0.01 + 0.01 * 4.0;
  const double step =
    0.1 * (first / (1.0 - 0.81)) / sqrt(second / (1.0 - 0.9801));
  NEAR(m[0], first, 1e-6);
  NEAR(v[0], second, 1e-6);
  NEAR(w[0], -0.1 - step, 1e-5);
}

static void
test_clips_by_the_whole_norm(void)
{
  AdamOptions options = plain;
  options.clip        = 1.0;
  Real w[2]           = {0, 0};
  Real m[2]           = {0, 0};
  Real v[2]           = {0, 0};
  Real g[2]           = {3, 4};
  NEAR(adam_step(&options, 0U, 2U, w, m, v, g), 5.0, 1e-6);
  NEAR(g[0], 0.6, 1e-6);
  NEAR(g[1], 0.8, 1e-6);
  NEAR(m[1], 0.08, 1e-6);

  g[0] = (Real)0.3;
  g[1] = (Real)0.4;
  adam_step(&options, 1U, 2U, w, m, v, g);
  NEAR(g[1], 0.4, 1e-7); // Small enough
}

static void
test_norm_of_odd_lengths(void)
{
  Real g[21];
  for (int i = 0; i < 21; ++i) {
    g[i] = (Real)(i + 1);
  }
  NEAR(adam_norm(g, 21U), sqrt(3311.0), 1e-9);
  NEAR(adam_norm(g, 7U), sqrt(140.0), 1e-9);
}

static void
test_rate_rises_and_falls(void)
{
  const AdamOptions options = {0.01, 0.1, 10U, 110U, 0.0, 0.0};
  NEAR(adam_rate(&options, 0U), 0.001, 1e-12);
  NEAR(adam_rate(&options, 9U), 0.01, 1e-12);
  NEAR(adam_rate(&options, 10U), 0.01, 1e-12);
  NEAR(adam_rate(&options, 60U), 0.0055, 1e-12);
  NEAR(adam_rate(&options, 110U), 0.001, 1e-12);
  NEAR(adam_rate(&options, 1000U), 0.001, 1e-12);
  for (uint64_t i = 11U; i < 110U; ++i) {
    CHECK(adam_rate(&options, i) < adam_rate(&options, i - 1U));
  }
}

static void
test_decay_pulls_to_zero(void)
{
  AdamOptions options = plain;
  options.decay       = 0.5;
  Real w[1]           = {2};
  Real m[1]           = {0};
  Real v[1]           = {0};
  Real g[1]           = {0};
  adam_step(&options, 0U, 1U, w, m, v, g);
  NEAR(w[0], 2.0 * (1.0 - 0.1 * 0.5), 1e-6);
}

static void
test_no_number_changes_nothing(void)
{
  Real w[2] = {1, 2};
  Real m[2] = {0, 0};
  Real v[2] = {0, 0};
  Real g[2] = {(Real)NAN, 1};
  CHECK(!isfinite(adam_step(&plain, 0U, 2U, w, m, v, g)));
  CHECK(w[0] == (Real)1 && w[1] == (Real)2 && m[1] == (Real)0);
}

static void
test_finds_a_valley(void)
{
  // (a - 3)^2 + 10 (b + 1)^2
  const AdamOptions options = {0.1, 0.01, 0U, 600U, 0.0, 0.0};
  Real              w[2]    = {0, 0};
  Real              m[2]    = {0, 0};
  Real              v[2]    = {0, 0};
  for (uint64_t i = 0U; i < 600U; ++i) {
    Real g[2] = {(Real)2 * (w[0] - (Real)3), (Real)20 * (w[1] + (Real)1)};
    adam_step(&options, i, 2U, w, m, v, g);
  }
  NEAR(w[0], 3.0, 1e-2);
  NEAR(w[1], -1.0, 1e-2);
}

int
main(void)
{
  RUN(test_first_step_is_the_rate);
  RUN(test_second_step_by_hand);
  RUN(test_clips_by_the_whole_norm);
  RUN(test_norm_of_odd_lengths);
  RUN(test_rate_rises_and_falls);
  RUN(test_decay_pulls_to_zero);
  RUN(test_no_number_changes_nothing);
  RUN(test_finds_a_valley);
  CHECK_END();
}
