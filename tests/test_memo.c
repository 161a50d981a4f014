// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/memo.h"

#include <string.h>

static Memo memo;

static TakeKey
key_of(const uint64_t place)
{
  TakeKey key;
  memset(&key, 0, sizeof(key));
  key.place = place;
  mix_init(&key.mix);
  return key;
}

static void
add(const uint64_t place)
{
  const TakeKey key              = key_of(place);
  memo_add(&memo, &key)->n_tries = (uint32_t)place;
}

static const Take*
find(const uint64_t place)
{
  const TakeKey key = key_of(place);
  return memo_find(&memo, &key);
}

static void
test_what_was_added_is_found(void)
{
  memset(&memo, 0, sizeof(memo));
  CHECK(!find(0U));
  add(0U);
  add(7U);
  CHECK(find(0U) && find(0U)->n_tries == 0U);
  CHECK(find(7U) && find(7U)->n_tries == 7U);
  CHECK(!find(8U));
}

static void
test_every_knob_counts(void)
{
  memset(&memo, 0, sizeof(memo));
  add(1U);
  for (size_t i = 0U; i < sizeof(TakeKey); ++i) {
    TakeKey key = key_of(1U);
    ((uint8_t*)&key)[i] ^= 1U;
    CHECK(!memo_find(&memo, &key));
  }
}

static void
test_the_one_not_asked_for_makes_room(void)
{
  memset(&memo, 0, sizeof(memo));
  for (uint64_t i = 0U; i < MEMO_N_TAKES; ++i) {
    add(i);
  }
  CHECK(find(0U) != NULL);
  add(100U);
  CHECK(find(0U) && find(100U) && !find(1U) && find(2U));
}

int
main(void)
{
  RUN(test_what_was_added_is_found);
  RUN(test_every_knob_counts);
  RUN(test_the_one_not_asked_for_makes_room);
  CHECK_END();
}
