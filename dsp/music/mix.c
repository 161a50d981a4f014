// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "music/mix.h"

#include "music/drum_map.h"

#include <string.h>

/// What the weights of a style vector add up to
#define FULL 127U

static const Mix defaults = {
  .seed            = 1U,
  .style           = {[STYLE_HOUSE] = 100U},
  .key             = 0U,
  .scale           = 0U, // Free
  .range           = 50U,
  .phrase_bars     = 4U,
  .variation       = 50U,
  .form            = FORM_CLUB,
  .energy          = 60U,
  .melody_density  = 50U,
  .melody_wildness = 50U,
  .melody_length   = 100U,
  .drum_density    = 50U,
  .drum_wildness   = 50U,
  .fill            = 50U,
  .swing           = 0U,
  .humanise        = 20U,
  .velocity        = 100U,
  .gate            = 50U,
  .candidates      = 4U,
  .drum_map        = DRUM_MAP_GM,
};

void
mix_init(Mix* const mix)
{
  *mix = defaults;
}

uint8_t
mix_phrase_bars(const uint32_t n_bars)
{
  return n_bars >= 8U ? 8U : n_bars >= 4U ? 4U : n_bars >= 2U ? 2U : 1U;
}

bool
mix_is_equal(const Mix* const a, const Mix* const b)
{
  return !memcmp(a, b, sizeof(*a));
}

void
mix_styles(const Mix* const mix, const unsigned part, int8_t* const weights)
{
  uint32_t wish[N_STYLES] = {0U};
  uint32_t sum            = 0U;
  unsigned i_largest      = STYLE_HOUSE;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    if (part < 2U && style_row((Style)i)->has_part[part]) {
      wish[i] = mix->style[i];
      sum += wish[i];
      i_largest = wish[i] > wish[i_largest] ? i : i_largest;
    }
  }

  // Nothing that this part knows: as with no wish at all, house
  if (!sum) {
    wish[STYLE_HOUSE] = sum = 1U;
  }

  uint32_t rest = FULL;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const uint32_t weight = wish[i] * FULL / sum;
    weights[i]            = (int8_t)weight;
    rest -= weight;
  }
  weights[i_largest] = (int8_t)((uint32_t)weights[i_largest] + rest);
}
