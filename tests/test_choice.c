// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "compose/choice.h"

#define N_DRAWS 20000U

static const float even[] = {1.0f, 1.0f, 1.0f, 1.0f};

/// How often each is drawn
static void
count(const float* const scores,
      const uint32_t     n,
      const uint32_t     gate,
      uint32_t* const    times)
{
  for (uint32_t i = 0U; i < n; ++i) {
    times[i] = 0U;
  }
  for (uint32_t i = 0U; i < N_DRAWS; ++i) {
    const int one =
      choice_draw(scores, even, n, gate, rng_key(rng_seed(3U), i));
    CHECK(one >= 0 && one < (int)n);
    ++times[one];
  }
}

static void
test_odds_decide(void)
{
  // Odds of 1, 3 and 9
  static const float scores[] = {0.5f, 0.75f, 0.9f};
  uint32_t           times[3];
  count(scores, 3U, 0U, times);
  NEAR(times[0] / (double)N_DRAWS, 1.0 / 13.0, 0.01);
  NEAR(times[1] / (double)N_DRAWS, 3.0 / 13.0, 0.01);
  NEAR(times[2] / (double)N_DRAWS, 9.0 / 13.0, 0.01);
}

static void
test_favour_multiplies_odds(void)
{
  // Odds of 1 and 3, and then of 1 times 6 and 3 times 1
  static const float scores[] = {0.5f, 0.75f};
  static const float favour[] = {6.0f, 1.0f};
  uint32_t           n        = 0U;
  for (uint32_t i = 0U; i < N_DRAWS; ++i) {
    n += !choice_draw(scores, favour, 2U, 0U, rng_key(rng_seed(3U), i));
  }
  NEAR(n / (double)N_DRAWS, 6.0 / 9.0, 0.01);

  // No favour brings in what does not pass, or is refused
  static const float not_all[] = {0.5f, CHOICE_REFUSED, 0.75f};
  static const float much[]    = {99.0f, 99.0f, 1.0f};
  for (uint32_t i = 0U; i < 100U; ++i) {
    CHECK(choice_draw(not_all, much, 3U, 60U, rng_key(rng_seed(4U), i)) == 2);
  }
}

static void
test_those_that_pass_come_first(void)
{
  static const float scores[] = {0.5f, 0.75f, 0.59f, 0.6f};
  uint32_t           times[4];
  count(scores, 4U, 60U, times);
  CHECK(!times[0] && !times[2]);
  CHECK(times[1] && times[3]);

  // When none does, all are drawn from
  count(scores, 4U, 90U, times);
  CHECK(times[0] && times[1] && times[2] && times[3]);
}

static void
test_what_is_refused_is_not_drawn(void)
{
  static const float scores[] = {CHOICE_REFUSED, 0.0f, CHOICE_REFUSED};
  uint32_t           times[3];
  count(scores, 3U, 0U, times);
  CHECK(times[1] == N_DRAWS);
  count(scores, 3U, 100U, times);
  CHECK(times[1] == N_DRAWS);

  static const float none[] = {CHOICE_REFUSED, CHOICE_REFUSED};
  CHECK(choice_draw(none, even, 2U, 0U, 1U) == -1);
  CHECK(choice_draw(none, even, 0U, 0U, 1U) == -1);
}

static void
test_sure_and_hopeless_scores_are_odds_too(void)
{
  static const float scores[] = {1.0f, 1.0f, 0.0f};
  uint32_t           times[3];
  count(scores, 3U, 0U, times);
  NEAR(times[0] / (double)N_DRAWS, 0.5, 0.02);
  CHECK(times[2] < N_DRAWS / 1000U);
}

int
main(void)
{
  RUN(test_odds_decide);
  RUN(test_favour_multiplies_odds);
  RUN(test_those_that_pass_come_first);
  RUN(test_what_is_refused_is_not_drawn);
  RUN(test_sure_and_hopeless_scores_are_odds_too);
  CHECK_END();
}
