// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "learn/curves.h"
#include "learn/dataset.h"
#include "learn/loss.h"

static void
test_worked_example(void)
{
  // Odds of 1 : 2 : 5
  Real           scores[3] = {(Real)0, (Real)log(2.0), (Real)log(5.0)};
  const uint16_t target    = 1U;
  Real           loss      = (Real)9;
  loss_softmax(1U, 3U, scores, &target, &loss);
  NEAR(loss, log(4.0), 1e-6);
  NEAR(scores[0], 0.125, 1e-6);
  NEAR(scores[1], 0.25 - 1.0, 1e-6);
  NEAR(scores[2], 0.625, 1e-6);
}

static void
test_no_target_no_loss(void)
{
  Real           scores[6]  = {1, 2, 3, 1, 2, 3};
  const uint16_t targets[2] = {NO_TARGET, 2U};
  Real           loss[2]    = {9, 9};
  loss_softmax(2U, 3U, scores, targets, loss);
  CHECK(loss[0] == (Real)0);
  CHECK(scores[0] == (Real)0 && scores[1] == (Real)0 && scores[2] == (Real)0);
  CHECK(loss[1] > (Real)0);
  NEAR((double)scores[3] + (double)scores[4] + (double)scores[5], 0.0, 1e-6);
}

static void
test_large_scores(void)
{
  Real           scores[3] = {(Real)1000, (Real)-1000, (Real)999};
  const uint16_t target    = 1U;
  Real           loss      = (Real)0;
  loss_softmax(1U, 3U, scores, &target, &loss);
  NEAR(loss, 2000.0 + log(1.0 + exp(-1.0)), 1e-3);
  CHECK(isfinite((double)scores[0]) && isfinite((double)scores[1]));
  NEAR(scores[1], -1.0, 1e-6);
}

static void
test_curves_are_near(void)
{
  double worst = 0.0;
  for (double x = -100.0; x <= 100.0; x += 1.0 / 512.0) {
    const double at = (double)(Real)x;
    worst           = fmax(worst, fabs((double)curve_tanh((Real)x) - tanh(at)));
    worst           = fmax(worst,
                 fabs((double)curve_sigmoid((Real)x) - 1.0 / (1.0 + exp(-at))));
    if (x > -80.0 && x < 80.0) {
      worst = fmax(worst, fabs((double)curve_exp((Real)x) / exp(at) - 1.0));
    }
  }
  CHECK(worst < 1e-6);
  CHECK(curve_exp((Real)0) == (Real)1);
  CHECK(isfinite((double)curve_tanh((Real)1e30)));
  CHECK(curve_sigmoid((Real)-1e30) >= (Real)0);
}

int
main(void)
{
  RUN(test_worked_example);
  RUN(test_no_target_no_loss);
  RUN(test_large_scores);
  RUN(test_curves_are_near);
  CHECK_END();
}
