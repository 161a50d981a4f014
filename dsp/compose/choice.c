// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/choice.h"

#include "base/rng.h"

/// However sure a gate is, it is not surer, and nothing is beyond all chance
#define MOST_SURE 0.99f
#define LEAST_ODDS 0.001f

bool
choice_reaches(const float score, const uint32_t gate)
{
  return score * 100.0f >= (float)gate;
}

/// The odds that a candidate is drawn with; 0 for one that is not in the draw
static float
odds_of(const float score, const bool is_in)
{
  const float sure = score < MOST_SURE ? score : MOST_SURE;
  return is_in ? LEAST_ODDS + sure / (1.0f - sure) : 0.0f;
}

int
choice_draw(const float* const scores,
            const float* const favour,
            const uint32_t     n,
            const uint32_t     gate,
            const uint64_t     key)
{
  bool any = false;
  for (uint32_t i = 0U; i < n; ++i) {
    any = any || (scores[i] >= 0.0f && choice_reaches(scores[i], gate));
  }

  float odds[CHOICE_MAX];
  float sum = 0.0f;
  for (uint32_t i = 0U; i < n; ++i) {
    odds[i] = favour[i] * odds_of(scores[i],
                                  scores[i] >= 0.0f &&
                                    (!any || choice_reaches(scores[i], gate)));
    sum += odds[i];
  }

  int   chosen = -1;
  float left   = (float)(rng_u32(key, 0U) >> 8U) / 16777216.0f * sum;
  for (uint32_t i = 0U; i < n; ++i) {
    if (odds[i] > 0.0f && (chosen < 0 || left >= 0.0f)) {
      chosen = (int)i;
    }
    left -= odds[i];
  }
  return chosen;
}
