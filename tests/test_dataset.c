// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "learn/dataset.h"

#include <string.h>

static void
test_holds_what_was_added(void)
{
  Dataset set;
  dataset_init(&set, 300U, 2U, 3U, 5U);
  for (uint32_t s = 0U; s < 100U; ++s) {
    for (uint32_t i = 0U; i <= s; ++i) {
      const int8_t   dense[3] = {(int8_t)s, -1, 0};
      const uint16_t hot[2]   = {(uint16_t)s, (uint16_t)i};
      uint32_t       i_row    = 99999U;
      CHECK(!dataset_add_row(&set, dense, &i_row));
      CHECK(i_row == s); // The same row is not kept twice
      CHECK(!dataset_add_step(&set, hot, i_row, (uint16_t)(i % 5U)));
    }
    const Sequence sequence = {7U, s + 1U, s, 3U, SPLIT_TRAIN, 1.5f};
    CHECK(!dataset_add_sequence(&set, sequence));
  }

  CHECK(set.n_steps == 5050U);
  CHECK(set.n_rows == 100U);
  CHECK(set.n_sequences == 100U);
  for (uint32_t s = 0U; s < 100U; ++s) {
    const Sequence* const sequence = &set.sequence[s];
    CHECK(sequence->i_step == s * (s + 1U) / 2U);
    CHECK(sequence->n_steps == s + 1U);
    for (uint32_t i = 0U; i <= s; ++i) {
      const uint32_t at = sequence->i_step + i;
      CHECK(set.hot[2U * at] == s && set.hot[2U * at + 1U] == i);
      CHECK(set.target[at] == i % 5U);
      CHECK(set.dense[3U * set.row[at]] == (int8_t)s);
    }
  }
  dataset_clear(&set);
  CHECK(!set.hot && !set.n_steps);
}

static void
test_refuses_what_is_out_of_range(void)
{
  Dataset set;
  dataset_init(&set, 10U, 1U, 1U, 4U);
  const int8_t   dense = 1;
  uint32_t       i_row = 0U;
  const uint16_t good  = 9U;
  const uint16_t bad   = 10U;
  CHECK(dataset_add_step(&set, &good, 0U, 0U) == STATUS_BAD_ARG); // No row
  CHECK(!dataset_add_row(&set, &dense, &i_row));
  CHECK(dataset_add_step(&set, &bad, i_row, 0U) == STATUS_BAD_ARG);
  CHECK(dataset_add_step(&set, &good, i_row, 4U) == STATUS_BAD_ARG);
  CHECK(!dataset_add_step(&set, &good, i_row, 3U));
  CHECK(!dataset_add_step(&set, &good, i_row, NO_TARGET));
  CHECK(set.n_steps == 2U);

  Sequence sequence = {0U, 3U, 0U, 0U, SPLIT_TRAIN, 1.0f};
  CHECK(dataset_add_sequence(&set, sequence) == STATUS_BAD_ARG);
  sequence.n_steps = 0U;
  CHECK(dataset_add_sequence(&set, sequence) == STATUS_BAD_ARG);
  sequence.n_steps = 2U;
  sequence.split   = N_SPLITS;
  CHECK(dataset_add_sequence(&set, sequence) == STATUS_BAD_ARG);
  sequence.split = SPLIT_HELD_OUT;
  CHECK(!dataset_add_sequence(&set, sequence));
  CHECK(set.n_sequences == 1U && set.sequence[0].i_step == 0U);
  dataset_clear(&set);
}

static void
test_without_dense_inputs(void)
{
  Dataset set;
  dataset_init(&set, 4U, 1U, 0U, 4U);
  uint32_t       i_row = 7U;
  const int8_t   none  = 0;
  const uint16_t hot   = 2U;
  CHECK(!dataset_add_row(&set, &none, &i_row));
  CHECK(i_row == 0U);
  CHECK(!dataset_add_row(&set, &none, &i_row));
  CHECK(i_row == 0U && set.n_rows == 1U);
  CHECK(!dataset_add_step(&set, &hot, i_row, 1U));
  dataset_clear(&set);
}

static void
test_clear_of_nothing(void)
{
  Dataset set;
  memset(&set, 0, sizeof(set));
  dataset_clear(&set);
  dataset_clear(&set);
  CHECK(!set.n_sequences);
}

int
main(void)
{
  RUN(test_holds_what_was_added);
  RUN(test_refuses_what_is_out_of_range);
  RUN(test_without_dense_inputs);
  RUN(test_clear_of_nothing);
  CHECK_END();
}
