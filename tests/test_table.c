// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/table.h"

#include "base/rng.h"
#include "nn/isa.h"

#include <stdbool.h>
#include <string.h>

#define C 40U
#define G (3U * TABLE_BLOCK)
#define MAX_HOT 700U

static int8_t   columns[(C + 1U) * G];
static int32_t  others[G];
static uint16_t hot[MAX_HOT];

static void
make_table(const bool is_extreme)
{
  const uint64_t key = rng_seed(3U);
  for (uint32_t i = 0U; i < C * G; ++i) {
    columns[i] =
      is_extreme ? INT8_MIN : (int8_t)((int32_t)rng_below(key, i, 256U) - 128);
  }
  for (uint32_t g = 0U; g < G; ++g) {
    others[g] = (int32_t)rng_below(key + 1U, g, 2000000U) - 1000000;
  }
  for (uint32_t k = 0U; k < MAX_HOT; ++k) {
    hot[k] = (uint16_t)rng_below(key + 2U, k, C);
  }
}

/// Whether the loops in use are right about the first `n_hot`
static bool
is_right(const uint32_t n_hot)
{
  int32_t sums[G];
  memset(sums, 0x55, sizeof(sums));
  table_sum(columns, C, G, hot, n_hot, others, sums);
  for (uint32_t g = 0U; g < G; ++g) {
    int32_t sum = others[g];
    for (uint32_t k = 0U; k < n_hot; ++k) {
      sum += TABLE_STEPS * columns[hot[k] * G + g];
    }
    if (sums[g] != sum) {
      return false;
    }
  }
  return true;
}

static void
check_all(void)
{
  static const uint32_t n_hots[] = {
    0U, 1U, 2U, 3U, 4U, 5U, 15U, 16U, 251U, 252U, 253U, 255U, 256U, 257U, 700U};
  for (int isa = ISA_PLAIN; isa < N_ISAS; ++isa) {
    if (isa_use((Isa)isa)) {
      for (uint32_t i = 0U; i < sizeof(n_hots) / sizeof(n_hots[0]); ++i) {
        CHECK(is_right(n_hots[i]));
      }
    }
  }
}

static void
test_columns_are_summed_up(void)
{
  make_table(false);
  check_all();
}

static void
test_nothing_is_cut_off(void)
{
  make_table(true);
  check_all();
}

int
main(void)
{
  RUN(test_columns_are_summed_up);
  RUN(test_nothing_is_cut_off);
  CHECK_END();
}
