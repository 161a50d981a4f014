// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/pick.h"

#include "base/rng.h"
#include "nn/isa.h"

#include <stdbool.h>
#include <string.h>

#define V 40U
#define N_DRAWS 100000U
#define ONE (1U << 24U)

static const PickRule plain = {NULL, 1.0f, 1.0f};

/// How often each class is chosen
static void
count(const PickRule* const rule,
      const float* const    logits,
      const uint32_t        n,
      uint32_t* const       counts)
{
  uint32_t weights[V];
  memset(counts, 0, n * sizeof(*counts));
  for (uint32_t i = 0U; i < N_DRAWS; ++i) {
    const uint32_t c = pick(rule, logits, n, rng_u32(rng_seed(n), i), weights);
    CHECK(c < n);
    ++counts[c < n ? c : 0U];
  }
}

static void
check_share(const uint32_t counted, const double share)
{
  // Five standard deviations and a little
  NEAR(counted,
       share * N_DRAWS,
       5.0 * sqrt(N_DRAWS * share * (1.0 - share)) + 1.0);
}

static void
test_shares_are_the_softmax(void)
{
  static const float temperatures[] = {0.5f, 1.0f, 3.0f};
  float              logits[V];
  uint32_t           counts[V];
  for (uint32_t i = 0U; i < V; ++i) {
    logits[i] = (float)rng_below(rng_seed(1U), i, 1000U) / 250.0f;
  }

  for (unsigned t = 0U; t < 3U; ++t) {
    const PickRule rule  = {NULL, temperatures[t], 1.0f};
    double         total = 0.0;
    for (uint32_t i = 0U; i < V; ++i) {
      total += exp((double)logits[i] / (double)temperatures[t]);
    }
    count(&rule, logits, V, counts);
    for (uint32_t i = 0U; i < V; ++i) {
      check_share(counts[i],
                  exp((double)logits[i] / (double)temperatures[t]) / total);
    }
  }
}

static void
test_random_number_runs_through_the_classes(void)
{
  // Of four equal classes each has a quarter of the numbers, in order
  const float logits[4] = {2.0f, 2.0f, 2.0f, 2.0f};
  uint32_t    weights[4];
  CHECK(pick(&plain, logits, 4U, 0U, weights) == 0U);
  CHECK(pick(&plain, logits, 4U, 0x3FFFFFFFU, weights) == 0U);
  CHECK(pick(&plain, logits, 4U, 0x40000000U, weights) == 1U);
  CHECK(pick(&plain, logits, 4U, 0xBFFFFFFFU, weights) == 2U);
  CHECK(pick(&plain, logits, 4U, UINT32_MAX, weights) == 3U);
  CHECK(weights[0] == ONE && weights[3] == ONE);
}

static void
test_mask_is_kept_to(void)
{
  // What is forbidden would be by far the likeliest
  const float   logits[6]  = {50.0f, 0.0f, 99.0f, 1.0f, INFINITY, NAN};
  const uint8_t allowed[6] = {0U, 1U, 0U, 1U, 0U, 0U};
  uint32_t      counts[V];

  PickRule rule = {allowed, 1.0f, 1.0f};
  count(&rule, logits, 6U, counts);
  CHECK(counts[1] + counts[3] == N_DRAWS);
  check_share(counts[1], 1.0 / (1.0 + exp(1.0)));

  rule.temperature = 0.0f;
  count(&rule, logits, 6U, counts);
  CHECK(counts[3] == N_DRAWS);
}

static void
test_one_or_none_allowed(void)
{
  const float   logits[3] = {5.0f, -400.0f, 7.0f};
  const uint8_t one[3]    = {0U, 1U, 0U};
  const uint8_t none[3]   = {0U, 0U, 0U};
  uint32_t      weights[3];
  for (uint32_t i = 0U; i < 1000U; ++i) {
    const PickRule rule = {one, 0.7f, 0.9f};
    CHECK(pick(&rule, logits, 3U, rng_u32(0U, i), weights) == 1U);
  }
  CHECK(weights[0] == 0U && weights[1] == ONE && weights[2] == 0U);

  const PickRule rule = {none, 0.7f, 0.9f};
  CHECK(pick(&rule, logits, 3U, 1U, weights) == PICK_NONE);
  CHECK(pick(&plain, logits, 0U, 1U, weights) == PICK_NONE);
}

static void
test_top_p_keeps_the_fewest_that_suffice(void)
{
  // Shares .5, .25, .125, .125 out of order
  const float logits[4] = {logf(0.125f), logf(0.5f), logf(0.125f), logf(0.25f)};
  uint32_t    counts[V];

  static const struct {
    float    top_p;
    uint32_t kept[4];
  } cases[] = {
    {0.0f, {0U, 1U, 0U, 0U}},
    {0.3f, {0U, 1U, 0U, 0U}},
    {0.49f, {0U, 1U, 0U, 0U}},
    {0.51f, {0U, 1U, 0U, 1U}},
    {0.74f, {0U, 1U, 0U, 1U}},
    {0.8f, {1U, 1U, 0U, 1U}}, // Lower index first
    {0.9f, {1U, 1U, 1U, 1U}},
    {1.0f, {1U, 1U, 1U, 1U}},
    {NAN, {1U, 1U, 1U, 1U}},
    {-1.0f, {0U, 1U, 0U, 0U}},
  };
  static const double shares[4] = {0.125, 0.5, 0.125, 0.25};
  for (size_t c = 0U; c < sizeof(cases) / sizeof(cases[0]); ++c) {
    const PickRule rule  = {NULL, 1.0f, cases[c].top_p};
    double         total = 0.0;
    for (uint32_t i = 0U; i < 4U; ++i) {
      total += cases[c].kept[i] ? shares[i] : 0.0;
    }
    count(&rule, logits, 4U, counts);
    for (uint32_t i = 0U; i < 4U; ++i) {
      check_share(counts[i], cases[c].kept[i] ? shares[i] / total : 0.0);
    }
  }
}

/// The nucleus the slow way: take the likeliest until it is enough
static void
keep_slowly(const uint32_t* const weights,
            const uint32_t        n,
            const uint64_t        enough,
            bool* const           is_kept)
{
  uint64_t sum = 0U;
  memset(is_kept, 0, n * sizeof(*is_kept));
  while (sum < enough) {
    uint32_t best = n;
    for (uint32_t i = 0U; i < n; ++i) {
      if (!is_kept[i] && (best == n || weights[i] > weights[best])) {
        best = i;
      }
    }
    is_kept[best] = true;
    sum += weights[best];
  }
}

static void
test_top_p_against_the_slow_way(void)
{
  float    logits[V];
  uint32_t weights[V];
  bool     is_kept[V];
  for (uint32_t s = 0U; s < 500U; ++s) {
    const uint64_t key  = rng_seed(s);
    const PickRule rule = {
      NULL, 1.0f, (float)rng_below(key, 0U, 1024U) / 1024.0f};
    for (uint32_t i = 0U; i < V; ++i) {
      logits[i] = (float)rng_below(key, i + 1U, 12U); // Many are equal
    }

    (void)pick(&rule, logits, V, 0U, weights);
    uint64_t total = 0U;
    for (uint32_t i = 0U; i < V; ++i) {
      total += weights[i];
    }
    uint64_t enough = total * (uint64_t)(rule.top_p * 1024.0f) / 1024U;
    enough          = enough ? enough : 1U;
    keep_slowly(weights, V, enough, is_kept);

    bool was_seen[V] = {false};
    for (uint32_t i = 0U; i < 2000U; ++i) {
      const uint32_t c = pick(&rule, logits, V, i * 2147483U, weights);
      CHECK(c < V && is_kept[c < V ? c : 0U]);
      was_seen[c < V ? c : 0U] = true;
    }
    for (uint32_t i = 0U; i < V; ++i) {
      // One in a hundred is seen among two thousand even steps
      CHECK(was_seen[i] || !is_kept[i] || weights[i] < total / 100U);
    }
  }
}

/// What is never allowed changes nothing, whatever the instruction set
static void
test_many_classes_are_picked_from_as_few_are(void)
{
  enum { FEW_CLASSES = 97, MANY = 400 };
  for (uint32_t trial = 0U; trial < 400U; ++trial) {
    const uint64_t key = rng_seed(900U + trial);
    float          logits[MANY];
    uint8_t        allowed[MANY] = {0U};
    uint32_t       weights[MANY];
    for (uint32_t i = 0U; i < MANY; ++i) {
      // Some alike, some far off
      logits[i]  = (float)rng_below(key, i, trial % 3U ? 40U : 2000U) / 16.0f;
      allowed[i] = i < FEW_CLASSES && rng_below(key + 1U, i, 5U);
    }
    PickRule rule = {allowed, 1.0f, 0.0f};
    for (uint32_t j = 0U; j < 20U; ++j) {
      const uint32_t random = rng_u32(key + 2U, j);
      rule.top_p            = (float)j / 20.0f;
      CHECK(isa_use(ISA_PLAIN));
      const uint32_t picked = pick(&rule, logits, FEW_CLASSES, random, weights);
      for (int isa = ISA_PLAIN; isa < N_ISAS; ++isa) {
        if (isa_use((Isa)isa)) {
          CHECK(pick(&rule, logits, FEW_CLASSES, random, weights) == picked);
          CHECK(pick(&rule, logits, MANY, random, weights) == picked);
        }
      }
    }
  }
}

static void
test_cold_and_hot(void)
{
  const float logits[4] = {1.0f, 3.0f, 3.0f, 2.0f};
  uint32_t    counts[V];

  static const float frozen[] = {0.0f, -1.0f, 1e-30f, NAN};
  for (unsigned i = 0U; i < 4U; ++i) {
    const PickRule rule = {NULL, frozen[i], 1.0f};
    count(&rule, logits, 4U, counts);
    CHECK(counts[1] == N_DRAWS); // Of equals the first
  }

  const PickRule cold = {NULL, 0.01f, 1.0f};
  count(&cold, logits, 4U, counts);
  CHECK(counts[1] + counts[2] == N_DRAWS && counts[1] && counts[2]);

  const PickRule hot = {NULL, INFINITY, 1.0f};
  count(&hot, logits, 4U, counts);
  check_share(counts[0], 0.25);
}

static void
test_far_below_is_never_chosen(void)
{
  const float logits[3] = {0.0f, -3e38f, -INFINITY};
  uint32_t    counts[V];
  count(&plain, logits, 3U, counts);
  CHECK(counts[0] == N_DRAWS);

  const float    all_far[3] = {-3e38f, -3.1e38f, -INFINITY};
  const PickRule rule       = {NULL, 0.5f, 0.5f};
  count(&rule, all_far, 3U, counts);
  CHECK(counts[0] == N_DRAWS);
}

static void
test_strange_logits(void)
{
  const float some[3]   = {NAN, 1.0f, NAN};
  const float none[3]   = {NAN, NAN, NAN};
  const float upmost[3] = {1.0f, INFINITY, INFINITY};
  uint32_t    counts[V];

  count(&plain, some, 3U, counts);
  CHECK(counts[1] == N_DRAWS);
  count(&plain, none, 3U, counts);
  CHECK(counts[0] == N_DRAWS);
  count(&plain, upmost, 3U, counts);
  CHECK(counts[0] == 0U);
}

static void
test_same_choices_everywhere(void)
{
  // A number that stands for many choices of all kinds
  uint64_t digest = 0U;
  float    logits[V];
  uint8_t  allowed[V];
  uint32_t weights[V];
  for (uint32_t s = 0U; s < 2000U; ++s) {
    const uint64_t key  = rng_seed(s);
    const PickRule rule = {allowed,
                           0.3f + (float)rng_below(key, 1U, 200U) / 128.0f,
                           0.5f + (float)rng_below(key, 2U, 600U) / 1024.0f};
    for (uint32_t i = 0U; i < V; ++i) {
      logits[i]  = (float)rng_below(key, 10U + i, 1U << 20U) / 100000.0f;
      allowed[i] = (uint8_t)(rng_below(key, 100U + i, 3U) != 0U);
    }
    digest = rng_key(digest, pick(&rule, logits, V, rng_u32(key, 3U), weights));
  }
  printf("# digest %016llx\n", (unsigned long long)digest);
  CHECK(digest == UINT64_C(0x33621BF29587E7DD));
}

int
main(void)
{
  RUN(test_shares_are_the_softmax);
  RUN(test_random_number_runs_through_the_classes);
  RUN(test_mask_is_kept_to);
  RUN(test_one_or_none_allowed);
  RUN(test_top_p_keeps_the_fewest_that_suffice);
  RUN(test_top_p_against_the_slow_way);
  RUN(test_many_classes_are_picked_from_as_few_are);
  RUN(test_cold_and_hot);
  RUN(test_far_below_is_never_chosen);
  RUN(test_strange_logits);
  RUN(test_same_choices_everywhere);
  CHECK_END();
}
