// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"

#define N 100000U

static void
test_first_numbers_stay_what_they_are(void)
{
  // Songs that people kept depend on these
  const uint64_t key = rng_key(rng_seed(1U), 2U);
  CHECK(rng_seed(0U) == UINT64_C(0xE220A8397B1DCDAF)); // SplitMix64's first
  CHECK(key == UINT64_C(0xE6D5BF64A614492C));
  CHECK(rng_u32(key, 0U) == 0xAF14CFA2U);
  CHECK(rng_u32(key, 1U) == 0xEB464123U);
}

static void
test_below_is_below_and_even(void)
{
  uint32_t counts[7] = {0U, 0U, 0U, 0U, 0U, 0U, 0U};
  for (uint32_t i = 0U; i < N; ++i) {
    const uint32_t n = rng_below(rng_seed(3U), i, 7U);
    CHECK(n < 7U);
    ++counts[n < 7U ? n : 0U];
  }
  for (uint32_t n = 0U; n < 7U; ++n) {
    // Five standard deviations
    NEAR(counts[n], N / 7.0, 5.0 * sqrt(N * (1.0 / 7.0) * (6.0 / 7.0)));
  }
  CHECK(rng_below(rng_seed(3U), 9U, 1U) == 0U);
}

static void
test_every_bit_is_set_half_the_time(void)
{
  const uint64_t keys[] = {
    rng_seed(0U), rng_seed(1U), rng_key(rng_seed(0U), 0U), rng_key(0U, 1U)};
  for (unsigned k = 0U; k < 4U; ++k) {
    for (uint32_t bit = 0U; bit < 32U; ++bit) {
      uint32_t count = 0U;
      for (uint32_t i = 0U; i < N; ++i) {
        count += (rng_u32(keys[k], i) >> bit) & 1U;
      }
      NEAR(count, N / 2.0, 5.0 * sqrt(N / 4.0));
    }
  }
}

static void
test_neighbouring_keys_have_nothing_in_common(void)
{
  // Seeds, names and both: half of the bits differ
  uint64_t changed = 0U;
  for (uint32_t i = 0U; i < 1000U; ++i) {
    const uint64_t key = rng_seed(i);
    changed += (uint64_t)__builtin_popcountll(key ^ rng_seed(i + 1U));
    changed +=
      (uint64_t)__builtin_popcountll(rng_key(key, i) ^ rng_key(key, i + 1U));
    changed +=
      (uint64_t)__builtin_popcountll(rng_key(i, 5U) ^ rng_key(i + 1U, 5U));
    changed +=
      (uint64_t)__builtin_popcountll(rng_key(i + 1U, i) ^ rng_key(i, i + 1U));
  }
  NEAR(changed, 4000.0 * 32.0, 5.0 * sqrt(4000.0 * 16.0));
}

static void
test_keys_are_paths_not_sums(void)
{
  const uint64_t key = rng_seed(42U);
  CHECK(rng_key(rng_key(key, 1U), 2U) != rng_key(rng_key(key, 2U), 1U));
  CHECK(rng_key(key, 0U) != key);
  CHECK(rng_u32(key, 0U) != rng_u32(rng_key(key, 0U), 0U));
}

int
main(void)
{
  RUN(test_first_numbers_stay_what_they_are);
  RUN(test_below_is_below_and_even);
  RUN(test_every_bit_is_set_half_the_time);
  RUN(test_neighbouring_keys_have_nothing_in_common);
  RUN(test_keys_are_paths_not_sums);
  CHECK_END();
}
