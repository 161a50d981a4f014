// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "play/schedule.h"

#define BOTH ((1U << PART_MELODY) | (1U << PART_DRUMS))

static const Metre common = {4U, 4U};

static Schedule schedule;
static Plan     plan;
static Request  asked[32];

/// A mix that no other number's is equal to
static Mix
mix_of(const uint32_t number)
{
  Mix mix;
  mix_init(&mix);
  mix.seed = number;
  return mix;
}

static Mix
mix_of_bars(const uint8_t phrase_bars)
{
  Mix mix         = mix_of(1U);
  mix.phrase_bars = phrase_bars;
  return mix;
}

/// Ask for all that is needed and have it composed; how many that was
static uint32_t
serve(const Mix* const mix)
{
  uint32_t n = 0U;
  Request  request;
  while (n < 32U && schedule_next(&schedule, &plan, mix, &request)) {
    const int i_slot = plan_lend(&plan, &request);
    CHECK(i_slot >= 0);
    CHECK(
      i_slot >= 0 &&
      plan_answer(&plan, (uint32_t)i_slot, plan.slots[i_slot].serial, true));
    asked[n++] = request;
  }
  return n;
}

static void
test_starts_at_bar_0(void)
{
  Mix mix;
  mix_init(&mix);
  schedule_init(&schedule, BOTH);
  CHECK(schedule.parts == BOTH && !schedule.is_held && !schedule.rerolls.n);
  CHECK(schedule.now.bar == 0 && schedule.next.bar == 1);
  CHECK(schedule.now.metre.n_beats == 4U && schedule.now.metre.unit == 4U);
  CHECK(mix_is_equal(&schedule.now.mix, &mix));
}

static void
test_every_bar_has_its_phrase(void)
{
  const uint8_t sizes[] = {1U, 2U, 4U, 8U};
  schedule_init(&schedule, BOTH);
  for (unsigned i = 0U; i < 4U; ++i) {
    const int32_t size = sizes[i];
    const Mix     mix  = mix_of_bars(sizes[i]);
    schedule_locate(&schedule, -40, common, &mix);
    for (int32_t bar = -40; bar < 40; ++bar) {
      const Latch* const now = &schedule.now;
      CHECK(now->bar == bar && schedule.next.bar == bar + 1);
      CHECK(now->i_bar == (uint32_t)((bar + 40) % size));
      CHECK(now->i_phrase * size + (int32_t)now->i_bar == bar);
      schedule_advance(&schedule, common, &mix);
    }
  }
}

static void
test_strange_sizes_of_phrases(void)
{
  const Mix none = mix_of_bars(0U);
  const Mix many = mix_of_bars(255U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 11, common, &none);
  CHECK(schedule.now.i_phrase == 11 && schedule.now.i_bar == 0U);
  schedule_locate(&schedule, 11, common, &many);
  CHECK(schedule.now.i_phrase == 1 && schedule.now.i_bar == 3U);
  schedule_locate(&schedule, -40000000, common, &many);
  CHECK(schedule.now.i_phrase == -5000000 && schedule.now.i_bar == 0U);
  schedule_locate(&schedule, 40000000, common, &none);
  CHECK(schedule.now.i_phrase == 40000000);
}

static void
test_a_mix_is_latched_within_the_bar_before(void)
{
  const Mix a = mix_of(1U);
  const Mix b = mix_of(2U);
  const Mix c = mix_of(3U);
  schedule_init(&schedule, BOTH);

  // After a jump both take it as it is
  schedule_locate(&schedule, 8, common, &a);
  CHECK(mix_is_equal(&schedule.now.mix, &a));
  CHECK(mix_is_equal(&schedule.next.mix, &a) && !schedule.is_latched);

  // What is read at that moment of bar 8 is for bar 9, and stands
  schedule_latch(&schedule, &b);
  CHECK(schedule.is_latched && mix_is_equal(&schedule.now.mix, &a));
  CHECK(schedule.next.bar == 9 && mix_is_equal(&schedule.next.mix, &b));
  schedule_advance(&schedule, common, &c);
  CHECK(schedule.now.bar == 9 && mix_is_equal(&schedule.now.mix, &b));

  // Bar 10 is a guess until bar 9 comes to that moment
  CHECK(schedule.next.bar == 10 && mix_is_equal(&schedule.next.mix, &c));
  CHECK(!schedule.is_latched);
  schedule_latch(&schedule, &a);
  CHECK(schedule.now.bar == 9 && mix_is_equal(&schedule.now.mix, &b));
  CHECK(schedule.next.bar == 10 && mix_is_equal(&schedule.next.mix, &a));

  schedule_locate(&schedule, 9, common, &c);
  CHECK(schedule.now.bar == 9 && mix_is_equal(&schedule.now.mix, &c));
  CHECK(mix_is_equal(&schedule.next.mix, &c) && !schedule.is_latched);
}

static void
test_the_moment_of_latching_is_off_every_beat(void)
{
  const Metre metres[] = {
    {2U, 4U}, {3U, 4U}, {4U, 4U}, {6U, 8U}, {12U, 8U}, {2U, 2U}};
  const Mix mix = mix_of(1U);
  schedule_init(&schedule, BOTH);
  for (unsigned i = 0U; i < sizeof(metres) / sizeof(metres[0]); ++i) {
    const uint32_t length = metre_bar_ticks(metres[i]);
    schedule_locate(&schedule, 0, metres[i], &mix);
    const uint32_t tick = schedule_latch_tick(&schedule);
    CHECK(tick > length / 4U && tick < length / 2U);
    CHECK(tick % 240U > 20U && tick % 240U < 220U);
  }
}

static void
test_a_size_is_latched_too(void)
{
  const Mix fours = mix_of_bars(4U);
  const Mix twos  = mix_of_bars(2U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 5, common, &fours);
  schedule_advance(&schedule, common, &twos);
  CHECK(schedule.now.i_phrase == 1 && schedule.now.i_bar == 2U);
  CHECK(schedule.next.i_phrase == 3 && schedule.next.i_bar == 1U);
}

static void
test_metre(void)
{
  const Metre waltz = {3U, 4U};
  const Metre jig   = {6U, 8U};
  const Mix   mix   = mix_of(1U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 5, waltz, &mix);
  CHECK(schedule.now.metre.n_beats == 3U && schedule.next.metre.n_beats == 3U);

  // The bar that begins is in the metre that is told for it
  schedule_advance(&schedule, jig, &mix);
  CHECK(schedule.now.metre.n_beats == 6U && schedule.now.metre.unit == 8U);
  CHECK(schedule.next.metre.n_beats == 6U && schedule.next.metre.unit == 8U);

  schedule_set_metre(&schedule, common);
  CHECK(schedule.now.bar == 6 && schedule.next.bar == 7);
  CHECK(schedule.now.metre.n_beats == 4U && schedule.now.metre.unit == 4U);
  CHECK(schedule.next.metre.n_beats == 4U && schedule.next.metre.unit == 4U);
}

static void
test_hold_keeps_the_phrase_from_the_next_latch_on(void)
{
  const Mix mix = mix_of_bars(4U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 6, common, &mix);
  schedule_advance(&schedule, common, &mix);
  CHECK(schedule.now.i_phrase == 1 && schedule.next.i_phrase == 2);
  schedule_hold(&schedule, true);
  CHECK(schedule.held == 4);
  CHECK(schedule.now.i_phrase == 1 && schedule.next.i_phrase == 2);

  // Bar 8 was latched before, and from bar 9 on it is phrase 1 again
  schedule_advance(&schedule, common, &mix);
  CHECK(schedule.now.bar == 8 && schedule.now.i_phrase == 2);
  for (int32_t bar = 9; bar < 40; ++bar) {
    schedule_hold(&schedule, true); // Nothing new
    schedule_advance(&schedule, common, &mix);
    CHECK(schedule.now.bar == bar && schedule.now.i_phrase == 1);
    CHECK(schedule.now.i_bar == (uint32_t)bar % 4U);
  }

  schedule_locate(&schedule, -3, common, &mix);
  CHECK(schedule.now.i_phrase == 1 && schedule.now.i_bar == 1U);
  CHECK(schedule.next.i_phrase == 1 && schedule.next.i_bar == 2U);

  // And no longer, but what is latched stands
  schedule_hold(&schedule, false);
  CHECK(schedule.next.i_phrase == 1);
  schedule_advance(&schedule, common, &mix);
  CHECK(schedule.now.i_phrase == 1 && schedule.next.i_phrase == -1);

  schedule_hold(&schedule, true);
  CHECK(schedule.held == 4);
  schedule_hold(&schedule, false);
  schedule_locate(&schedule, 20, common, &mix);
  schedule_hold(&schedule, true);
  CHECK(schedule.held == 20);
}

static void
test_a_reroll_is_for_what_is_not_latched(void)
{
  const Mix mix = mix_of_bars(4U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, -8, common, &mix);
  schedule_reroll(&schedule, false);
  schedule_reroll(&schedule, true);
  CHECK(rerolls_at(&schedule.rerolls, -8) == 2U);
  CHECK(rerolls_at(&schedule.rerolls, -4) == 0U);
  CHECK(schedule.now.reroll == 0U && schedule.next.reroll == 0U);

  schedule_advance(&schedule, common, &mix);
  CHECK(schedule.now.reroll == 0U && schedule.next.reroll == 2U);
  schedule_advance(&schedule, common, &mix);
  CHECK(schedule.now.reroll == 2U);
  CHECK(schedule_request(&schedule.now, PART_DRUMS).reroll == 2U);
  schedule_locate(&schedule, -4, common, &mix);
  CHECK(schedule.now.reroll == 0U);

  // It stays with the place
  schedule_locate(&schedule, -8, common, &mix);
  CHECK(schedule.now.reroll == 2U && schedule.next.reroll == 2U);
}

static void
test_a_held_phrase_is_rerolled_in_its_place(void)
{
  const Mix mix = mix_of_bars(4U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 8, common, &mix);
  schedule_hold(&schedule, true);
  schedule_locate(&schedule, 30, common, &mix);
  schedule_locate(&schedule, 31, common, &mix);
  schedule_reroll(&schedule, true);
  CHECK(rerolls_at(&schedule.rerolls, 8) == 1U);
  CHECK(rerolls_at(&schedule.rerolls, 28) == 0U);
  CHECK(rerolls_at(&schedule.rerolls, 32) == 0U);
  schedule_locate(&schedule, 33, common, &mix);
  CHECK(schedule.now.i_phrase == 2 && schedule.now.reroll == 1U);
}

static void
test_a_held_phrase_is_a_place(void)
{
  // Bars 8 .. 11 as one phrase, and 8 .. 9 where phrases are half as long
  const Mix fours = mix_of_bars(4U);
  const Mix twos  = mix_of_bars(2U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 10, common, &fours);
  schedule_hold(&schedule, true);
  schedule_locate(&schedule, 21, common, &twos);
  CHECK(schedule.now.i_phrase == 4 && schedule.now.i_bar == 1U);
}

static void
test_a_reroll_is_always_heard(void)
{
  // Where nothing of this phrase can change any more, the next one does
  const struct {
    int32_t  bar;
    bool     is_latched;
    bool     is_rolling;
    uint32_t next; ///< Rerolls of the phrase that begins with bar 4
  } rows[]      = {{0, false, true, 0U},
                   {1, true, true, 0U},
                   {2, false, true, 0U},
                   {2, true, true, 1U},
                   {2, true, false, 0U},
                   {3, false, true, 1U},
                   {3, true, true, 1U},
                   {3, false, false, 0U}};
  const Mix mix = mix_of_bars(4U);
  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    schedule_init(&schedule, BOTH);
    schedule_locate(&schedule, rows[i].bar, common, &mix);
    if (rows[i].is_latched) {
      schedule_latch(&schedule, &mix);
    }
    schedule_reroll(&schedule, rows[i].is_rolling);
    CHECK(rerolls_at(&schedule.rerolls, 0) == 1U);
    CHECK(rerolls_at(&schedule.rerolls, 4) == rows[i].next);
  }
}

static void
test_rerolls_add_up(void)
{
  Rerolls rerolls;
  rerolls.n = 0U;
  CHECK(rerolls_at(&rerolls, 0) == 0U);
  rerolls_add(&rerolls, 5, 1U);
  rerolls_add(&rerolls, -5, 3U);
  rerolls_add(&rerolls, 5, 2U);
  CHECK(rerolls.n == 2U);
  CHECK(rerolls_at(&rerolls, 5) == 3U && rerolls_at(&rerolls, -5) == 3U);
  CHECK(rerolls.rows[0].bar == -5 && rerolls.rows[1].bar == 5);

  rerolls_add(&rerolls, 5, 65532U);
  CHECK(rerolls_at(&rerolls, 5) == 65535U);
  rerolls_add(&rerolls, 5, 3U);
  CHECK(rerolls_at(&rerolls, 5) <= 65535U);
}

static void
test_the_oldest_reroll_leaves(void)
{
  Rerolls rerolls;
  rerolls.n = 0U;
  for (int32_t i = 0; i < (int32_t)MAX_REROLLS; ++i) {
    rerolls_add(&rerolls, i - 10, (uint32_t)i + 1U);
  }
  CHECK(rerolls.n == MAX_REROLLS && rerolls_at(&rerolls, -10) == 1U);

  // One that is there takes no room, and is the newest then
  rerolls_add(&rerolls, -10, 1U);
  CHECK(rerolls.n == MAX_REROLLS && rerolls_at(&rerolls, -9) == 2U);
  rerolls_add(&rerolls, 1000, 1U);
  CHECK(rerolls.n == MAX_REROLLS && rerolls_at(&rerolls, -9) == 0U);
  CHECK(rerolls_at(&rerolls, -10) == 2U && rerolls_at(&rerolls, 1000) == 1U);
  for (int32_t i = 2; i < (int32_t)MAX_REROLLS; ++i) {
    CHECK(rerolls_at(&rerolls, i - 10) == (uint32_t)i + 1U);
  }
}

static void
test_a_request_says_it_all(void)
{
  const Mix mix = mix_of(77U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 13, (Metre){7U, 8U}, &mix);
  rerolls_add(&schedule.rerolls, 12, 300U);
  schedule_locate(&schedule, 13, (Metre){7U, 8U}, &mix);
  const Request request = schedule_request(&schedule.now, PART_DRUMS);
  CHECK(request.part == PART_DRUMS && request.i_phrase == 3);
  CHECK(request.metre.n_beats == 7U && request.metre.unit == 8U);
  CHECK(request.reroll == 300U && mix_is_equal(&request.mix, &mix));
  CHECK(schedule_request(&schedule.now, PART_MELODY).part == PART_MELODY);
}

static void
test_asks_in_the_order_of_need(void)
{
  const Mix mix = mix_of_bars(4U);
  plan_init(&plan);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, -5, common, &mix);

  // Bar -5 is in phrase -2, the next bar in -1, and six more lie ahead
  CHECK(serve(&mix) == 16U);
  for (int32_t i = 0; i < 16; ++i) {
    CHECK(asked[i].i_phrase == i / 2 - 2);
    CHECK(asked[i].part == (i % 2 ? PART_DRUMS : PART_MELODY));
  }

  // Within a phrase nothing more is needed, and then one at a time
  schedule_advance(&schedule, common, &mix);
  CHECK(serve(&mix) == 0U);
  schedule_advance(&schedule, common, &mix);
  schedule_advance(&schedule, common, &mix);
  CHECK(serve(&mix) == 0U);
  schedule_advance(&schedule, common, &mix);
  CHECK(schedule.now.bar == -1);
  CHECK(serve(&mix) == 2U && asked[0].i_phrase == 6);

  // A place that was visited before has its music
  schedule_locate(&schedule, -5, common, &mix);
  CHECK(serve(&mix) == 0U);
}

static void
test_asks_only_for_its_parts(void)
{
  const Mix mix = mix_of_bars(1U);
  plan_init(&plan);
  schedule_init(&schedule, 1U << PART_DRUMS);
  schedule_locate(&schedule, 3, common, &mix);
  CHECK(serve(&mix) == 8U);
  for (int32_t i = 0; i < 8; ++i) {
    CHECK(asked[i].part == PART_DRUMS && asked[i].i_phrase == 3 + i);
  }
}

static void
test_does_not_ask_twice(void)
{
  const Mix mix = mix_of_bars(4U);
  Request   first;
  Request   second;
  plan_init(&plan);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 3, common, &mix);
  CHECK(schedule_next(&schedule, &plan, &mix, &first));
  CHECK(schedule_next(&schedule, &plan, &mix, &second));
  CHECK(first.part == second.part && first.i_phrase == second.i_phrase);

  const int i_slot = plan_lend(&plan, &first);
  CHECK(schedule_next(&schedule, &plan, &mix, &second));
  CHECK(second.part == PART_DRUMS && second.i_phrase == 0);

  // Unless nobody counts on it any more
  plan_give_up(&plan);
  CHECK(schedule_next(&schedule, &plan, &mix, &second));
  CHECK(second.part == PART_MELODY && second.i_phrase == 0);
  CHECK(plan_answer(&plan, (uint32_t)i_slot, plan.slots[i_slot].serial, true));
  CHECK(schedule_next(&schedule, &plan, &mix, &second));
  CHECK(second.part == PART_DRUMS && second.i_phrase == 0);
}

static void
test_nothing_ahead_while_a_knob_moves(void)
{
  const Mix mix   = mix_of(1U);
  const Mix other = mix_of(2U);
  plan_init(&plan);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 3, common, &mix);

  // What is not latched yet would be a guess
  CHECK(serve(&other) == 2U);
  CHECK(asked[0].i_phrase == 0 && mix_is_equal(&asked[1].mix, &mix));

  // What is latched is needed, but nothing beyond
  const Mix third = mix_of(3U);
  schedule_latch(&schedule, &other);
  CHECK(serve(&third) == 2U);
  CHECK(asked[0].i_phrase == 1 && mix_is_equal(&asked[0].mix, &other));

  // At rest again
  CHECK(serve(&other) == 12U);
  CHECK(asked[0].i_phrase == 2 && mix_is_equal(&asked[0].mix, &other));
  CHECK(asked[11].i_phrase == 7 && mix_is_equal(&asked[11].mix, &other));
}

static void
test_looks_ahead_in_the_metre_and_the_rerolls(void)
{
  const Metre jig = {6U, 8U};
  const Mix   mix = mix_of_bars(2U);
  plan_init(&plan);
  schedule_init(&schedule, 1U << PART_MELODY);
  rerolls_add(&schedule.rerolls, 4, 9U);
  schedule_locate(&schedule, 0, jig, &mix);
  CHECK(serve(&mix) == 7U);
  for (uint32_t i = 0U; i < 7U; ++i) {
    CHECK(asked[i].metre.n_beats == 6U && asked[i].metre.unit == 8U);
    CHECK(asked[i].i_phrase == (int32_t)i);
    CHECK(asked[i].reroll == (i == 2U ? 9U : 0U));
  }

  schedule_set_metre(&schedule, common);
  CHECK(serve(&mix) == 7U && asked[6].metre.n_beats == 4U);
}

/// Bars of which a host told the metre before
static void
test_looks_ahead_in_the_metres_that_are_known(void)
{
  static Transport transport;
  const Mix        mix = mix_of_bars(2U);
  transport_init(&transport, 48000.0);
  for (int bar = 0; bar < 8; ++bar) {
    const Position position = {
      0x7EU, 0.0, 1.0, bar, 0.0, bar / 3 == 1 ? 3.0 : 4.0, 4.0, 1200.0};
    (void)transport_told(&transport, bar * 9600, &position);
  }
  const Position back = {0x7EU, 0.0, 1.0, 1.0, 0.0, 4.0, 4.0, 1200.0};
  (void)transport_told(&transport, 8 * 9600, &back);

  plan_init(&plan);
  schedule_init(&schedule, 1U << PART_MELODY);
  schedule_follow(&schedule, &transport);
  schedule_locate(&schedule, 1, common, &mix);
  CHECK(schedule.next.metre.n_beats == 4U);
  CHECK(serve(&mix) == 8U);
  for (int32_t i = 0; i < 8; ++i) { // By the first bar of each phrase
    CHECK(asked[i].i_phrase == i);
    CHECK(asked[i].metre.n_beats == (i == 2 ? 3U : 4U));
  }
  schedule_advance(&schedule, common, &mix);
  CHECK(schedule.now.bar == 2 && schedule.next.metre.n_beats == 3U);
  CHECK(serve(&mix) == 1U && asked[0].i_phrase == 1);
  CHECK(asked[0].metre.n_beats == 3U);
  schedule_latch(&schedule, &mix);
  CHECK(schedule.next.bar == 3 && schedule.next.metre.n_beats == 3U);
  CHECK(serve(&mix) == 0U);
}

static void
test_held_needs_no_more(void)
{
  const Mix mix = mix_of_bars(4U);
  plan_init(&plan);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 8, common, &mix);
  schedule_hold(&schedule, true);
  CHECK(serve(&mix) == 2U && asked[1].i_phrase == 2);
  schedule_locate(&schedule, 31, common, &mix);
  CHECK(serve(&mix) == 0U);
}

static void
test_what_plays_is_not_given_away(void)
{
  const Mix mix   = mix_of(1U);
  const Mix other = mix_of(2U);
  plan_init(&plan);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 3, common, &mix);
  schedule_latch(&schedule, &mix);
  CHECK(serve(&other) == 4U);

  // Others come and go, in turns with looking
  Request unused;
  for (int32_t i = 0; i < 200; ++i) {
    Request request  = asked[0];
    request.i_phrase = 1000 + i;
    CHECK(!schedule_next(&schedule, &plan, &other, &unused));
    const int i_slot = plan_lend(&plan, &request);
    CHECK(i_slot >= 0);
    CHECK(
      i_slot >= 0 &&
      plan_answer(&plan, (uint32_t)i_slot, plan.slots[i_slot].serial, true));
  }
  for (uint32_t i = 0U; i < 4U; ++i) {
    CHECK(plan_phrase(&plan, plan_find(&plan, &asked[i])));
  }
}

/// The number of the phrase that follows a bar's
static int32_t
following(const int32_t bar, const Mix* const mix)
{
  schedule_locate(&schedule, bar, common, mix);
  const Request request = schedule_following(&schedule, PART_DRUMS, mix);
  CHECK(request.part == PART_DRUMS && mix_is_equal(&request.mix, mix));
  return request.i_phrase;
}

static void
test_a_phrase_follows_another(void)
{
  const Mix four = mix_of_bars(4U);
  const Mix one  = mix_of_bars(1U);
  schedule_init(&schedule, BOTH);
  for (int32_t bar = -9; bar < 9; ++bar) {
    const int32_t own = bar >= 0 ? bar / 4 : -1 - (-1 - bar) / 4;
    CHECK(following(bar, &four) == own + 1);
    CHECK(following(bar, &one) == bar + 1);
  }
}

static void
test_another_mix_follows_at_once(void)
{
  const Mix mix   = mix_of(1U);
  const Mix other = mix_of(2U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 5, common, &mix);

  // In the next bar once it is latched; before that, in the next phrase
  Request request = schedule_following(&schedule, PART_MELODY, &other);
  CHECK(request.i_phrase == 2 && request.mix.seed == 2U);
  schedule_latch(&schedule, &other);
  request = schedule_following(&schedule, PART_MELODY, &other);
  CHECK(request.i_phrase == 1 && request.mix.seed == 2U);
  CHECK(request.reroll == 0U);

  // So does another phrase in its place
  schedule_locate(&schedule, 5, common, &mix);
  schedule_reroll(&schedule, true);
  schedule_latch(&schedule, &mix);
  request = schedule_following(&schedule, PART_MELODY, &mix);
  CHECK(request.i_phrase == 1 && request.reroll == 1U);
}

static void
test_a_held_phrase_follows_itself(void)
{
  const Mix mix = mix_of(1U);
  schedule_init(&schedule, BOTH);
  schedule_locate(&schedule, 9, common, &mix);
  schedule_hold(&schedule, true);
  for (int32_t bar = 0; bar < 40; ++bar) {
    CHECK(following(bar, &mix) == 2);
  }
  schedule_hold(&schedule, false);
  CHECK(following(9, &mix) == 3);
}

/// What follows is just what is asked for, and looking for it changes nothing
static void
test_what_follows_is_asked_for_and_watching_is_free(void)
{
  const Mix mix = mix_of(1U);
  plan_init(&plan);
  schedule_init(&schedule, BOTH);
  for (int32_t bar = 0; bar < 8; ++bar) {
    schedule_locate(&schedule, bar, common, &mix);
    Request request = schedule_following(&schedule, PART_MELODY, &mix);
    CHECK(bar || plan_peek(&plan, &request) < 0);
    serve(&mix);

    const uint32_t moment = plan.moment;
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      request          = schedule_following(&schedule, (Part)part, &mix);
      const int i_slot = plan_peek(&plan, &request);
      CHECK(i_slot >= 0 && plan_phrase(&plan, i_slot));
      plan.slots[i_slot < 0 ? 0 : i_slot].touched = 77U;
      CHECK(plan_peek(&plan, &request) == i_slot);
      CHECK(plan.slots[i_slot < 0 ? 0 : i_slot].touched == 77U);
      CHECK(plan_find(&plan, &request) == i_slot);
    }
    CHECK(plan.moment == moment);
  }
}

int
main(void)
{
  RUN(test_starts_at_bar_0);
  RUN(test_every_bar_has_its_phrase);
  RUN(test_strange_sizes_of_phrases);
  RUN(test_a_mix_is_latched_within_the_bar_before);
  RUN(test_the_moment_of_latching_is_off_every_beat);
  RUN(test_a_size_is_latched_too);
  RUN(test_metre);
  RUN(test_hold_keeps_the_phrase_from_the_next_latch_on);
  RUN(test_a_reroll_is_for_what_is_not_latched);
  RUN(test_a_held_phrase_is_rerolled_in_its_place);
  RUN(test_a_held_phrase_is_a_place);
  RUN(test_a_reroll_is_always_heard);
  RUN(test_rerolls_add_up);
  RUN(test_the_oldest_reroll_leaves);
  RUN(test_a_request_says_it_all);
  RUN(test_asks_in_the_order_of_need);
  RUN(test_asks_only_for_its_parts);
  RUN(test_does_not_ask_twice);
  RUN(test_nothing_ahead_while_a_knob_moves);
  RUN(test_looks_ahead_in_the_metre_and_the_rerolls);
  RUN(test_looks_ahead_in_the_metres_that_are_known);
  RUN(test_held_needs_no_more);
  RUN(test_what_plays_is_not_given_away);
  RUN(test_a_phrase_follows_another);
  RUN(test_another_mix_follows_at_once);
  RUN(test_a_held_phrase_follows_itself);
  RUN(test_what_follows_is_asked_for_and_watching_is_free);
  CHECK_END();
}
