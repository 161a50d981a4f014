// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "play/player.h"

#include <string.h>

#define MELODY (1U << PART_MELODY)
#define DRUMS (1U << PART_DRUMS)
#define MAX_EVENTS 20000U
#define BAR ((int64_t)96000) ///< Frames, at 120 bpm and 48000 Hz

/// What left, by the clock
typedef struct {
  int64_t clock;
  uint8_t bytes[3];
} Event;

static Transport transport;
static Schedule  schedule;
static Plan      plan;
static Player    player;
static MidiBlock block;
static Mix       mix;
static int64_t   now; ///< The clock at frame 0 of the next block
static bool      is_composed_at_once;

static Event    events[MAX_EVENTS];
static Event    others[MAX_EVENTS];
static uint32_t n_events;
static uint32_t n_ons;
static int      sounds[N_CHANNELS][N_KEYS];

/// Notes on and off the beat, chords, repeats, and some that ring over lines
static void
compose(const Request* const request, Phrase* const phrase)
{
  const uint32_t bar_ticks = metre_bar_ticks(request->metre);
  phrase_init(phrase, request->mix.phrase_bars, bar_ticks);
  phrase->score   = request->part == PART_DRUMS ? 0.25f : 0.75f;
  phrase->n_tries = request->part == PART_DRUMS ? 3U : 5U;

  uint32_t x = (uint32_t)request->i_phrase * 2654435761U + request->reroll;
  for (uint32_t tick = 0U; tick < phrase->n_bars * bar_ticks; tick += 240U) {
    x = x * 1664525U + 1013904223U;
    if (request->part == PART_DRUMS) {
      (void)phrase_add(phrase, (Note){tick, 240U, 42U, 80U});
      (void)phrase_add(phrase, (Note){tick + x % 97U, 30U, 36U, 100U});
    } else {
      const uint8_t key = (uint8_t)(48U + (x >> 10U) % 24U);
      (void)phrase_add(phrase, (Note){tick + x % 3U, 300U, key, 90U});
      (void)phrase_add(phrase, (Note){tick + 239U, 1U + x % 2000U, 80U, 70U});
    }
  }
  phrase_finish(phrase);
}

static void
serve(void)
{
  Request request;
  while (schedule_next(&schedule, &plan, &mix, &request)) {
    const int i_slot = plan_lend(&plan, &request);
    CHECK(i_slot >= 0);
    if (i_slot < 0) {
      return;
    }
    compose(&request, &plan.slots[i_slot].phrase);
    CHECK(
      plan_answer(&plan, (uint32_t)i_slot, plan.slots[i_slot].serial, true));
  }
}

/// The books that a synthesiser would keep; every event is looked at
static void
take_events(const uint32_t n_frames)
{
  uint32_t frame = 0U;
  for (uint32_t i = 0U; i < block.n; ++i) {
    const MidiEvent* const event = &block.events[i];
    CHECK(event->frame >= frame && event->frame < n_frames);
    frame = event->frame;
    if (n_events < MAX_EVENTS) {
      events[n_events].clock = now + (int64_t)frame;
      memcpy(events[n_events++].bytes, event->bytes, 3U);
    }

    int* const n = &sounds[event->bytes[0] & 0x0FU][event->bytes[1] & 0x7FU];
    if ((event->bytes[0] & 0xF0U) == 0x90U && event->bytes[2]) {
      ++n_ons;
      ++*n;
    } else if ((event->bytes[0] & 0xE0U) == 0x80U) {
      --*n;
    }
    CHECK(*n == 0 || *n == 1);
  }
  CHECK(block.n <= block.capacity);
}

static bool
is_quiet(void)
{
  for (unsigned i = 0U; i < N_CHANNELS * N_KEYS; ++i) {
    if (sounds[i / N_KEYS][i % N_KEYS]) {
      return false;
    }
  }
  return true;
}

/// Play up to each bar line, and go on to the next bar, as run() does
static void
play(const uint32_t begin, const uint32_t end)
{
  const int64_t until = now + (int64_t)end;
  int64_t       from  = now + (int64_t)begin;

  while (from < until && transport.is_rolling) {
    if (is_composed_at_once) {
      serve();
    }
    player_bind(&player, &plan, &schedule.now, &transport, from);

    const int64_t line =
      transport_clock_of(&transport, transport_bar_end(&transport));
    if (line >= until) {
      break;
    }

    const int64_t stop = line > from ? line : from;
    player_play(&player,
                &plan,
                &transport,
                &block,
                now,
                from,
                stop > from ? stop : from + 1,
                true);
    player_leave(&player, transport_bar_end(&transport));
    transport_next_bar(&transport);
    schedule_advance(&schedule, transport.metre, &mix);
    player_bar(&player, transport.bar_tick);
    from = stop;
  }
  player_play(&player, &plan, &transport, &block, now, from, until, false);
}

static void
run(const uint32_t n_frames, const uint32_t capacity)
{
  midi_block_begin(&block, capacity);
  player_pay(&player, &block);
  play(0U, n_frames);
  take_events(n_frames);
  now += (int64_t)n_frames;
}

static void
tell(const double bar, const double bar_beat, const double speed)
{
  Position position      = {0};
  position.fields        = 0x7EU;
  position.speed         = speed;
  position.bar           = bar;
  position.bar_beat      = bar_beat;
  position.beats_per_bar = 4.0;
  position.beat_unit     = 4.0;
  position.bpm           = 120.0;

  const TransportChange change = transport_told(&transport, now, &position);
  if (change != TRANSPORT_SAME) {
    player_end_all(&player);
    schedule_locate(&schedule, transport.bar, transport.metre, &mix);
    player_bar(&player, transport.join_tick);
  }
}

/// Silence, at the beginning of some bar, with everything composed
static void
set_up(const unsigned parts, const double rate_hz, const double bar)
{
  mix_init(&mix);
  transport_init(&transport, rate_hz);
  schedule_init(&schedule, parts);
  plan_init(&plan);
  player_init(&player, parts);
  memset(sounds, 0, sizeof(sounds));
  is_composed_at_once = true;
  now                 = 1000;
  n_events            = 0U;
  n_ons               = 0U;
  tell(bar, 0.0, 1.0);
}

/// One phrase of one bar of the melody, of these notes, from bar 0 at 25 frames
/// a tick
static void
set_up_notes(const Note* const notes, const uint32_t n_notes)
{
  set_up(MELODY, 48000.0, 0.0);
  is_composed_at_once = false;
  mix.phrase_bars     = 1U;
  schedule_locate(&schedule, 0, transport.metre, &mix);

  const Request request = schedule_request(&schedule.now, PART_MELODY);
  const int     i_slot  = plan_lend(&plan, &request);
  Phrase* const phrase  = &plan.slots[i_slot].phrase;
  phrase_init(phrase, 1U, 3840U);
  memcpy(phrase->notes, notes, n_notes * sizeof(*notes));
  phrase->n_notes = n_notes;
  CHECK(plan_answer(&plan, (uint32_t)i_slot, plan.slots[i_slot].serial, true));
}

static void
finish(void)
{
  player_end_all(&player);
  tell(0.0, 0.0, 0.0);
  run(64U, MIDI_BLOCK_MAX);
  CHECK(is_quiet() && !player.n_sounding && !player.n_owed);
}

static bool
is_event(const uint32_t i,
         const int64_t  clock,
         const unsigned status,
         const unsigned key)
{
  return i < n_events && events[i].clock == clock &&
         events[i].bytes[0] == status && events[i].bytes[1] == key;
}

static void
test_plays_a_note_where_it_stands(void)
{
  const Note notes[] = {{0U, 10U, 60U, 90U},
                        {10U, 5U, 60U, 70U},
                        {40U, 1U, 62U, 0U},
                        {50U, 1U, 63U, 255U}};
  set_up_notes(notes, 4U);
  run(4096U, MIDI_BLOCK_MAX);
  CHECK(n_events == 8U);
  CHECK(is_event(0U, 1000, 0x90U, 60U) && events[0].bytes[2] == 90U);
  CHECK(is_event(1U, 1250, 0x80U, 60U));
  CHECK(is_event(2U, 1250, 0x90U, 60U) && events[2].bytes[2] == 70U);
  CHECK(is_event(3U, 1375, 0x80U, 60U));
  CHECK(is_event(4U, 2000, 0x90U, 62U) && events[4].bytes[2] == 1U);
  CHECK(is_event(5U, 2025, 0x80U, 62U));
  CHECK(is_event(6U, 2250, 0x90U, 63U) && events[6].bytes[2] == 127U);
  CHECK(is_event(7U, 2275, 0x80U, 63U));
  CHECK(player.n_late == 0U && player.n_dropped == 0U);
}

static void
test_a_block_ends_before_its_end(void)
{
  const Note notes[] = {{0U, 4U, 60U, 90U}, {8U, 4U, 61U, 90U}};
  set_up_notes(notes, 2U);
  run(100U, MIDI_BLOCK_MAX); // 1000 .. 1099, the off is at 1100
  CHECK(n_events == 1U);
  run(100U, MIDI_BLOCK_MAX); // The second note is at 1200
  CHECK(n_events == 2U && is_event(1U, 1100, 0x80U, 60U));
  run(0U, MIDI_BLOCK_MAX);
  CHECK(n_events == 2U);
  run(1U, MIDI_BLOCK_MAX);
  CHECK(n_events == 3U && is_event(2U, 1200, 0x90U, 61U));
}

static void
test_every_note_sounds_once(void)
{
  set_up(MELODY | DRUMS, 48000.0, -5.0);
  const int64_t begin = now;
  while (now < begin + 11 * BAR) {
    run(1024U, MIDI_BLOCK_MAX);
  }
  CHECK(player.n_late == 0U && player.n_dropped == 0U);

  // Bars -5 .. 5, against the phrases themselves
  static Phrase phrase;
  uint32_t      n = 0U;
  for (int32_t bar = -5; bar < 6; ++bar) {
    const int32_t  i_phrase = (bar + 8) / 4 - 2;
    const uint32_t i_bar    = (uint32_t)(bar + 8) % 4U;
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      const Request request = {(Part)part, i_phrase, transport.metre, 0U, mix};
      compose(&request, &phrase);
      for (uint32_t i = 0U; i < phrase.n_notes; ++i) {
        const Note note = phrase.notes[i];
        if (note.tick / 3840U != i_bar) {
          continue;
        }
        const int64_t clock =
          begin + 25 * ((int64_t)(bar + 5) * 3840 + note.tick % 3840U);
        const unsigned status = part == PART_DRUMS ? 0x99U : 0x90U;
        uint32_t       n_same = 0U;
        for (uint32_t j = 0U; j < n_events; ++j) {
          n_same += is_event(j, clock, status, note.key) &&
                        events[j].bytes[2] == note.velocity
                      ? 1U
                      : 0U;
        }
        CHECK(n_same == 1U);
        ++n;
      }
    }
  }

  uint32_t n_early = 0U;
  for (uint32_t j = 0U; j < n_events; ++j) {
    n_early += (events[j].bytes[0] & 0xF0U) == 0x90U &&
                   events[j].clock < begin + 11 * BAR
                 ? 1U
                 : 0U;
  }
  CHECK(n > 300U && n_early == n);
  finish();
}

static void
run_slices(const uint32_t* const sizes, const uint32_t n_sizes)
{
  set_up(MELODY | DRUMS, 8000.0, -2.0);
  for (uint32_t i = 0U; now < 1000 + 100000;) {
    const int64_t  left = 1000 + 100000 - now;
    const uint32_t size = sizes[i++ % n_sizes];
    run((int64_t)size < left ? size : (uint32_t)left, MIDI_BLOCK_MAX);
  }
}

static void
test_slicing_changes_nothing(void)
{
  const uint32_t whole[]     = {8192U};
  const uint32_t slices[][6] = {{1U, 1U, 1U, 1U, 1U, 1U},
                                {17U, 17U, 17U, 17U, 17U, 17U},
                                {64U, 64U, 64U, 64U, 64U, 64U},
                                {1024U, 1024U, 1024U, 1024U, 1024U, 1024U},
                                {3U, 977U, 1U, 0U, 256U, 15999U}};
  run_slices(whole, 1U);
  const uint32_t n = n_events;
  CHECK(n > 500U && n < MAX_EVENTS);
  memcpy(others, events, sizeof(events));
  for (unsigned i = 0U; i < 5U; ++i) {
    run_slices(slices[i], 6U);
    CHECK(n_events == n);
    CHECK(!memcmp(others, events, n * sizeof(Event)));
  }
}

static void
test_tiny_buffers_lose_no_off(void)
{
  for (uint32_t capacity = 0U; capacity < 6U; ++capacity) {
    set_up(MELODY | DRUMS, 8000.0, 0.0);
    for (unsigned i = 0U; i < 1000U; ++i) {
      run(64U, capacity);

      // All that sounds could be ended in the next block
      CHECK(player.n_sounding <= (capacity ? capacity - 1U : 0U));
    }
    CHECK(player.n_dropped > 0U);
    CHECK(capacity > 1U ? n_ons > 50U : n_ons == 0U);
    finish();
  }

  // The room changes all the time
  uint32_t x = 1U;
  set_up(MELODY | DRUMS, 8000.0, 0.0);
  for (unsigned i = 0U; i < 2000U; ++i) {
    x = x * 1664525U + 1013904223U;
    run(64U, x >> 29U);
  }
  CHECK(n_ons > 100U);
  finish();
}

static void
test_an_off_waits_for_room(void)
{
  const Note notes[] = {{0U, 4U, 60U, 90U}, {0U, 4U, 61U, 90U}};
  set_up_notes(notes, 2U);
  run(64U, MIDI_BLOCK_MAX);
  CHECK(n_events == 2U);
  run(64U, 0U);
  run(64U, 0U);
  CHECK(n_events == 2U && player.n_sounding == 2U);
  run(64U, 1U);
  run(64U, 1U);
  CHECK(n_events == 4U && is_quiet());
  CHECK(events[2].clock == 1192 && events[3].clock == 1256);
}

static void
test_keeps_room_for_what_sounds(void)
{
  const Note notes[] = {{0U, 1000U, 60U, 90U},
                        {0U, 1000U, 61U, 90U},
                        {0U, 1000U, 62U, 90U},
                        {0U, 1000U, 63U, 90U}};
  set_up_notes(notes, 4U);
  run(64U, 6U);

  // Three ons and three offs in reserve are six
  CHECK(n_events == 3U && player.n_dropped == 1U);
  CHECK(player.n_sounding == 3U);
  finish();
}

static void
test_not_more_than_can_be_written_down(void)
{
  Note notes[PLAYER_MAX_SOUNDING + 10U];
  for (uint32_t i = 0U; i < PLAYER_MAX_SOUNDING + 10U; ++i) {
    notes[i] = (Note){0U, 1000U, (uint8_t)i, 90U};
  }
  set_up_notes(notes, PLAYER_MAX_SOUNDING + 10U);
  run(64U, MIDI_BLOCK_MAX);
  CHECK(player.n_sounding == PLAYER_MAX_SOUNDING);
  CHECK(n_events == PLAYER_MAX_SOUNDING && player.n_dropped == 10U);
  finish();
}

static void
test_ends_all_at_once(void)
{
  const Note notes[] = {{0U, 1000U, 60U, 90U}, {3U, 1000U, 61U, 90U}};
  set_up_notes(notes, 2U);
  run(76U, MIDI_BLOCK_MAX); // The second begins in the last frame
  CHECK(n_events == 2U && events[1].clock == 1075);
  player_end_all(&player);
  CHECK(player.n_sounding == 2U);
  run(0U, MIDI_BLOCK_MAX);
  CHECK(n_events == 2U);
  run(10U, MIDI_BLOCK_MAX);
  CHECK(n_events == 4U && is_quiet());
  CHECK(events[2].clock == 1076 && events[3].clock == 1076);

  // And what begins after that goes on
  set_up_notes(notes, 2U);
  run(10U, MIDI_BLOCK_MAX);
  player_end_all(&player);
  run(100U, MIDI_BLOCK_MAX);
  CHECK(is_event(1U, 1010, 0x80U, 60U) && is_event(2U, 1075, 0x90U, 61U));
  CHECK(n_events == 3U);
}

static void
test_a_note_is_never_shorter_than_a_frame(void)
{
  // A tick is a hundredth of a frame
  const Note notes[] = {{0U, 1U, 60U, 90U}, {50U, 1U, 61U, 90U}};
  set_up_notes(notes, 2U);
  transport.ticks_per_frame = 100.0;
  run(8U, MIDI_BLOCK_MAX);
  CHECK(n_events == 4U);
  CHECK(is_event(0U, 1000, 0x90U, 60U) && is_event(1U, 1001, 0x80U, 60U));
  CHECK(is_event(2U, 1001, 0x90U, 61U) && is_event(3U, 1002, 0x80U, 61U));
}

static void
test_standing_ends_what_sounds(void)
{
  const Note notes[] = {{0U, 1000U, 60U, 90U}};
  set_up_notes(notes, 1U);
  run(64U, MIDI_BLOCK_MAX);
  transport.is_rolling = false;
  run(64U, MIDI_BLOCK_MAX);
  CHECK(n_events == 2U && is_event(1U, 1064, 0x80U, 60U));
}

static void
test_muted_it_follows(void)
{
  const Note notes[] = {
    {0U, 50U, 60U, 90U}, {4U, 4U, 61U, 90U}, {20U, 4U, 62U, 90U}};
  set_up_notes(notes, 3U);
  run(64U, MIDI_BLOCK_MAX);
  player.is_muted = true;
  run(64U, MIDI_BLOCK_MAX);
  CHECK(n_events == 1U);
  player.is_muted = false;
  run(1500U, MIDI_BLOCK_MAX);
  CHECK(n_events == 4U && is_event(1U, 1500, 0x90U, 62U));
  CHECK(is_quiet() && player.n_late == 0U && player.n_dropped == 0U);

  // Nobody misses what nobody hears
  set_up_notes(notes, 3U);
  player.is_muted = true;
  player_bar(&player, 0);
  player_leave(&player, 3840);
  CHECK(player.n_late == 0U);
  plan.slots[0].state = SLOT_ASKED;
  run(250U, MIDI_BLOCK_MAX);
  plan.slots[0].state = SLOT_READY;
  run(250U, MIDI_BLOCK_MAX);
  CHECK(player.n_late == 0U && n_events == 0U);
}

static void
test_joins_in_the_middle(void)
{
  const Note notes[] = {{0U, 2000U, 60U, 90U},
                        {9U, 4U, 61U, 90U},
                        {10U, 4U, 62U, 90U},
                        {20U, 4U, 63U, 90U}};
  set_up_notes(notes, 4U);
  run(0U, MIDI_BLOCK_MAX);
  now += 275; // At tick 11, and from tick 10 on is ours
  player_bar(&player, 10);
  run(1000U, MIDI_BLOCK_MAX);
  CHECK(n_events == 4U && is_quiet());
  CHECK(is_event(0U, 1275, 0x90U, 62U) && is_event(1U, 1350, 0x80U, 62U));
  CHECK(is_event(2U, 1500, 0x90U, 63U));
  CHECK(player.n_late == 0U);

  // A phrase that comes before any time has passed is not late
  set_up_notes(notes, 4U);
  plan.slots[0].state = SLOT_ASKED;
  now += 275;
  run(0U, MIDI_BLOCK_MAX);
  plan.slots[0].state = SLOT_READY;
  run(1U, MIDI_BLOCK_MAX);
  CHECK(n_events == 3U && is_event(0U, 1275, 0x90U, 60U));
  CHECK(player.n_late == 0U);
}

static void
test_a_late_phrase_is_joined(void)
{
  const Note notes[] = {{0U, 2000U, 60U, 90U},
                        {20U, 4U, 61U, 90U},
                        {40U, 4U, 62U, 90U},
                        {60U, 4U, 63U, 90U}};
  set_up_notes(notes, 4U);
  Slot* const slot = &plan.slots[0];
  CHECK(slot->state == SLOT_READY);
  slot->state = SLOT_ASKED;
  run(1000U, MIDI_BLOCK_MAX);
  CHECK(n_events == 0U && player.n_late == 0U);
  slot->state = SLOT_READY;

  // What is due in this frame is played, and what is past is not
  run(2000U, MIDI_BLOCK_MAX);
  CHECK(n_events == 4U && is_event(0U, 2000, 0x90U, 62U));
  CHECK(is_event(2U, 2500, 0x90U, 63U) && player.n_late == 1U);
  player_leave(&player, 3840);
  CHECK(player.n_late == 1U);
}

static void
test_late_joins_what_is_due_between_frames(void)
{
  // At 44100 Hz hardly any tick falls on a frame
  for (uint32_t tick = 1U; tick < 60U; ++tick) {
    const Note note = {tick, 4U, 60U, 90U};
    set_up_notes(&note, 1U);
    transport.ticks_per_frame = 120.0 * 960.0 / (60.0 * 44100.0);
    const int64_t due         = transport_clock_of(&transport, tick);
    Slot* const   slot        = &plan.slots[0];

    slot->state = SLOT_ASKED;
    run((uint32_t)(due - now), MIDI_BLOCK_MAX);
    slot->state = SLOT_READY;
    run(1U, MIDI_BLOCK_MAX);
    CHECK(is_event(0U, due, 0x90U, 60U) && player.n_late == 0U);

    set_up_notes(&note, 1U);
    transport.ticks_per_frame = 120.0 * 960.0 / (60.0 * 44100.0);
    slot->state               = SLOT_ASKED;
    run((uint32_t)(due + 1 - now), MIDI_BLOCK_MAX);
    slot->state = SLOT_READY;
    run(100U, MIDI_BLOCK_MAX);
    CHECK(n_events == 0U && player.n_late == 1U);
  }
}

static void
test_counts_what_is_late(void)
{
  const Note note = {3000U, 4U, 60U, 90U};
  set_up_notes(&note, 1U);
  Slot* const slot = &plan.slots[0];

  // Late, but nothing was missed
  slot->state = SLOT_ASKED;
  run(5000U, MIDI_BLOCK_MAX);
  slot->state = SLOT_READY;
  run(64U, MIDI_BLOCK_MAX);
  CHECK(player.n_late == 0U);

  // It never came: it counts if one could have heard that
  player_bar(&player, 1000);
  player_leave(&player, 1100);
  CHECK(player.n_late == 0U);
  player_leave(&player, 1120);
  CHECK(player.n_late == 1U);

  // Each part on its own, and only those that sound
  player_init(&player, MELODY | DRUMS);
  player_leave(&player, 3840);
  CHECK(player.n_late == 2U);
  player_init(&player, DRUMS);
  player_leave(&player, 3840);
  CHECK(player.n_late == 1U);
}

/// A bar began in 4/4, and a block later it is told to be in 3/4
static void
test_a_bar_that_is_in_another_metre(void)
{
  const Note four[] = {
    {0U, 2000U, 60U, 90U}, {0U, 2000U, 61U, 90U}, {8U, 4U, 63U, 90U}};
  const Note  three[] = {{0U, 100U, 60U, 70U},
                         {0U, 100U, 62U, 90U},
                         {8U, 100U, 63U, 90U},
                         {40U, 4U, 60U, 90U}};
  const Metre waltz   = {3U, 4U};
  set_up_notes(four, 3U);
  schedule_set_metre(&schedule, waltz);
  const Request request = schedule_request(&schedule.now, PART_MELODY);
  const int     i_slot  = plan_lend(&plan, &request);
  Phrase* const phrase  = &plan.slots[i_slot].phrase;
  phrase_init(phrase, 1U, 2880U);
  memcpy(phrase->notes, three, sizeof(three));
  phrase->n_notes = 4U;
  CHECK(plan_answer(&plan, (uint32_t)i_slot, plan.slots[i_slot].serial, true));
  schedule_set_metre(&schedule, (Metre){4U, 4U});

  run(500U, MIDI_BLOCK_MAX);
  CHECK(n_events == 4U && player.n_sounding == 2U); // 63 has come and gone
  transport.metre = waltz;
  schedule_set_metre(&schedule, waltz);
  player_bar_again(&player, 0, transport_clock_of(&transport, 0));
  run(4000U, MIDI_BLOCK_MAX);

  // 61 ends, 62 is heard after all, and what began already does not again;
  // 60 ends as it should have, and its next one is its own
  CHECK(is_event(4U, 1500, 0x80U, 61U) && is_event(5U, 1500, 0x90U, 62U));
  CHECK(is_event(6U, 2000, 0x80U, 60U) && is_event(7U, 2000, 0x90U, 60U));
  CHECK(is_event(8U, 2100, 0x80U, 60U) && is_event(9U, 3500, 0x80U, 62U));
  CHECK(n_events == 10U && player.n_late == 0U);

  // Where the right phrase is not there yet, the wrong one ends all the same
  set_up_notes(four, 3U);
  run(100U, MIDI_BLOCK_MAX);
  CHECK(n_events == 2U);
  schedule_set_metre(&schedule, waltz);
  player_bar_again(&player, 0, transport_clock_of(&transport, 0));
  run(100U, MIDI_BLOCK_MAX);
  CHECK(n_events == 4U && is_quiet());
}

static void
test_a_slow_worker_is_heard_as_silence(void)
{
  set_up(MELODY | DRUMS, 48000.0, 0.0);
  is_composed_at_once = false;
  uint32_t n          = 0U;
  for (unsigned i = 0U; now < 1000 + 8 * BAR; ++i) {
    run(1024U, MIDI_BLOCK_MAX);
    n = i == 250U ? n_events : n;
    if (i == 250U) {
      serve();
    }
  }

  // Two bars and more were silent: each part counts for each of them
  CHECK(n == 0U && n_events > 100U);
  CHECK(player.n_late == 6U);
  finish();
}

static void
test_a_new_channel_ends_on_the_old(void)
{
  const Note notes[] = {{0U, 10U, 60U, 90U}, {5U, 10U, 60U, 90U}};
  set_up_notes(notes, 2U);
  run(64U, MIDI_BLOCK_MAX);
  player.channel[PART_MELODY] = 5U;
  run(1000U, MIDI_BLOCK_MAX);
  CHECK(n_events == 4U && is_quiet());
  CHECK(is_event(0U, 1000, 0x90U, 60U) && is_event(1U, 1125, 0x95U, 60U));
  CHECK(is_event(2U, 1250, 0x80U, 60U) && is_event(3U, 1375, 0x85U, 60U));

  // There are no more than 16
  set_up_notes(notes, 1U);
  player.channel[PART_MELODY] = 0x1FU;
  run(1000U, MIDI_BLOCK_MAX);
  CHECK(is_event(0U, 1000, 0x9FU, 60U) && is_event(1U, 1250, 0x8FU, 60U));
}

static void
test_both_parts_on_one_key(void)
{
  // The melody has the key for long, and the drums come in between
  const Note melody[] = {{0U, 100U, 42U, 90U}, {200U, 10U, 42U, 90U}};
  set_up_notes(melody, 2U);
  player.parts               = MELODY | DRUMS;
  player.channel[PART_DRUMS] = 0U;

  const Request request = schedule_request(&schedule.now, PART_DRUMS);
  const int     i_slot  = plan_lend(&plan, &request);
  Phrase* const phrase  = &plan.slots[i_slot].phrase;
  phrase_init(phrase, 1U, 3840U);
  CHECK(phrase_add(phrase, (Note){0U, 5U, 42U, 50U}));
  CHECK(phrase_add(phrase, (Note){50U, 20U, 42U, 50U}));
  CHECK(plan_answer(&plan, (uint32_t)i_slot, plan.slots[i_slot].serial, true));

  run(8000U, MIDI_BLOCK_MAX);
  CHECK(n_events == 6U && is_quiet());
  CHECK(is_event(0U, 1000, 0x90U, 42U));
  CHECK(is_event(1U, 2250, 0x80U, 42U) && is_event(2U, 2250, 0x90U, 42U));
  CHECK(is_event(3U, 2750, 0x80U, 42U));
  CHECK(is_event(4U, 6000, 0x90U, 42U) && is_event(5U, 6250, 0x80U, 42U));
  CHECK(player.n_dropped == 0U);

  // And over many bars; take_events() counts them
  set_up(MELODY | DRUMS, 8000.0, 0.0);
  player.channel[PART_DRUMS] = 0U;
  while (now < 100000) {
    run(256U, MIDI_BLOCK_MAX);
  }
  finish();
}

static void
test_the_end_of_a_bar_leaves_nothing(void)
{
  const Note notes[] = {
    {0U, 4U, 60U, 90U}, {3000U, 4U, 61U, 90U}, {3839U, 4U, 62U, 90U}};
  set_up_notes(notes, 3U);
  midi_block_begin(&block, MIDI_BLOCK_MAX);
  player_bind(&player, &plan, &schedule.now, &transport, now);
  player_play(&player, &plan, &transport, &block, now, now, now + 40, true);
  take_events(64U);
  CHECK(n_events == 3U);
  CHECK(is_event(0U, 1000, 0x90U, 60U));
  CHECK(is_event(1U, 1039, 0x90U, 61U) && is_event(2U, 1039, 0x90U, 62U));
}

static void
test_corrections_play_nothing_twice(void)
{
  set_up(MELODY | DRUMS, 48000.0, 0.0);
  while (now < 1000 + 8 * BAR - 512) {
    run(512U, MIDI_BLOCK_MAX);
  }
  const uint32_t n = n_ons;
  finish();

  // The host's word is up to ten ticks off, to either side
  uint32_t x = 1U;
  set_up(MELODY | DRUMS, 48000.0, 0.0);
  while (now < 1000 + 8 * BAR - 512) {
    x                  = x * 1664525U + 1013904223U;
    const double off   = (double)(x >> 16U) / 65536.0 * 20.0 - 10.0;
    const double ticks = (double)(now - 1000) * 0.04 + off;
    const double bar   = floor(ticks / 3840.0);
    if (ticks > transport.told_tick) {
      tell(bar, ticks / 960.0 - 4.0 * bar, 1.0);
    }
    run(512U, MIDI_BLOCK_MAX);
  }
  CHECK(player.n_late == 0U && player.n_dropped == 0U);
  NEAR(n_ons, n, 4.0); // Those around the last line
  finish();
}

static void
test_a_loop_keeps_its_downbeat(void)
{
  // Each wrap lands some samples after the loop's downbeat
  uint32_t n_downbeats = 0U;
  set_up(DRUMS, 48000.0, 1.0);
  for (unsigned pass = 0U; pass < 6U; ++pass) {
    const uint32_t first = n_events;
    const int64_t  begin = now;
    while (now < begin + 2 * BAR - 100) {
      run(500U, MIDI_BLOCK_MAX);
    }
    for (uint32_t i = first; i < n_events; ++i) {
      n_downbeats += is_event(i, begin, 0x99U, 42U) ? 1U : 0U;
    }
    tell(1.0, (80.0 + 40.0 * pass) / 24000.0, 1.0);
    CHECK(transport.bar == 1);
  }
  CHECK(n_downbeats == 6U);
  CHECK(player.n_late == 0U);
  finish();
}

static void
test_a_jump_ends_what_sounds(void)
{
  const Note notes[] = {{0U, 3000U, 60U, 90U}};
  set_up_notes(notes, 1U);
  run(500U, MIDI_BLOCK_MAX);
  tell(7.0, 1.0, 1.0);
  run(500U, MIDI_BLOCK_MAX);
  CHECK(n_events == 2U && is_event(1U, 1500, 0x80U, 60U));
}

static void
pass(const uint32_t frame,
     const unsigned status,
     const unsigned key,
     const unsigned value)
{
  const uint8_t bytes[3] = {(uint8_t)status, (uint8_t)key, (uint8_t)value};
  player_pass(&player, &block, frame, bytes, 3U);
}

static void
test_passes_messages_through(void)
{
  const uint8_t clock[]     = {0xF8U};
  const uint8_t program[]   = {0xC3U, 7U};
  const uint8_t data[]      = {0x40U, 7U, 1U};
  const uint8_t long_one[4] = {0xF0U, 1U, 2U, 0xF7U};

  player_init(&player, MELODY);
  midi_block_begin(&block, MIDI_BLOCK_MAX);
  player_pass(&player, &block, 3U, clock, 1U);
  player_pass(&player, &block, 4U, program, 2U);
  pass(5U, 0xB2U, 64U, 127U);
  player_pass(&player, &block, 6U, data, 3U);
  player_pass(&player, &block, 6U, long_one, 4U);
  player_pass(&player, &block, 6U, clock, 0U);
  CHECK(block.n == 3U && player.n_through == 0U);
  CHECK(block.events[0].frame == 3U && block.events[0].n_bytes == 1U);
  CHECK(block.events[0].bytes[0] == 0xF8U);
  CHECK(block.events[1].frame == 4U && block.events[1].n_bytes == 2U);
  CHECK(block.events[1].bytes[0] == 0xC3U && block.events[1].bytes[1] == 7U);
  CHECK(block.events[2].n_bytes == 3U && block.events[2].bytes[2] == 127U);
}

static void
test_keeps_books_of_what_passes(void)
{
  player_init(&player, MELODY);
  midi_block_begin(&block, MIDI_BLOCK_MAX);
  pass(0U, 0x93U, 60U, 100U);
  pass(1U, 0x93U, 60U, 100U);
  pass(2U, 0x94U, 127U, 100U);
  pass(3U, 0x93U, 61U, 100U);
  CHECK(player.n_through == 4U && player.through[3][60] == 2U);
  pass(4U, 0x83U, 61U, 1U);
  CHECK(player.n_through == 3U);
  pass(5U, 0x93U, 60U, 0U); // An off, too
  CHECK(player.n_through == 2U && block.n == 6U);
  pass(6U, 0x83U, 99U, 0U); // Of nothing that we know
  CHECK(player.n_through == 2U && block.n == 7U);

  // The way is closed
  player_end_passed(&player, &block, 9U);
  CHECK(player.n_through == 0U && block.n == 9U);
  CHECK(block.events[7].frame == 9U && block.events[7].bytes[0] == 0x83U);
  CHECK(block.events[7].bytes[1] == 60U);
  CHECK(block.events[8].bytes[0] == 0x84U && block.events[8].bytes[1] == 127U);
  player_end_passed(&player, &block, 10U);
  CHECK(block.n == 9U);

  // A key that is pressed all the time
  player_init(&player, MELODY);
  for (unsigned i = 0U; i < 300U; ++i) {
    midi_block_begin(&block, MIDI_BLOCK_MAX);
    pass(0U, 0x90U, 60U, 100U);
    CHECK(block.n == (i < 255U ? 1U : 0U));
  }
  CHECK(player.n_through == 255U && player.through[0][60] == 255U);
}

static void
test_passed_offs_are_owed(void)
{
  player_init(&player, MELODY);
  midi_block_begin(&block, 6U);
  pass(0U, 0x90U, 60U, 100U);
  pass(0U, 0x90U, 61U, 100U);
  pass(0U, 0x90U, 62U, 100U);
  pass(0U, 0x90U, 63U, 100U); // Its off would not fit
  CHECK(block.n == 3U && player.n_through == 3U && player.n_owed == 0U);
  pass(1U, 0xB0U, 1U, 1U); // Would take the room of an off
  CHECK(block.n == 3U);

  midi_block_begin(&block, 1U);
  pass(1U, 0x80U, 60U, 64U);
  pass(1U, 0x80U, 61U, 64U);
  pass(1U, 0x80U, 62U, 64U);
  pass(1U, 0x80U, 63U, 64U);
  CHECK(block.n == 1U && player.n_owed == 2U && player.n_through == 0U);

  midi_block_begin(&block, 0U);
  player_pay(&player, &block);
  CHECK(player.n_owed == 2U);
  midi_block_begin(&block, 1U);
  player_pay(&player, &block);
  CHECK(player.n_owed == 1U && block.events[0].bytes[1] == 61U);

  // Room is kept for the one that is left
  midi_block_begin(&block, 2U);
  pass(0U, 0x90U, 70U, 100U);
  CHECK(block.n == 0U);
  player_pay(&player, &block);
  CHECK(player.n_owed == 0U && block.n == 1U);
  CHECK(block.events[0].frame == 0U && block.events[0].bytes[0] == 0x80U);
  CHECK(block.events[0].bytes[1] == 62U);
}

static void
test_closing_waits_for_room(void)
{
  player_init(&player, MELODY);
  midi_block_begin(&block, MIDI_BLOCK_MAX);
  for (unsigned key = 0U; key < 10U; ++key) {
    pass(0U, 0x9FU, key, 100U);
  }
  for (unsigned i = 0U; i < 5U; ++i) {
    midi_block_begin(&block, 2U);
    player_end_passed(&player, &block, 0U);
    CHECK(block.n == 2U && player.n_through == 8U - 2U * i);
  }
}

static void
test_our_notes_leave_room_for_the_passed(void)
{
  const Note notes[] = {{0U, 4U, 60U, 90U}, {0U, 4U, 61U, 90U}};
  set_up_notes(notes, 2U);
  midi_block_begin(&block, 6U);
  pass(0U, 0x95U, 1U, 100U);
  pass(0U, 0x95U, 2U, 100U);
  play(0U, 64U);

  // Three ons with their three offs in reserve
  CHECK(block.n == 3U && player.n_sounding == 1U && player.n_dropped == 1U);
}

static void
test_passed_and_own_in_a_crowd(void)
{
  uint32_t x = 1U;
  set_up(MELODY | DRUMS, 8000.0, 0.0);
  for (unsigned i = 0U; i < 3000U; ++i) {
    x                       = x * 1664525U + 1013904223U;
    const uint32_t capacity = i % 7U ? x >> 28U : x >> 29U;
    midi_block_begin(&block, capacity);
    player_pay(&player, &block);
    if (i % 50U > 45U) {
      player_end_passed(&player, &block, 0U);
    }
    play(0U, 20U);
    const uint8_t key = (uint8_t)(x >> 8U & 3U);
    if (player.through[4][key]) {
      pass(20U, 0x84U, key, 0U);
    } else if (!player.owed[4][key]) {
      pass(20U, 0x94U, key, 100U);
    }
    play(20U, 64U);
    take_events(64U);
    now += 64;
  }
  CHECK(n_ons > 500U);
  midi_block_begin(&block, MIDI_BLOCK_MAX);
  player_pay(&player, &block);
  player_end_passed(&player, &block, 0U);
  take_events(1U);
  finish();
}

static void
test_score_is_the_lowest(void)
{
  float    score   = -1.0f;
  uint32_t n_tries = 99U;
  set_up(MELODY | DRUMS, 48000.0, 0.0);
  CHECK(!player_score(&player, &plan, &score, &n_tries));
  NEAR(score, -1.0, 0.0);
  CHECK(n_tries == 99U);

  run(64U, MIDI_BLOCK_MAX);
  CHECK(player_score(&player, &plan, &score, &n_tries));
  NEAR(score, 0.25, 0.0);
  CHECK(n_tries == 3U);

  player.readers[PART_DRUMS].i_slot = -1;
  CHECK(player_score(&player, &plan, &score, &n_tries));
  NEAR(score, 0.75, 0.0);
  CHECK(n_tries == 5U);
}

int
main(void)
{
  RUN(test_plays_a_note_where_it_stands);
  RUN(test_a_block_ends_before_its_end);
  RUN(test_every_note_sounds_once);
  RUN(test_slicing_changes_nothing);
  RUN(test_tiny_buffers_lose_no_off);
  RUN(test_an_off_waits_for_room);
  RUN(test_keeps_room_for_what_sounds);
  RUN(test_not_more_than_can_be_written_down);
  RUN(test_ends_all_at_once);
  RUN(test_a_note_is_never_shorter_than_a_frame);
  RUN(test_standing_ends_what_sounds);
  RUN(test_muted_it_follows);
  RUN(test_joins_in_the_middle);
  RUN(test_a_late_phrase_is_joined);
  RUN(test_late_joins_what_is_due_between_frames);
  RUN(test_counts_what_is_late);
  RUN(test_a_bar_that_is_in_another_metre);
  RUN(test_a_slow_worker_is_heard_as_silence);
  RUN(test_a_new_channel_ends_on_the_old);
  RUN(test_both_parts_on_one_key);
  RUN(test_the_end_of_a_bar_leaves_nothing);
  RUN(test_corrections_play_nothing_twice);
  RUN(test_a_loop_keeps_its_downbeat);
  RUN(test_a_jump_ends_what_sounds);
  RUN(test_passes_messages_through);
  RUN(test_keeps_books_of_what_passes);
  RUN(test_passed_offs_are_owed);
  RUN(test_closing_waits_for_room);
  RUN(test_our_notes_leave_room_for_the_passed);
  RUN(test_passed_and_own_in_a_crowd);
  RUN(test_score_is_the_lowest);
  CHECK_END();
}
