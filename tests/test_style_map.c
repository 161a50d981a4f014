// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/style_map.h"

#include "tests/check.h"

#include <math.h>
#include <stdint.h>

static unsigned
sum_of(const uint8_t* const weights)
{
  unsigned sum = 0U;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    sum += weights[i];
  }
  return sum;
}

static void
test_on_a_style_there_is_only_that_one(void)
{
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    uint8_t weights[N_STYLES];
    style_map_mix(style_map_place((Style)i), weights);
    CHECK(weights[i] == 100U && sum_of(weights) == 100U);
  }
}

static void
test_everywhere_the_mix_is_whole_and_of_a_few(void)
{
  for (unsigned x = 0U; x <= 50U; ++x) {
    for (unsigned y = 0U; y <= 50U; ++y) {
      const MapPoint point = {x / 50.0, y / 50.0};
      uint8_t        weights[N_STYLES];
      unsigned       n = 0U;
      style_map_mix(point, weights);
      for (unsigned i = 0U; i < N_STYLES; ++i) {
        n += weights[i] ? 1U : 0U;
      }
      CHECK(sum_of(weights) == 100U);
      CHECK(n >= 1U && n <= 8U);
    }
  }
}

static void
test_between_two_both_are_heard(void)
{
  const MapPoint a      = style_map_place(STYLE_HOUSE);
  const MapPoint b      = style_map_place(STYLE_DEEPHOUSE);
  const MapPoint middle = {0.5 * (a.x + b.x), 0.5 * (a.y + b.y)};
  uint8_t        weights[N_STYLES];
  style_map_mix(middle, weights);
  CHECK(weights[STYLE_HOUSE] > 25U && weights[STYLE_DEEPHOUSE] > 25U);
  CHECK(abs(weights[STYLE_HOUSE] - weights[STYLE_DEEPHOUSE]) <= 2);
}

static void
test_a_small_step_changes_little(void)
{
  for (unsigned y = 0U; y <= 20U; ++y) {
    uint8_t before[N_STYLES];
    for (unsigned x = 0U; x <= 400U; ++x) {
      const MapPoint point = {x / 400.0, y / 20.0};
      uint8_t        weights[N_STYLES];
      style_map_mix(point, weights);
      for (unsigned i = 0U; x && i < N_STYLES; ++i) {
        CHECK(abs(weights[i] - before[i]) <= 8);
      }
      for (unsigned i = 0U; i < N_STYLES; ++i) {
        before[i] = weights[i];
      }
    }
  }
}

static void
test_a_mix_has_its_point(void)
{
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    uint8_t weights[N_STYLES] = {0U};
    weights[i]                = 37U;
    const MapPoint place      = style_map_place((Style)i);
    const MapPoint point      = style_map_point(weights);
    NEAR(point.x, place.x, 1e-9);
    NEAR(point.y, place.y, 1e-9);
  }
  const uint8_t  none[N_STYLES] = {0U};
  const MapPoint house          = style_map_place(STYLE_HOUSE);
  NEAR(style_map_point(none).x, house.x, 1e-9);
}

static void
test_styles_lie_apart(void)
{
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    for (unsigned j = 0U; j < i; ++j) {
      const MapPoint a = style_map_place((Style)i);
      const MapPoint b = style_map_place((Style)j);
      CHECK(hypot(a.x - b.x, a.y - b.y) > 0.2);
    }
  }
}

int
main(void)
{
  RUN(test_on_a_style_there_is_only_that_one);
  RUN(test_everywhere_the_mix_is_whole_and_of_a_few);
  RUN(test_between_two_both_are_heard);
  RUN(test_a_small_step_changes_little);
  RUN(test_a_mix_has_its_point);
  RUN(test_styles_lie_apart);
  CHECK_END();
}
