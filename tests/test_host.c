// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"
#include "tests/folder.h"
#include "tests/mirror.h"
#include "tools/capture.h"
#include "tools/host.h"
#include "tools/timeline.h"

#include <lv2/atom/atom.h>

#include <stdint.h>
#include <string.h>
#include <time.h>

static const Metre common_time = {4U, 4U};
static const Metre waltz       = {3U, 4U};
static const Metre compound    = {6U, 8U};

static char bundle[MIRROR_MAX_PATH]; ///< The mirror, built

// The map --------------------------------------------------------------------

static void
test_timeline_goes_there_and_back(void)
{
  Timeline map = timeline(48000.0, 120.0, common_time);
  CHECK(!timeline_set_tempo(&map, 4, 60.0));
  CHECK(!timeline_set_metre(&map, 8, waltz));
  CHECK(!timeline_set_tempo(&map, 10, 90.0));
  CHECK(timeline_set_tempo(&map, 1, 0.0) == STATUS_BAD_ARG);

  NEAR(timeline_frame(&map, 4, 0.0), 4 * 96000.0, 1e-6);
  NEAR(timeline_frame(&map, 8, 0.0), 4 * 96000.0 + 4 * 192000.0, 1e-6);
  NEAR(timeline_frame(&map, 10, 0.0) - timeline_frame(&map, 8, 0.0),
       2 * 3 * 48000.0,
       1e-6);
  NEAR(timeline_frame(&map, -2, 960.0), -2 * 96000.0 + 24000.0, 1e-6);

  for (int32_t bar = -3; bar < 14; ++bar) {
    for (unsigned beat = 0U; beat < 3U; ++beat) {
      const double        tick = beat * 960.0 + 7.0;
      const TimelinePlace place =
        timeline_place(&map, timeline_frame(&map, bar, tick));
      CHECK(place.bar == bar);
      NEAR(place.tick, tick, 1e-6);
    }
  }
  CHECK(timeline_next_change(&map, 0) == 4 * 96000);
  CHECK(timeline_next_change(&map, 4 * 96000) == 4 * 96000 + 4 * 192000);
  CHECK(timeline_next_change(&map, INT64_MAX / 2) == INT64_MAX);
}

static void
test_timeline_bars_stay_whole_for_hours(void)
{
  const Timeline map = timeline(44100.0, 127.3, common_time);
  for (int32_t bar = 0; bar < 20000; bar += 371) {
    const TimelinePlace place =
      timeline_place(&map, timeline_frame(&map, bar, 0.0));
    CHECK(place.bar == bar);
    NEAR(place.tick, 0.0, 1e-3);
  }
}

// Notes ----------------------------------------------------------------------

static CaptureEvent
event_at(const uint64_t frame,
         const uint8_t  status,
         const uint8_t  key,
         const uint8_t  velocity)
{
  CaptureEvent event = {
    frame, (int64_t)frame, {0, 0.0}, 0U, true, 3U, {status, key, velocity}};
  const Timeline map = timeline(48000.0, 120.0, common_time);
  event.place        = timeline_place(&map, (double)frame);
  return event;
}

static void
test_capture_puts_notes_together(void)
{
  const CaptureEvent events[] = {event_at(0U, 0x90U, 60U, 100U),
                                 event_at(12000U, 0x80U, 60U, 0U),
                                 event_at(95999U, 0x99U, 36U, 90U),
                                 event_at(96100U, 0x99U, 36U, 0U)};
  const Timeline     map      = timeline(48000.0, 120.0, common_time);
  Capture            capture  = {NULL, 0U, 0U};
  for (size_t i = 0U; i < 4U; ++i) {
    CHECK(capture_add(&capture, &events[i]));
  }

  CaptureNote*  notes = NULL;
  size_t        n     = 0U;
  CaptureFaults faults;
  CHECK(!capture_notes(&capture, &map, &notes, &n, &faults));
  CHECK(n == 2U && !capture_n_faults(&faults));
  CHECK(notes[0].length == 480U && notes[0].is_whole);
  CHECK(notes[1].bar == 1 && notes[1].tick == 0U); // The nearest tick
  CHECK(notes[1].channel == 9U && notes[1].velocity == 90U);
  free(notes);
  capture_free(&capture);
}

static void
test_capture_counts_each_fault(void)
{
  const CaptureEvent events[] = {event_at(10U, 0x90U, 60U, 100U),
                                 event_at(20U, 0x90U, 60U, 100U), // doubled
                                 event_at(30U, 0x80U, 60U, 0U),
                                 event_at(40U, 0x80U, 61U, 0U), // orphan
                                 event_at(35U, 0x90U, 62U, 9U), // backwards
                                 event_at(50U, 0x91U, 70U, 9U), // hanging
                                 event_at(60U, 0x80U, 62U, 0U)};
  const Timeline     map      = timeline(48000.0, 120.0, common_time);
  Capture            capture  = {NULL, 0U, 0U};
  for (size_t i = 0U; i < sizeof(events) / sizeof(events[0]); ++i) {
    CaptureEvent event = events[i];
    event.is_rolling   = i != 4U; // stopped
    CHECK(capture_add(&capture, &event));
  }
  CaptureFaults faults;
  CHECK(!capture_notes(&capture, &map, NULL, NULL, &faults));
  CHECK(faults.n_doubled == 1U);
  CHECK(faults.n_orphans == 1U);
  CHECK(faults.n_backwards == 1U);
  CHECK(faults.n_hanging == 1U);
  CHECK(faults.n_stopped == 1U);
  CHECK(capture_n_faults(&faults) == 5U);
  capture_free(&capture);
}

// The mirror -----------------------------------------------------------------

static Host*
mirror(const HostWork work)
{
  HostSetup setup   = host_setup(bundle, MIRROR);
  Host*     host    = NULL;
  Trouble   trouble = {""};
  setup.work        = work;
  setup.max_block   = 1024U;
  if (host_new(&setup, &host, &trouble)) {
    printf("not ok mirror: %s\n", trouble.text);
    exit(1);
  }
  host_activate(host);
  return host;
}

static void
test_refusals_have_a_sentence(void)
{
  Host*     host    = NULL;
  Trouble   trouble = {""};
  HostSetup setup   = host_setup(bundle, "urn:perpetuo:no-such-thing");
  CHECK(host_new(&setup, &host, &trouble) == STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "no-such-thing"));

  setup = host_setup("/nowhere/at/all", MIRROR);
  CHECK(host_new(&setup, &host, &trouble) == STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "/nowhere/at/all"));

  setup           = host_setup(bundle, MIRROR);
  setup.max_block = 0U;
  CHECK(host_new(&setup, &host, &trouble) == STATUS_BAD_ARG);
  CHECK(!host);
  host_free(NULL);
}

static void
test_positions_are_told(void)
{
  Host* const host = mirror(HOST_WORK_AT_END);
  host_run(host, 256U);
  NEAR(host_get(host, "positions"), 1, 0);
  NEAR(host_get(host, "speed"), 0, 0);

  host_locate_bar(host, 3, 960.0);
  host_play(host);
  host_run(host, 256U);
  NEAR(host_get(host, "speed"), 1, 0);
  NEAR(host_get(host, "bar"), 3, 0);
  NEAR(host_get(host, "bar_beat"), 1, 1e-6);
  NEAR(host_get(host, "bpm"), 120, 0);
  NEAR(host_get(host, "keys"), 8, 0);
  host_run(host, 240U);
  host_run(host, 240U);
  NEAR(host_get(host, "bar_beat"), 1.0 + 496.0 / 24000.0, 1e-6);
  CHECK(host_song_frame(host) == 3 * 96000 + 24000 + 256 + 240 + 240);
  CHECK(host_n_frames(host) == 256U + 256U + 240U + 240U);
  CHECK(isnan(host_get(host, "no_such_port")));
  host_free(host);
}

static void
test_compound_metres_have_two_tempos(void)
{
  Host* const   host = mirror(HOST_WORK_AT_END);
  Timeline      map  = timeline(48000.0, 120.0, compound);
  HostPositions how  = {.bpm_in_quarters = true};
  host_set_timeline(host, &map);
  host_play(host);
  host_run(host, 600U);
  NEAR(host_get(host, "bpm"), 240, 0);
  host_set_positions(host, &how);
  host_run(host, 600U);
  NEAR(host_get(host, "bpm"), 120, 0);
  NEAR(host_get(host, "bar_beat"), 600.0 / 12000.0, 1e-6);
  host_free(host);
}

static void
test_positions_can_be_rare_and_poor(void)
{
  Host* const   host = mirror(HOST_WORK_AT_END);
  HostPositions how  = {.tell     = HOST_TELL_CHANGES,
                        .is_blank = true,
                        .without  = HOST_BPM | HOST_BEAT};
  host_set_positions(host, &how);
  host_play(host);
  for (int i = 0; i < 20; ++i) {
    host_run(host, 100U);
  }
  NEAR(host_get(host, "positions"), 1, 0);
  NEAR(host_get(host, "keys"), 6, 0);
  NEAR(host_get(host, "blank"), 1, 0);
  host_locate(host, 5);
  host_run(host, 100U);
  NEAR(host_get(host, "positions"), 2, 0);

  how.is_bare_first = true;
  how.tell          = HOST_TELL_EVERY;
  host_set_positions(host, &how);
  host_locate(host, 96000);
  host_run(host, 100U);
  NEAR(host_get(host, "keys"), 2, 0); // Frame and speed alone
  host_run(host, 100U);
  NEAR(host_get(host, "keys"), 6, 0);
  host_free(host);
}

static void
test_changes_of_the_map_are_told_where_they_are(void)
{
  Host* const host = mirror(HOST_WORK_AT_END);
  Timeline    map  = timeline(48000.0, 120.0, common_time);
  CHECK(!timeline_set_tempo(&map, 1, 60.0));
  host_set_timeline(host, &map);
  host_locate(host, 96000 - 100);
  host_play(host);
  host_run(host, 512U);
  NEAR(host_get(host, "offset"), 100, 0);
  NEAR(host_get(host, "bpm"), 60, 0);
  NEAR(host_get(host, "bar"), 1, 0);
  NEAR(host_get(host, "bar_beat"), 0, 1e-6);
  host_free(host);
}

static void
test_changes_of_the_map_can_be_told_late(void)
{
  Host* const         host = mirror(HOST_WORK_AT_END);
  const HostPositions how  = {.is_late = true};
  Timeline            map  = timeline(48000.0, 120.0, common_time);
  CHECK(!timeline_set_tempo(&map, 1, 60.0));
  CHECK(!timeline_set_metre(&map, 1, compound));
  host_set_timeline(host, &map);
  host_set_positions(host, &how);
  host_locate(host, 96000 - 100);
  host_play(host);
  host_run(host, 512U);
  NEAR(host_get(host, "offset"), 0, 0);
  NEAR(host_get(host, "bpm"), 120, 0);
  NEAR(host_get(host, "bar"), 0, 0);
  host_run(host, 512U);
  NEAR(host_get(host, "offset"), 0, 0);
  NEAR(host_get(host, "bpm"), 120, 0); // Eighths
  NEAR(host_get(host, "bar"), 1, 0);
  NEAR(host_get(host, "bar_beat"), 412.0 / 24000.0, 1e-6);
  host_free(host);
}

static void
test_a_test_can_say_what_it_likes(void)
{
  Host* const         host = mirror(HOST_WORK_AT_END);
  const HostPositions how  = {.tell = HOST_TELL_NOTHING};
  const HostPosition  said = {HOST_BAR | HOST_BAR_BEAT | HOST_SPEED,
                              9,
                              -1.0f,
                              -7,
                              1.25,
                              9.0,
                              9.0,
                              9,
                              9.0};
  host_set_positions(host, &how);
  host_play(host);
  host_run(host, 64U);
  NEAR(host_get(host, "positions"), 0, 0);
  CHECK(host_say(host, 17U, &said));
  host_run(host, 64U);
  NEAR(host_get(host, "positions"), 1, 0);
  NEAR(host_get(host, "offset"), 17, 0);
  NEAR(host_get(host, "keys"), 3, 0);
  NEAR(host_get(host, "speed"), -1, 0);
  NEAR(host_get(host, "bar"), -7, 0);
  NEAR(host_get(host, "bar_beat"), 1.25, 0);
  host_free(host);
}

static void
test_loops_wrap_in_both_manners(void)
{
  Host* const host = mirror(HOST_WORK_AT_END);
  host_loop(host, HOST_LOOP_EXACT, 1000, 2000);
  host_locate(host, 1900);
  host_play(host);
  host_run(host, 512U);
  CHECK(host_song_frame(host) == 1412);
  NEAR(host_get(host, "offset"), 100, 0);

  host_loop(host, HOST_LOOP_OVERRUN, 1000, 2000);
  host_locate(host, 1900);
  host_run(host, 512U);
  CHECK(host_song_frame(host) == 1412);
  NEAR(host_get(host, "offset"), 0, 0);

  // A loop shorter than a block turns in it more than once
  host_loop(host, HOST_LOOP_EXACT, 0, 100);
  host_locate(host, 0);
  const float before = host_get(host, "positions");
  host_run(host, 450U);
  CHECK(host_song_frame(host) == 50);
  NEAR(host_get(host, "positions") - before, 5, 0);
  host_free(host);
}

static void
test_midi_comes_back_with_its_place(void)
{
  Host* const   host  = mirror(HOST_WORK_AT_END);
  const uint8_t on[]  = {0x90U, 64U, 100U};
  const uint8_t off[] = {0x80U, 64U, 0U};
  host_locate_bar(host, 2, 0.0);
  host_play(host);
  CHECK(host_send(host, 200U, off, 3U));
  CHECK(host_send(host, 50U, on, 3U)); // Sorted by the host
  host_run(host, 256U);

  const Capture* const capture = host_capture(host);
  CHECK(capture->n_events == 2U);
  CHECK(capture->events[0].frame == 50U);
  CHECK(capture->events[0].song_frame == 2 * 96000 + 50);
  CHECK(capture->events[0].place.bar == 2);
  NEAR(capture->events[0].place.tick, 2.0, 1e-6);
  CHECK(capture->events[1].bytes[0] == 0x80U);
  CHECK(!host_n_faults(host, NULL));
  host_clear_capture(host);
  CHECK(host_capture(host)->n_events == 0U);
  host_free(host);
}

static void
test_faults_are_found(void)
{
  static const struct {
    float       fault;
    const char* text;
  } rows[]           = {{1.0f, "log"},
                        {2.0f, "order"},
                        {3.0f, "outside"},
                        {4.0f, "header"},
                        {5.0f, "past the end"}};
  const uint8_t on[] = {0x90U, 64U, 100U};

  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Host* const host = mirror(HOST_WORK_AT_END);
    const char* text = "";
    CHECK(host_set(host, "fault", rows[i].fault));
    CHECK(host_send(host, 10U, on, 3U));
    host_run(host, 64U);
    CHECK(host_n_faults(host, &text) > 0U);
    CHECK(strstr(text, rows[i].text));
    host_free(host);
  }
}

static void
test_small_buffers_are_small(void)
{
  Host* const   host = mirror(HOST_WORK_AT_END);
  const uint8_t on[] = {0x90U, 64U, 100U};
  host_set_event_room(host, 16U + 2U * 24U);
  for (uint32_t i = 0U; i < 5U; ++i) {
    CHECK(host_send(host, i, on, 3U));
  }
  host_run(host, 64U);
  CHECK(host_capture(host)->n_events == 2U);
  CHECK(!host_n_faults(host, NULL));
  host_free(host);
}

/// What was heard of the other output
typedef struct {
  uint32_t n;
  uint32_t offset; ///< Of the last one,
  uint32_t size;   ///< and its size
  uint32_t type;
  uint8_t  bytes[512];
} Heard;

static void
hear(void* const       data,
     const char* const symbol,
     const uint32_t    offset,
     const void* const atom)
{
  Heard* const          heard = (Heard*)data;
  const LV2_Atom* const got   = (const LV2_Atom*)atom;
  CHECK(!strcmp(symbol, "other"));
  ++heard->n;
  heard->offset = offset;
  heard->size   = got->size;
  heard->type   = got->type;
  memcpy(heard->bytes, got + 1, got->size < 512U ? got->size : 512U);
}

/// An atom of that size for a host
static const LV2_Atom*
atom_of(Host* const host, const uint32_t size)
{
  static uint64_t words[8192];
  LV2_Atom* const atom = (LV2_Atom*)(void*)words;
  atom->size           = size;
  atom->type           = host_map(host, "urn:perpetuo:mirror#thing");
  memset(atom + 1, 0x5A, size);
  return atom;
}

static void
test_atoms_go_in_and_come_out(void)
{
  Host* const   host  = mirror(HOST_WORK_AT_END);
  const uint8_t on[]  = {0x90U, 64U, 100U};
  Heard         heard = {0U, 0U, 0U, 0U, {0U}};
  host_listen(host, hear, &heard);
  CHECK(host_send_atom(host, 40U, atom_of(host, 500U)));
  CHECK(host_send(host, 10U, on, 3U));
  CHECK(host_send_atom(host, 20U, atom_of(host, 3U)));
  host_run(host, 64U);
  CHECK(heard.n == 2U && heard.offset == 40U && heard.size == 500U);
  CHECK(heard.type == host_map(host, "urn:perpetuo:mirror#thing"));
  CHECK(heard.bytes[499] == 0x5AU);
  CHECK(host_capture(host)->n_events == 1U);

  // Only once, and only as much as there is room for
  host_run(host, 64U);
  CHECK(heard.n == 2U);
  CHECK(!host_send_atom(host, 0U, atom_of(host, 40000U)));
  CHECK(host_send_atom(host, 0U, atom_of(host, 32000U)));
  CHECK(!host_send_atom(host, 0U, atom_of(host, 1000U)));
  host_run(host, 64U);
  CHECK(heard.n == 3U);
  host_listen(host, NULL, NULL);
  CHECK(host_send_atom(host, 0U, atom_of(host, 8U)));
  host_run(host, 64U);
  CHECK(heard.n == 3U);
  CHECK(!host_n_faults(host, NULL));
  host_free(host);
}

static void
test_other_outputs_are_checked_too(void)
{
  static const struct {
    float       fault;
    const char* text;
  } rows[] = {{10.0f, "header"}, {11.0f, "outside"}, {12.0f, "MIDI"}};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Host* const host = mirror(HOST_WORK_AT_END);
    const char* text = "";
    CHECK(host_set(host, "fault", rows[i].fault));
    CHECK(host_send_atom(host, 10U, atom_of(host, 8U)));
    host_run(host, 64U);
    CHECK(host_n_faults(host, &text) > 0U);
    CHECK(strstr(text, rows[i].text));
    host_free(host);
  }
}

static void
test_an_output_has_its_own_room(void)
{
  Host* const host  = mirror(HOST_WORK_AT_END);
  Heard       heard = {0U, 0U, 0U, 0U, {0U}};
  host_listen(host, hear, &heard);
  CHECK(!host_set_room(host, "bar", 100U) && !host_set_room(host, "x", 100U));
  CHECK(!host_set_room(host, "other", 7U));
  for (uint32_t room = 8U; room < 60U; ++room) {
    CHECK(host_set_room(host, "other", room));
    CHECK(host_send_atom(host, 0U, atom_of(host, 8U)));
    CHECK(host_send_atom(host, 0U, atom_of(host, 8U)));
    heard.n = 0U;
    host_run(host, 64U);
    CHECK(heard.n == (room < 40U ? 0U : 1U));
  }
  CHECK(host_disconnect(host, "other") && !host_disconnect(host, "out"));
  CHECK(host_send_atom(host, 0U, atom_of(host, 8U)));
  heard.n = 0U;
  host_run(host, 64U);
  CHECK(!heard.n && !host_n_faults(host, NULL));
  host_free(host);
}

// The worker -----------------------------------------------------------------

static void
test_work_in_every_manner(void)
{
  static const HostWork manners[] = {
    HOST_WORK_THREAD, HOST_WORK_PATIENT, HOST_WORK_AT_END, HOST_WORK_INSIDE};
  static const struct timespec half_a_millisecond = {0, 500000};
  for (size_t i = 0U; i < 4U; ++i) {
    Host* const host = mirror(manners[i]);
    CHECK(host_set(host, "ask", 1.0f));
    host_run(host, 64U);
    CHECK(host_set(host, "ask", 0.0f));
    for (int n = 0; n < 2000 && host_get(host, "answers") < 1.0f; ++n) {
      nanosleep(&half_a_millisecond, NULL);
      host_run(host, 64U);
    }
    NEAR(host_get(host, "works"), 1, 0);
    NEAR(host_get(host, "answers"), 1, 0);
    CHECK(host_n_works(host) == 1U);
    CHECK(!host_n_faults(host, NULL));
    host_free(host);
  }
}

static void
test_work_inside_is_answered_in_the_same_run(void)
{
  Host* const host = mirror(HOST_WORK_INSIDE);
  CHECK(host_set(host, "ask", 1.0f));
  host_run(host, 64U);
  NEAR(host_get(host, "answers"), 1, 0);
  host_free(host);
}

static void
test_work_can_be_late_or_refused(void)
{
  Host* const host = mirror(HOST_WORK_AT_END);
  host_delay_work(host, 3U);
  CHECK(host_set(host, "ask", 1.0f));
  host_run(host, 64U);
  CHECK(host_set(host, "ask", 0.0f));
  host_run(host, 64U);
  host_run(host, 64U);
  CHECK(host_n_works(host) == 0U);
  host_run(host, 64U);
  CHECK(host_n_works(host) == 1U);

  host_refuse_work(host, 2U);
  CHECK(host_set(host, "ask", 1.0f));
  host_run(host, 64U);
  host_run(host, 64U);
  CHECK(host_n_refused(host) == 2U);
  host_run(host, 64U);
  CHECK(host_n_refused(host) == 2U);
  host_free(host);
}

// Presets and state ----------------------------------------------------------

static void
test_presets_are_loaded_by_label_and_uri(void)
{
  Host* const host    = mirror(HOST_WORK_AT_END);
  Trouble     trouble = {""};
  CHECK(host_n_presets(host) == 1U);
  CHECK(!strcmp(host_preset_label(host, 0U), "Seven"));
  CHECK(host_load_preset(host, "Eight", &trouble) == STATUS_NO_FILE);
  CHECK(strstr(trouble.text, "Eight") && strstr(trouble.text, "Seven"));
  NEAR(host_get(host, "ask"), 0, 0);

  CHECK(!host_load_preset(host, "Seven", &trouble));
  NEAR(host_get(host, "ask"), 0.75, 0);
  CHECK(host_set(host, "ask", 0.0f));
  CHECK(!host_load_preset(host, "urn:perpetuo:mirror#seven", &trouble));
  NEAR(host_get(host, "ask"), 0.75, 0);
  host_free(host);
}

static void
test_state_is_saved_and_restored(void)
{
  Host* const   host       = mirror(HOST_WORK_AT_END);
  Trouble       trouble    = {""};
  char*         text       = NULL;
  HostProperty* properties = NULL;
  size_t        n          = 0U;
  CHECK(!host_load_preset(host, "Seven", &trouble));
  CHECK(!host_save(host, NULL, &text, &trouble));
  host_free(host);

  Host* const other = mirror(HOST_WORK_AT_END);
  CHECK(!host_restore(other, text, &trouble));
  NEAR(host_get(other, "ask"), 0.75, 0);
  CHECK(!host_save_properties(other, &properties, &n));
  CHECK(n == 1U && properties[0].size == 4U);
  CHECK(n && *(const int32_t*)properties[0].value == 7);
  CHECK(host_restore(other, "this is no Turtle <", &trouble) ==
        STATUS_BAD_FILE);
  host_free_properties(properties, n);
  host_free(other);
  free(text);
}

static const HostProperty*
retrieve_lie(void* const data, const char* const key)
{
  (void)key;
  return (const HostProperty*)data;
}

static void
test_state_can_be_a_lie(void)
{
  Host* const        host   = mirror(HOST_WORK_AT_END);
  char               key[]  = "urn:perpetuo:mirror#number";
  char               type[] = "urn:perpetuo:no-type";
  int32_t            value  = 9;
  const HostProperty lie    = {key, type, &value, sizeof(value), 0U};
  CHECK(host_restore_with(host, retrieve_lie, (void*)(size_t)&lie) != 0);
  CHECK(host_has_logged(host, "no number in the state"));
  host_clear_log(host);
  CHECK(host_restore_with(host, retrieve_lie, NULL) != 0);
  CHECK(host_has_logged(host, "no number in the state"));
  char* const log = host_log(host);
  CHECK(log && !strcmp(log, "no number in the state\n"));
  free(log);
  host_free(host);
}

static void
test_controls_are_listed(void)
{
  Host* const host = mirror(HOST_WORK_AT_END);
  CHECK(host_n_controls(host) == 2U);
  const HostControl control = host_control(host, 1U);
  CHECK(!strcmp(control.symbol, "ask"));
  NEAR(control.maximum, 1, 0);
  CHECK(!host_set(host, "works", 1.0f)); // An output
  host_free(host);
}

static void
test_longest_block_can_grow(void)
{
  Host* const host = mirror(HOST_WORK_AT_END);
  host_run(host, 64U);
  NEAR(host_get(host, "longest"), 1024, 0);
  CHECK(host_set_max_block(host, 4096U));
  host_run(host, 4096U);
  NEAR(host_get(host, "longest"), 4096, 0);
  host_free(host);
}

static void
test_two_hosts_are_independent(void)
{
  Host* const a = mirror(HOST_WORK_AT_END);
  Host* const b = mirror(HOST_WORK_THREAD);
  host_play(a);
  host_locate_bar(b, 7, 0.0);
  host_run(a, 64U);
  host_run(b, 64U);
  NEAR(host_get(a, "bar"), 0, 0);
  NEAR(host_get(a, "speed"), 1, 0);
  NEAR(host_get(b, "bar"), 7, 0);
  NEAR(host_get(b, "speed"), 0, 0);
  host_free(b);
  host_run(a, 64U);
  host_free(a);
}

int
main(void)
{
  Folder folder;
  RUN(test_timeline_goes_there_and_back);
  RUN(test_timeline_bars_stay_whole_for_hours);
  RUN(test_capture_puts_notes_together);
  RUN(test_capture_counts_each_fault);

  if (!folder_make(&folder) || !mirror_build(&folder, bundle)) {
    printf("skip mirror: the compiler that built this test did not build "
           "tests/mirror.lv2\n");
    folder_free(&folder);
    CHECK_END();
  }
  RUN(test_refusals_have_a_sentence);
  RUN(test_positions_are_told);
  RUN(test_compound_metres_have_two_tempos);
  RUN(test_positions_can_be_rare_and_poor);
  RUN(test_changes_of_the_map_are_told_where_they_are);
  RUN(test_changes_of_the_map_can_be_told_late);
  RUN(test_a_test_can_say_what_it_likes);
  RUN(test_loops_wrap_in_both_manners);
  RUN(test_midi_comes_back_with_its_place);
  RUN(test_faults_are_found);
  RUN(test_small_buffers_are_small);
  RUN(test_atoms_go_in_and_come_out);
  RUN(test_other_outputs_are_checked_too);
  RUN(test_an_output_has_its_own_room);
  RUN(test_work_in_every_manner);
  RUN(test_work_inside_is_answered_in_the_same_run);
  RUN(test_work_can_be_late_or_refused);
  RUN(test_presets_are_loaded_by_label_and_uri);
  RUN(test_state_is_saved_and_restored);
  RUN(test_state_can_be_a_lie);
  RUN(test_controls_are_listed);
  RUN(test_longest_block_can_grow);
  RUN(test_two_hosts_are_independent);
  folder_free(&folder);
  CHECK_END();
}
