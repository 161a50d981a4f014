// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "nn/pick.h"

#include "nn/exact.h"

#include <stdbool.h>

/// Weight of the likeliest class
#define WEIGHT_ONE (1U << 24U)

/// Colder than this is as good as frozen
#define MIN_TEMPERATURE 1e-4f

/// The classes that are kept: all above `level`, and the first `n_level` at it
typedef struct {
  uint32_t level;
  uint32_t n_level;
  uint64_t total; ///< Sum of their weights
} Nucleus;

static bool
is_allowed(const PickRule* const rule, const uint32_t i)
{
  return !rule->allowed || rule->allowed[i];
}

/// The likeliest allowed class, or PICK_NONE
static uint32_t
likeliest(const PickRule* const rule,
          const float* const    logits,
          const uint32_t        n)
{
  uint32_t best = PICK_NONE;
  for (uint32_t i = 0U; i < n; ++i) {
    if (is_allowed(rule, i) &&
        (best == PICK_NONE || logits[i] > logits[best] ||
         (logits[best] != logits[best] && logits[i] == logits[i]))) {
      best = i;
    }
  }
  return best;
}

/// Weights of all classes; their sum
static uint64_t
weigh(const PickRule* const rule,
      const float* const    logits,
      const uint32_t        n,
      const uint32_t        best,
      uint32_t* const       weights)
{
  uint64_t total = 0U;
  for (uint32_t i = 0U; i < n; ++i) {
    const float away = (logits[i] - logits[best]) / rule->temperature;
    const float share =
      logits[i] == logits[best] ? 1.0f : exact_exp(away) * (away < 0.0f);

    weights[i] =
      is_allowed(rule, i) ? (uint32_t)(share * (float)WEIGHT_ONE) : 0U;
    total += weights[i];
  }
  return total;
}

/// The fewest of the largest weights that sum up to at least `enough`
static Nucleus
nucleus(const uint32_t* const weights, const uint32_t n, const uint64_t enough)
{
  Nucleus kept = {WEIGHT_ONE + 1U, 0U, 0U};
  while (kept.total < enough) {
    // The next lower weight, and how often it occurs
    uint32_t level   = 0U;
    uint32_t n_level = 0U;
    for (uint32_t i = 0U; i < n; ++i) {
      if (weights[i] < kept.level && weights[i] > level) {
        level   = weights[i];
        n_level = 0U;
      }
      n_level += weights[i] == level ? 1U : 0U;
    }
    if (!level) {
      break;
    }

    const uint64_t missing = (enough - kept.total + level - 1U) / level;

    kept.level   = level;
    kept.n_level = missing < n_level ? (uint32_t)missing : n_level;
    kept.total += (uint64_t)level * kept.n_level;
  }
  return kept;
}

uint32_t
pick(const PickRule* const rule,
     const float* const    logits,
     const uint32_t        n,
     const uint32_t        random,
     uint32_t* const       weights)
{
  const uint32_t best = likeliest(rule, logits, n);
  if (best == PICK_NONE || !(rule->temperature >= MIN_TEMPERATURE)) {
    for (uint32_t i = 0U; i < n; ++i) {
      weights[i] = i == best ? WEIGHT_ONE : 0U;
    }
    return best;
  }

  const uint64_t total = weigh(rule, logits, n, best, weights);

  // Beyond this share lies less than one step of the sum
  Nucleus kept = {1U, UINT32_MAX, total};
  if (rule->top_p < 1.0f) {
    const float    share  = rule->top_p > 0.0f ? rule->top_p : 0.0f;
    const uint64_t parts  = (uint64_t)(share * (float)WEIGHT_ONE);
    const uint64_t enough = (total >> 24U) * parts +
                            (((total & (WEIGHT_ONE - 1U)) * parts) >> 24U);

    kept = nucleus(weights, n, enough ? enough : 1U);
  }

  uint64_t place   = (kept.total >> 32U) * random +
                     (((kept.total & UINT32_MAX) * random) >> 32U);
  uint32_t n_level = kept.n_level;
  for (uint32_t i = 0U; i < n; ++i) {
    uint32_t weight = weights[i] >= kept.level ? weights[i] : 0U;
    if (weight == kept.level) {
      weight = n_level ? weight : 0U;
      n_level -= n_level ? 1U : 0U;
    }
    if (place < weight) {
      return i;
    }
    place -= weight;
  }
  return best;
}
