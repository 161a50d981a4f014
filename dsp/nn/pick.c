// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3,fp-contract=off")
#endif

#include "nn/pick.h"

#include "nn/exact.h"
#include "nn/isa.h"

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

/// a * b / 2^bits, for b below 2^bits and bits not above 32
static uint64_t
scale(const uint64_t a, const uint64_t b, const unsigned bits)
{
  const uint64_t low = a & ((UINT64_C(1) << bits) - 1U);
  return (a >> bits) * b + ((low * b) >> bits);
}

/// Logits that become weights
typedef struct {
  const float* logits;
  uint32_t*    weights;
  uint32_t     n;
  float        most;
  float        temperature;
} Weighing;

ISA_INLINE void
weigh_all(const Weighing* const w)
{
  const float* const restrict logits = w->logits;
  uint32_t* const restrict weights   = w->weights;
  const uint32_t n                   = w->n;
  const float    most                = w->most;
  const float    temperature         = w->temperature;
  for (uint32_t i = 0U; i < n; ++i) {
    // None that is allowed is above the best
    const float away = exact_size((logits[i] - most) / temperature);

    weights[i] = (uint32_t)(int32_t)(exact_exp(-away) * (float)WEIGHT_ONE);
  }
}

ISA_VARIANTS(weigh_all, Weighing)

/// Weights of all classes
static void
weigh(const PickRule* const rule,
      const float* const    logits,
      const uint32_t        n,
      const uint32_t        best,
      uint32_t* const       weights)
{
  const Weighing w = {logits, weights, n, logits[best], rule->temperature};
  weigh_all_of[isa_in_use()](&w);

  for (uint32_t i = 0U; rule->allowed && i < n; ++i) {
    weights[i] = rule->allowed[i] ? weights[i] : 0U;
  }
  weights[best] = WEIGHT_ONE;
}

/// Weights whose sum fits in 32 bits
#define CHUNK 128U

/// Sum of all weights that are at least `level`
ISA_INLINE uint64_t
sum_from(const uint32_t* const weights, const uint32_t n, const uint32_t level)
{
  uint64_t sum = 0U;
  for (uint32_t begin = 0U; begin < n; begin += CHUNK) {
    const uint32_t end  = n - begin < CHUNK ? n : begin + CHUNK;
    uint32_t       part = 0U;
    for (uint32_t i = begin; i < end; ++i) {
      part += weights[i] >= level ? weights[i] : 0U;
    }
    sum += part;
  }
  return sum;
}

/// What is to be found of weights
typedef struct {
  const uint32_t* weights;
  uint64_t        enough;
  uint32_t        n;
  uint32_t*       level; ///< The highest from which on they sum up to `enough`
  uint64_t*       above; ///< Sum of those that are above it
} Search;

ISA_INLINE void
find_level(const Search* const s)
{
  // Bit by bit, from the top
  const uint32_t* const weights = s->weights;
  const uint64_t        enough  = s->enough;
  const uint32_t        n       = s->n;
  uint32_t              level   = 0U;
  for (uint32_t bit = WEIGHT_ONE; bit; bit >>= 1U) {
    level |= sum_from(weights, n, level | bit) >= enough ? bit : 0U;
  }
  *s->level = level;
  *s->above = sum_from(weights, n, level + 1U);
}

ISA_VARIANTS(find_level, Search)

/// The fewest of the largest weights that sum up to at least `enough`, which is
/// above 0 and not above the sum of all
static Nucleus
nucleus(const uint32_t* const weights, const uint32_t n, const uint64_t enough)
{
  uint32_t     level  = 0U;
  uint64_t     above  = 0U;
  const Search search = {weights, enough, n, &level, &above};
  find_level_of[isa_in_use()](&search);

  const uint64_t more = (enough - above + level - 1U) / level;
  const Nucleus  kept = {level, (uint32_t)more, above + more * level};
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

  weigh(rule, logits, n, best, weights);

  Nucleus kept = {1U, UINT32_MAX, sum_from(weights, n, 0U)};
  if (rule->top_p < 1.0f) {
    const float    share  = rule->top_p > 0.0f ? rule->top_p : 0.0f;
    const uint64_t parts  = (uint64_t)(share * (float)WEIGHT_ONE);
    const uint64_t enough = scale(kept.total, parts, 24U);

    kept = nucleus(weights, n, enough ? enough : 1U);
  }

  uint64_t place   = scale(kept.total, random, 32U);
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
