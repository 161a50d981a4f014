// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/norm.h"

#include "base/rng.h"
#include "nn/isa.h"

#include <string.h>

#define STRIDE 320U
#define ROWS 5U

/// A unit's output in standard deviations, in double
static double
normed_unit(const int8_t* const hidden, const uint32_t n, const uint32_t i)
{
  double mean     = 0.0;
  double variance = NORM_EPSILON;
  for (uint32_t h = 0U; h < n; ++h) {
    mean += hidden[h] / 127.0 / n;
  }
  for (uint32_t h = 0U; h < n; ++h) {
    variance += pow(hidden[h] / 127.0 - mean, 2.0) / n;
  }
  return (hidden[i] / 127.0 - mean) / sqrt(variance);
}

static void
test_is_near_the_formula(void)
{
  static const uint32_t sizes[] = {1U, 2U, 7U, 24U, 255U, 256U, 300U};
  for (uint32_t s = 0U; s < sizeof(sizes) / sizeof(sizes[0]); ++s) {
    for (uint32_t width = 1U; width <= 255U; width += 2U) {
      int8_t         hidden[STRIDE];
      int8_t         normed[STRIDE];
      const uint64_t key = rng_key(rng_seed(s), width);
      for (uint32_t i = 0U; i < STRIDE; ++i) {
        hidden[i] =
          (int8_t)((int32_t)rng_below(key, i, width) - (int32_t)width / 2);
      }
      norm_rows(hidden, 1U, sizes[s], STRIDE, normed);
      for (uint32_t i = 0U; i < sizes[s]; ++i) {
        const double steps = NORM_STEPS * normed_unit(hidden, sizes[s], i);
        NEAR(normed[i], fmax(-127.0, fmin(127.0, steps)), 0.5001);
      }
    }
  }
}

static void
test_alike_is_zero(void)
{
  static int8_t hidden[NORM_MAX_UNITS];
  static int8_t normed[NORM_MAX_UNITS];
  for (int value = -127; value <= 127; value += 127) {
    for (uint32_t n = 1U; n <= NORM_MAX_UNITS; n *= 4U) {
      memset(hidden, value, n);
      memset(normed, 1, n);
      norm_rows(hidden, 1U, n, NORM_MAX_UNITS, normed);
      for (uint32_t i = 0U; i < n; ++i) {
        CHECK(normed[i] == 0);
      }
    }
  }
}

static void
test_most_and_largest_do_not_overflow(void)
{
  // Half up and half down: a standard deviation each; one alone: held
  static int8_t hidden[NORM_MAX_UNITS];
  static int8_t normed[NORM_MAX_UNITS];
  for (uint32_t i = 0U; i < NORM_MAX_UNITS; ++i) {
    hidden[i] = i % 2U ? 127 : -127;
  }
  norm_rows(hidden, 1U, NORM_MAX_UNITS, NORM_MAX_UNITS, normed);
  CHECK(normed[0] == -NORM_STEPS && normed[1] == NORM_STEPS);
  CHECK(normed[NORM_MAX_UNITS - 1U] == NORM_STEPS);

  memset(hidden, -127, sizeof(hidden));
  hidden[77] = 127;
  norm_rows(hidden, 1U, NORM_MAX_UNITS, NORM_MAX_UNITS, normed);
  CHECK(normed[77] == 127 && normed[0] == 0);
}

static void
test_rows_are_apart_and_padding_is_left(void)
{
  int8_t         hidden[ROWS * STRIDE];
  int8_t         normed[ROWS * STRIDE];
  int8_t         single[STRIDE];
  const uint32_t n = 250U;
  for (uint32_t i = 0U; i < ROWS * STRIDE; ++i) {
    hidden[i] = (int8_t)((int32_t)rng_below(rng_seed(3U), i, 255U) - 127);
  }
  memset(normed, 55, sizeof(normed));
  norm_rows(hidden, ROWS, n, STRIDE, normed);
  for (uint32_t r = 0U; r < ROWS; ++r) {
    memset(single, 55, sizeof(single));
    norm_rows(hidden + r * STRIDE, 1U, n, STRIDE, single);
    CHECK(!memcmp(single, normed + r * STRIDE, STRIDE));
    CHECK(single[n] == 55 && single[STRIDE - 1U] == 55);
  }
}

static void
test_instruction_sets_agree(void)
{
  int8_t hidden[STRIDE];
  int8_t plain[STRIDE];
  int8_t other[STRIDE];
  for (uint32_t n = 1U; n <= STRIDE; n += 7U) {
    for (uint32_t i = 0U; i < STRIDE; ++i) {
      hidden[i] = (int8_t)((int32_t)rng_below(rng_seed(n), i, 255U) - 127);
    }
    CHECK(isa_use(ISA_PLAIN));
    norm_rows(hidden, 1U, n, STRIDE, plain);
    for (int isa = ISA_PLAIN; isa < N_ISAS; ++isa) {
      if (isa_use((Isa)isa)) {
        norm_rows(hidden, 1U, n, STRIDE, other);
        CHECK(!memcmp(plain, other, n));
      }
    }
  }
}

int
main(void)
{
  RUN(test_is_near_the_formula);
  RUN(test_alike_is_zero);
  RUN(test_most_and_largest_do_not_overflow);
  RUN(test_rows_are_apart_and_padding_is_left);
  RUN(test_instruction_sets_agree);
  CHECK_END();
}
