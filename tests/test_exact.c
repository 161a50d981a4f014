// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/exact.h"

#include "base/rng.h"

/// What the header promises
#define MAX_SIGMOID_ERROR 1e-7
#define MAX_TANH_ERROR 1e-7
#define MAX_EXP_ERROR 1e-7
#define MAX_ROOT_ERROR 2e-7

/// A number that stands for every result of a curve so far
static uint64_t
digest(const uint64_t before, const float x)
{
  return rng_key(before, exact_bits(x));
}

typedef struct {
  double   sigmoid;
  double   tanh;
  double   exp; ///< Relative
  uint64_t digest;
} Errors;

static void
look_at(Errors* const errors, const float x)
{
  const float s = exact_sigmoid(x);
  const float t = exact_tanh(x);
  const float e = exact_exp(x);

  errors->sigmoid =
    fmax(errors->sigmoid, fabs((double)s - 1.0 / (1.0 + exp(-(double)x))));
  errors->tanh = fmax(errors->tanh, fabs((double)t - tanh((double)x)));
  if (fabsf(x) <= EXACT_MAX_EXP) {
    const double truth = exp((double)x);
    errors->exp        = fmax(errors->exp, fabs((double)e - truth) / truth);
  }
  errors->digest = digest(digest(digest(errors->digest, s), t), e);
}

static void
test_errors_are_as_promised(void)
{
  Errors errors = {0.0, 0.0, 0.0, 0U};

  // Every float is near to one of these: 512 steps in each octave, both signs
  for (uint32_t bits = 0U; bits <= 0x7F800000U; bits += 1U << 14U) {
    look_at(&errors, exact_float(bits));
    look_at(&errors, exact_float(bits | 0x80000000U));
  }
  // And where the curves bend, densely
  for (int32_t i = -2000000; i <= 2000000; ++i) {
    look_at(&errors, (float)i * 1e-5f);
  }
  printf("# sigmoid %.3g, tanh %.3g, exp %.3g (relative)\n",
         errors.sigmoid,
         errors.tanh,
         errors.exp);
  CHECK(errors.sigmoid <= MAX_SIGMOID_ERROR);
  CHECK(errors.tanh <= MAX_TANH_ERROR);
  CHECK(errors.exp <= MAX_EXP_ERROR);

  // The same bits on every machine
  printf("# digest %016llx\n", (unsigned long long)errors.digest);
  CHECK(errors.digest == UINT64_C(0x6F2F26852DE889E5));
}

static void
test_ends(void)
{
  const float big[] = {90.0f, 1e10f, 3e38f, INFINITY};
  for (unsigned i = 0U; i < 4U; ++i) {
    CHECK(exact_sigmoid(big[i]) == 1.0f);
    CHECK(exact_sigmoid(-big[i]) >= 0.0f && exact_sigmoid(-big[i]) < 1e-37f);
    CHECK(exact_tanh(big[i]) == 1.0f);
    CHECK(exact_tanh(-big[i]) == -1.0f);
    CHECK(exact_exp(big[i]) == exact_exp(EXACT_MAX_EXP));
    CHECK(exact_exp(-big[i]) == exact_exp(-EXACT_MAX_EXP));
  }
  CHECK(isfinite(exact_exp(INFINITY)));
  CHECK(isnormal(exact_exp(-INFINITY)));
}

static void
test_middles(void)
{
  const float small[] = {0.0f, 1e-45f, 1e-40f, 1e-20f};
  for (unsigned i = 0U; i < 4U; ++i) {
    CHECK(exact_sigmoid(small[i]) == 0.5f);
    CHECK(exact_exp(small[i]) == 1.0f);
    CHECK(exact_tanh(small[i]) == 0.0f);
    CHECK(exact_tanh(-small[i]) == 0.0f);
  }
}

static void
test_not_a_number_does_no_harm(void)
{
  CHECK(isfinite(exact_exp(NAN)));
  CHECK(isfinite(exact_sigmoid(NAN)));
  CHECK(fabsf(exact_tanh(NAN)) <= 1.0f);
  CHECK(abs(exact_round(NAN)) == 127);
}

static void
test_curves_rise(void)
{
  // Not every step up in x is one in y, but none leads down by more than one
  // step of the last bit
  float s = 0.0f;
  float t = -1.0f;
  for (int32_t i = -200000; i <= 200000; ++i) {
    const float x  = (float)i * 1e-4f;
    const float s1 = exact_sigmoid(x);
    const float t1 = exact_tanh(x);
    CHECK(s1 >= s - 2e-7f && t1 >= t - 2e-7f);
    CHECK(exact_tanh(-x) == -t1);
    CHECK(s1 >= 0.0f && s1 <= 1.0f && fabsf(t1) <= 1.0f);
    s = s1;
    t = t1;
  }
}

static void
test_round(void)
{
  for (int32_t n = -127; n <= 127; ++n) {
    CHECK(exact_round((float)n) == n);
    CHECK(exact_round((float)n + 0.375f) == n);
    CHECK(exact_round((float)n - 0.375f) == n);
    const int32_t away = n < 0 ? n - 1 : n + 1;
    const float   half = n < 0 ? (float)n - 0.5f : (float)n + 0.5f;
    CHECK(exact_round(half) == (away > 127 ? 127 : away < -127 ? -127 : away));
  }
  CHECK(exact_round(0.5f) == 1 && exact_round(-0.5f) == -1);
  CHECK(exact_round(0.25f) == 0 && exact_round(-0.0f) == 0);
  CHECK(exact_round(1e30f) == 127 && exact_round(-INFINITY) == -127);
}

static void
test_root_is_as_promised(void)
{
  double   worst = 0.0;
  uint64_t all   = 0U;
  for (uint32_t bits = 1U << 23U; bits < 0x7F800000U; bits += 4099U) {
    const float  x     = exact_float(bits);
    const float  root  = exact_root(x);
    const double truth = sqrt((double)x);
    worst              = fmax(worst, fabs((double)root - truth) / truth);
    all                = digest(all, root);
  }
  printf("# root %.3g (relative), %016llx\n", worst, (unsigned long long)all);
  CHECK(worst < MAX_ROOT_ERROR);
  CHECK(all == UINT64_C(0x3b9ca60fa020bcd0));

  for (uint32_t n = 1U; n < 4096U; ++n) {
    CHECK(exact_root((float)(n * n)) == (float)n);
  }
}

static void
test_hold_and_drop(void)
{
  CHECK(exact_hold(5.0f, 3.0f) == 3.0f && exact_hold(-5.0f, 3.0f) == -3.0f);
  CHECK(exact_hold(2.5f, 3.0f) == 2.5f && exact_hold(-0.5f, 3.0f) == -0.5f);
  CHECK(exact_hold(INFINITY, 3.0f) == 3.0f);
  CHECK(exact_drop(1e-3f, 1e-2f) == 0.0f && exact_drop(-1e-3f, 1e-2f) == 0.0f);
  CHECK(exact_drop(1e-2f, 1e-2f) == 1e-2f && exact_drop(-2.0f, 1.0f) == -2.0f);
}

int
main(void)
{
  RUN(test_errors_are_as_promised);
  RUN(test_ends);
  RUN(test_middles);
  RUN(test_not_a_number_does_no_harm);
  RUN(test_curves_rise);
  RUN(test_round);
  RUN(test_root_is_as_promised);
  RUN(test_hold_and_drop);
  CHECK_END();
}
