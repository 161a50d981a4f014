// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "music/mix.h"
#include "music/part.h"

#include <string.h>

static void
test_defaults(void)
{
  Mix mix;
  memset(&mix, 0xA5, sizeof(mix));
  mix_init(&mix);
  CHECK(mix.seed == 1U && mix.style[STYLE_HOUSE] == 100U);
  for (int i = 1; i < (int)N_STYLES; ++i) {
    CHECK(mix.style[i] == 0U);
  }
  CHECK(mix.key == 0U && mix.scale == 0U && mix.range == 50U);
  CHECK(mix.phrase_bars == 4U && mix.variation == 50U);
  CHECK(mix.form == FORM_CLUB && mix.energy == 60U);
  CHECK(mix.melody_density == 50U && mix.melody_wildness == 50U);
  CHECK(mix.melody_length == 100U);
  CHECK(mix.drum_density == 50U && mix.drum_wildness == 50U);
  CHECK(mix.fill == 50U && mix.swing == 0U && mix.humanise == 20U);
  CHECK(mix.velocity == 100U && mix.gate == 50U && mix.candidates == 4U);
  CHECK(mix.drum_map == 0U && mix.unused == 0U);
}

static void
test_equal_means_every_byte(void)
{
  Mix a;
  Mix b;
  mix_init(&a);
  for (size_t i = 0U; i < sizeof(Mix); ++i) {
    mix_init(&b);
    CHECK(mix_is_equal(&a, &b));
    ((uint8_t*)&b)[i] ^= 1U;
    CHECK(!mix_is_equal(&a, &b));
  }
}

static int
sum(const int8_t* const weights)
{
  int total = 0;
  for (int i = 0; i < (int)N_STYLES; ++i) {
    CHECK(weights[i] >= 0);
    total += weights[i];
  }
  return total;
}

static void
test_weights_always_sum_to_127(void)
{
  Mix      mix;
  uint32_t x = 1U;
  for (int round = 0; round < 2000; ++round) {
    mix_init(&mix);
    for (int i = 0; i < (int)N_STYLES; ++i) {
      x            = x * 1664525U + 1013904223U;
      mix.style[i] = x >> 30U ? 0U : (uint8_t)((x >> 12U) % 101U);
    }
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      int8_t weights[N_STYLES];
      mix_styles(&mix, part, weights);
      CHECK(sum(weights) == 127);
    }
  }
}

static void
test_blend(void)
{
  Mix    mix;
  int8_t weights[N_STYLES];
  mix_init(&mix);
  mix.style[STYLE_HOUSE]   = 80U;
  mix.style[STYLE_BAROQUE] = 20U;
  mix_styles(&mix, PART_MELODY, weights);
  CHECK(weights[STYLE_HOUSE] == 102 && weights[STYLE_BAROQUE] == 25);

  // There are no baroque drums
  mix_styles(&mix, PART_DRUMS, weights);
  CHECK(weights[STYLE_HOUSE] == 127 && weights[STYLE_BAROQUE] == 0);
}

static void
test_scale_of_weights_does_not_matter(void)
{
  Mix    mix;
  int8_t loud[N_STYLES];
  int8_t soft[N_STYLES];
  mix_init(&mix);
  mix.style[STYLE_HOUSE]  = 100U;
  mix.style[STYLE_TRANCE] = 50U;
  mix_styles(&mix, PART_MELODY, loud);
  mix.style[STYLE_HOUSE]  = 10U;
  mix.style[STYLE_TRANCE] = 5U;
  mix_styles(&mix, PART_MELODY, soft);
  CHECK(!memcmp(loud, soft, sizeof(loud)));
}

static void
test_nothing_asks_for_house(void)
{
  Mix    mix;
  int8_t weights[N_STYLES];
  mix_init(&mix);
  mix.style[STYLE_HOUSE] = 0U;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    mix_styles(&mix, part, weights);
    CHECK(weights[STYLE_HOUSE] == 127 && sum(weights) == 127);
  }

  // Nothing that drums could be made of
  mix.style[STYLE_ROMANTIC] = 100U;
  mix_styles(&mix, PART_DRUMS, weights);
  CHECK(weights[STYLE_HOUSE] == 127);
}

int
main(void)
{
  RUN(test_defaults);
  RUN(test_equal_means_every_byte);
  RUN(test_weights_always_sum_to_127);
  RUN(test_blend);
  RUN(test_scale_of_weights_does_not_matter);
  RUN(test_nothing_asks_for_house);
  CHECK_END();
}
