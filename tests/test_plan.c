// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "play/plan.h"

static Plan plan;

static Request
request_of(const int32_t i_phrase)
{
  Request request;
  request.part     = PART_MELODY;
  request.i_phrase = i_phrase;
  request.metre    = (Metre){4U, 4U};
  request.reroll   = 0U;
  mix_init(&request.mix);
  return request;
}

static int
find(const int32_t i_phrase)
{
  const Request request = request_of(i_phrase);
  return plan_find(&plan, &request);
}

static int
lend(const int32_t i_phrase)
{
  const Request request = request_of(i_phrase);
  return plan_lend(&plan, &request);
}

/// The worker's answer to the last question that a slot was lent for
static bool
answer(const int i_slot, const bool is_composed)
{
  return plan_answer(
    &plan, (uint32_t)i_slot, plan.slots[i_slot].serial, is_composed);
}

/// Phrases 0 .. 63, all there, each touched in a round of its own
static void
fill(void)
{
  plan_init(&plan);
  for (int32_t i = 0; i < (int32_t)PLAN_N_SLOTS; ++i) {
    plan_begin(&plan);
    CHECK(answer(lend(i), true));
  }
}

static void
test_starts_empty(void)
{
  plan_init(&plan);
  CHECK(find(0) == -1);
  CHECK(!plan_phrase(&plan, -1));
  for (int i = 0; i < (int)PLAN_N_SLOTS; ++i) {
    CHECK(plan.slots[i].state == SLOT_FREE);
    CHECK(!plan_phrase(&plan, i));
  }
}

static void
test_lends_and_takes_the_answer(void)
{
  plan_init(&plan);
  const int i_slot = lend(7);
  CHECK(i_slot >= 0 && i_slot < (int)PLAN_N_SLOTS);
  CHECK(plan.slots[i_slot].state == SLOT_ASKED);
  CHECK(plan.slots[i_slot].request.i_phrase == 7);

  // It is on its way: nobody needs to ask again
  CHECK(find(7) == i_slot);
  CHECK(!plan_phrase(&plan, i_slot));

  CHECK(answer(i_slot, true));
  CHECK(find(7) == i_slot && find(8) == -1);
  CHECK(plan_phrase(&plan, i_slot) == &plan.slots[i_slot].phrase);
}

static void
test_a_failure_frees_the_slot(void)
{
  plan_init(&plan);
  const int i_slot = lend(7);
  CHECK(!answer(i_slot, false));
  CHECK(plan.slots[i_slot].state == SLOT_FREE);
  CHECK(find(7) == -1 && !plan_phrase(&plan, i_slot));
}

static void
test_an_old_answer_is_forgotten(void)
{
  plan_init(&plan);
  const int      i_slot = lend(7);
  const uint32_t old    = plan.slots[i_slot].serial;
  CHECK(!answer(i_slot, false));
  CHECK(lend(8) == i_slot && plan.slots[i_slot].serial != old);
  CHECK(!plan_answer(&plan, (uint32_t)i_slot, old, true));
  CHECK(plan.slots[i_slot].state == SLOT_FREE);
  CHECK(find(7) == -1 && find(8) == -1);
}

static void
test_answers_that_nobody_waits_for(void)
{
  plan_init(&plan);
  CHECK(!plan_answer(&plan, 0U, 0U, true));
  CHECK(!plan_answer(&plan, 3U, 1U, true));
  CHECK(!plan_answer(&plan, PLAN_N_SLOTS, 1U, true));
  CHECK(!plan_answer(&plan, UINT32_MAX, 1U, true));
  for (unsigned i = 0U; i < PLAN_N_SLOTS; ++i) {
    CHECK(plan.slots[i].state == SLOT_FREE);
  }

  // What is there stays there
  const int i_slot = lend(7);
  CHECK(answer(i_slot, true));
  CHECK(!answer(i_slot, true) && !answer(i_slot, false));
  CHECK(find(7) == i_slot && plan_phrase(&plan, i_slot));
}

static void
test_serials_differ_and_are_never_zero(void)
{
  plan_init(&plan);
  plan.serial   = UINT32_MAX - 2U;
  uint32_t last = plan.serial;
  for (int32_t i = 0; i < 8; ++i) {
    const int i_slot = lend(i);
    CHECK(plan.slots[i_slot].serial && plan.slots[i_slot].serial != last);
    last = plan.slots[i_slot].serial;
    CHECK(find(i) == i_slot);
  }
}

static void
test_equal_requests_are_equal_in_every_field(void)
{
  plan_init(&plan);
  const Request asked  = request_of(7);
  const int     i_slot = plan_lend(&plan, &asked);
  CHECK(plan_find(&plan, &asked) == i_slot);

  Request others[6];
  for (unsigned i = 0U; i < 6U; ++i) {
    others[i] = asked;
  }
  others[0].part          = PART_DRUMS;
  others[1].i_phrase      = -7;
  others[2].metre.n_beats = 3U;
  others[3].metre.unit    = 8U;
  others[4].reroll        = 1U;
  others[5].reroll        = 256U;
  for (unsigned i = 0U; i < 6U; ++i) {
    CHECK(plan_find(&plan, &others[i]) == -1);
  }

  for (size_t i = 0U; i < sizeof(Mix); ++i) {
    Request other = asked;
    ((uint8_t*)&other.mix)[i] ^= 1U;
    CHECK(plan_find(&plan, &other) == -1);
  }
}

static void
test_no_room_when_all_is_lent(void)
{
  plan_init(&plan);
  bool is_lent[PLAN_N_SLOTS] = {false};
  for (int32_t i = 0; i < (int32_t)PLAN_N_SLOTS; ++i) {
    const int i_slot = lend(i);
    CHECK(i_slot >= 0 && !is_lent[i_slot]);
    is_lent[i_slot] = true;
  }
  for (int round = 0; round < 3; ++round) {
    plan_begin(&plan);
    CHECK(lend(99) == -1);
  }
  for (int32_t i = 0; i < (int32_t)PLAN_N_SLOTS; ++i) {
    CHECK(plan.slots[i].state == SLOT_ASKED && find(i) >= 0);
  }

  // Also not when nobody counts on the answers: the worker still writes there
  plan_give_up(&plan);
  plan_begin(&plan);
  CHECK(lend(99) == -1);
  plan_forget(&plan);
  CHECK(lend(99) == -1);

  CHECK(!answer(20, true));
  CHECK(lend(99) == 20);
}

static void
test_the_longest_untouched_makes_room(void)
{
  fill();

  // The first four were looked for again, the others in the order of filling
  for (int32_t i = 0; i < 4; ++i) {
    plan_begin(&plan);
    CHECK(find(i) == i);
  }
  for (int32_t i = 0; i < 8; ++i) {
    plan_begin(&plan);
    const int i_slot = lend(100 + i);
    CHECK(i_slot == i + 4);
    CHECK(find(i + 4) == -1 && find(100 + i) == i_slot);
    CHECK(!plan_phrase(&plan, i_slot));
  }
  CHECK(find(0) == 0 && find(3) == 3 && find(12) == 12);
}

static void
test_what_is_in_use_is_not_given_away(void)
{
  fill();
  plan_begin(&plan);
  for (int32_t i = 0; i < (int32_t)PLAN_N_SLOTS; ++i) {
    CHECK(find(i) == i);
  }
  CHECK(lend(99) == -1);
  for (int i = 0; i < (int)PLAN_N_SLOTS; ++i) {
    CHECK(plan_phrase(&plan, i));
  }

  // All but one
  plan_begin(&plan);
  for (int32_t i = 0; i < (int32_t)PLAN_N_SLOTS; ++i) {
    CHECK(i == 41 || find(i) == i);
  }
  CHECK(lend(99) == 41 && answer(41, true));
  CHECK(lend(98) == -1);
}

static void
test_the_moment_wraps_round(void)
{
  plan_init(&plan);
  plan.moment = UINT32_MAX - 31U;
  for (int32_t i = 0; i < (int32_t)PLAN_N_SLOTS; ++i) {
    plan_begin(&plan);
    CHECK(answer(lend(i), true));
  }
  plan_begin(&plan);
  CHECK(lend(99) == 0);
  CHECK(lend(98) == 1);
}

static void
test_free_slots_go_first(void)
{
  fill();
  plan_begin(&plan);
  const int i_slot = lend(99);
  CHECK(i_slot == 0 && !answer(i_slot, false));
  plan_begin(&plan);
  CHECK(lend(98) == 0 && find(1) == 1);
}

static void
test_takes_back_what_was_not_sent(void)
{
  plan_init(&plan);
  const int      i_slot = lend(7);
  const uint32_t serial = plan.slots[i_slot].serial;
  plan_take_back(&plan, i_slot);
  CHECK(find(7) == -1 && !plan_phrase(&plan, i_slot));
  CHECK(!plan_answer(&plan, (uint32_t)i_slot, serial, true));
  CHECK(lend(7) == i_slot && plan.slots[i_slot].serial != serial);
}

static void
test_a_lost_answer_is_welcome(void)
{
  plan_init(&plan);
  const int there = lend(1);
  CHECK(answer(there, true));
  const int lost = lend(2);
  plan_give_up(&plan);
  CHECK(find(1) == there && plan_phrase(&plan, there));

  // It may be asked for again, in another slot
  CHECK(find(2) == -1 && !plan_phrase(&plan, lost));
  CHECK(plan.slots[lost].state == SLOT_LOST);
  const int again = lend(3);
  CHECK(again != lost);

  CHECK(answer(lost, true));
  CHECK(find(2) == lost && plan_phrase(&plan, lost));
  CHECK(find(3) == again);
}

static void
test_a_lost_failure_frees_the_slot(void)
{
  plan_init(&plan);
  const int lost = lend(2);
  plan_give_up(&plan);
  plan_give_up(&plan);
  CHECK(!answer(lost, false));
  CHECK(plan.slots[lost].state == SLOT_FREE && find(2) == -1);
}

static void
test_forgets_what_other_models_made(void)
{
  plan_init(&plan);
  const int there = lend(1);
  CHECK(answer(there, true));
  const int lost = lend(2);
  plan_give_up(&plan);
  const int      asked  = lend(3);
  const uint32_t first  = plan.slots[lost].serial;
  const uint32_t second = plan.slots[asked].serial;

  plan_forget(&plan);
  CHECK(find(1) == -1 && find(2) == -1 && find(3) == -1);
  CHECK(!plan_phrase(&plan, there));

  // The worker still has two; they come back as nothing
  CHECK(lend(3) == there);
  CHECK(!plan_answer(&plan, (uint32_t)lost, first, true));
  CHECK(!plan_answer(&plan, (uint32_t)asked, second, true));
  CHECK(find(2) == -1 && find(3) == there);
  CHECK(plan.slots[lost].state == SLOT_FREE);
  CHECK(plan.slots[asked].state == SLOT_FREE);
  CHECK(answer(there, true));

  // Not even an answer to question 0
  const int i_slot = lend(4);
  plan_forget(&plan);
  CHECK(!plan_answer(&plan, (uint32_t)i_slot, 0U, true));
  CHECK(find(4) == -1);
}

static void
test_far_apart_are_told_apart(void)
{
  // What is looked at first of a request is one byte of it
  plan_init(&plan);
  plan_begin(&plan);
  const int32_t far[] = {7, 7 + 128, 7 - 128, 7 + 65536};
  int           i_slots[4];
  for (unsigned i = 0U; i < 4U; ++i) {
    CHECK(find(far[i]) == -1);
    i_slots[i] = lend(far[i]);
  }
  for (unsigned i = 0U; i < 4U; ++i) {
    CHECK(i_slots[i] >= 0 && find(far[i]) == i_slots[i]);
  }
}

int
main(void)
{
  RUN(test_starts_empty);
  RUN(test_lends_and_takes_the_answer);
  RUN(test_a_failure_frees_the_slot);
  RUN(test_an_old_answer_is_forgotten);
  RUN(test_answers_that_nobody_waits_for);
  RUN(test_serials_differ_and_are_never_zero);
  RUN(test_equal_requests_are_equal_in_every_field);
  RUN(test_no_room_when_all_is_lent);
  RUN(test_the_longest_untouched_makes_room);
  RUN(test_what_is_in_use_is_not_given_away);
  RUN(test_the_moment_wraps_round);
  RUN(test_free_slots_go_first);
  RUN(test_takes_back_what_was_not_sent);
  RUN(test_a_lost_answer_is_welcome);
  RUN(test_a_lost_failure_frees_the_slot);
  RUN(test_forgets_what_other_models_made);
  RUN(test_far_apart_are_told_apart);
  CHECK_END();
}
