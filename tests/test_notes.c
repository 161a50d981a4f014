// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Every note is owned: whatever a host and a person do, each note-on is
   answered by exactly one note-off.

   Random walks over all that can be done to the plugin, each move a function
   of a seed.  After every move the books are kept of what came out; after every
   few moves all is stopped, and nothing may sound.  A walk that fails says its
   seed, and `PERPETUO_SEED=... build/tests/test_notes` walks it alone.
*/

#include "tests/check.h"
#include "tests/hosted.h"
#include "tests/tiny_bundle.h"

#include "base/rng.h"
#include "music/note.h"

#include <string.h>

#define N_MOVES 400U ///< Of each walk
#define N_BETWEEN 8U ///< Moves from one silence to the next
#define ROOM 65536U  ///< Bytes for events, when there is enough
#define MAX_PLACES 24U

/// Channels of the sender whose notes pass through, never taken by ours
#define SENDER 14U

enum { OURS = 0, PASSED = 1, N_KINDS = 2 };

static TinyBundle bundle;

typedef struct {
  uint64_t seed;
  uint32_t i_draw;
  uint32_t i_move;
  char     last[64]; ///< The move in words
  Host*    host;
  bool     is_scant;  ///< Small buffers happen
  bool     is_broken; ///< Something was found
  char*    states[2]; ///< Saved on the way
  float    max_block;

  // The books
  size_t   i_event; ///< Events that were looked at
  uint64_t last_frame;
  uint64_t on_frame[N_CHANNELS][N_KEYS];
  uint32_t sounding[N_CHANNELS][N_KEYS];
  uint32_t n_notes[N_KINDS];

  // The sender's: notes of its that it has not ended
  uint8_t held[N_KEYS];
} Walk;

static uint32_t
draw(Walk* const self, const uint32_t n)
{
  return rng_below(rng_seed(self->seed), self->i_draw++, n);
}

static void
complain(Walk* const self, const char* const what, const CaptureEvent* const e)
{
  fprintf(stderr,
          "  %s (%02X %02X %02X at frame %llu), after move %u (%s)\n  again: "
          "PERPETUO_SEED=%llu build/tests/test_notes\n",
          what,
          e ? e->bytes[0] : 0U,
          e ? e->bytes[1] : 0U,
          e ? e->bytes[2] : 0U,
          e ? (unsigned long long)e->frame : 0ULL,
          self->i_move,
          self->last,
          (unsigned long long)self->seed);
  self->is_broken = true;
}

// Keeping the books ---------------------------------------------------------

static void
look_at_on(Walk* const self, const CaptureEvent* const e, const bool is_passed)
{
  const unsigned channel = e->bytes[0] & 0x0FU;
  const unsigned key     = e->bytes[1];
  if (!is_passed && self->sounding[channel][key]) {
    complain(self, "a note-on for a key that sounds", e);
  }
  ++self->sounding[channel][key];
  ++self->n_notes[is_passed ? PASSED : OURS];
  self->on_frame[channel][key] = e->frame;
}

static void
look_at_off(Walk* const self, const CaptureEvent* const e, const bool is_passed)
{
  const unsigned channel = e->bytes[0] & 0x0FU;
  const unsigned key     = e->bytes[1];
  if (self->sounding[channel][key]) {
    --self->sounding[channel][key];
    if (!is_passed && self->on_frame[channel][key] == e->frame) {
      complain(self, "a note without length", e);
    }
  } else if (!is_passed || !self->is_scant) {
    // Where there was no room for the sender's on, its off may come alone
    complain(self, "a note-off for a key that does not sound", e);
  }
}

static void
look(Walk* const self)
{
  const Capture* const capture = host_capture(self->host);
  for (; self->i_event < capture->n_events; ++self->i_event) {
    const CaptureEvent* const e         = &capture->events[self->i_event];
    const unsigned            kind      = e->bytes[0] & 0xF0U;
    const bool                is_passed = (e->bytes[0] & 0x0FU) >= SENDER;
    if (e->frame < self->last_frame) {
      complain(self, "an event before the one before it", e);
    }
    self->last_frame = e->frame;
    if (e->size != 3U || e->bytes[1] >= N_KEYS || e->bytes[2] > 127U ||
        (kind != 0x80U && kind != 0x90U)) {
      complain(self, "an event that is none of ours", e);
    } else if (kind == 0x90U && e->bytes[2]) {
      look_at_on(self, e, is_passed);
    } else {
      look_at_off(self, e, is_passed);
    }
  }
  host_clear_capture(self->host);
  self->i_event = 0U;

  const char* text = "";
  if (host_n_faults(self->host, &text) && !self->is_broken) {
    complain(self, text, NULL);
  }
}

static void
run_block(Walk* const self, const uint32_t n_frames)
{
  host_run(self->host, n_frames);
  look(self);
}

/// Stop everything, and look for what still sounds
static void
fall_silent(Walk* const self)
{
  static const HostPositions plain = {.tell = HOST_TELL_EVERY};
  Host* const                host  = self->host;
  host_set_event_room(host, ROOM);
  host_set_positions(host, &plain); // Or it may not hear of the stop
  host_stop(host);
  host_set(host, "transport", 0.0f);
  for (unsigned key = 0U; key < N_KEYS; ++key) {
    const uint8_t off[] = {0x80U | SENDER, (uint8_t)key, 0U};
    while (self->held[key]) {
      host_send(host, 0U, off, 3U);
      --self->held[key];
    }
  }
  run_block(self, 64U);
  run_block(self, 64U);
  for (unsigned channel = 0U; channel < N_CHANNELS; ++channel) {
    for (unsigned key = 0U; key < N_KEYS; ++key) {
      if (self->sounding[channel][key]) {
        const CaptureEvent e = {.frame = self->on_frame[channel][key],
                                .bytes = {0x90U | channel, (uint8_t)key, 0U}};
        complain(self, "a note that hangs", &e);
        self->sounding[channel][key] = 0U;
      }
    }
  }
}

// The moves -----------------------------------------------------------------

static void
move_play(Walk* const self)
{
  host_play(self->host);
}

static void
move_stop(Walk* const self)
{
  host_stop(self->host);
}

static void
move_locate(Walk* const self)
{
  const int32_t bar = (int32_t)draw(self, MAX_PLACES) - 4;
  host_locate_bar(self->host, bar, draw(self, 2U) ? 0.0 : draw(self, 3000U));
}

static void
move_loop(Walk* const self)
{
  const int64_t  now = host_song_frame(self->host);
  const uint32_t n   = draw(self, 4U) ? 60000U : 90U;
  host_loop(self->host,
            draw(self, 2U) ? HOST_LOOP_EXACT : HOST_LOOP_OVERRUN,
            now - (int64_t)draw(self, n),
            now + (int64_t)draw(self, n));
}

static void
move_no_loop(Walk* const self)
{
  host_loop(self->host, HOST_LOOP_EXACT, 0, 0);
}

static void
move_map(Walk* const self)
{
  static const Metre metres[] = {{4U, 4U}, {3U, 4U}, {6U, 8U}, {5U, 4U}};
  const double       bpm      = 60.0 + draw(self, 160U);
  Timeline           map =
    timeline(48000.0, bpm, metres[draw(self, 2U) * draw(self, 4U)]);
  for (int32_t bar = 2; bar < 12; bar += 3) {
    CHECK(!timeline_set_tempo(&map, bar, 60.0 + draw(self, 160U)));
  }
  if (draw(self, 2U)) {
    CHECK(!timeline_set_metre(&map, 5, metres[draw(self, 4U)]));
  }
  host_set_timeline(self->host, &map);
}

static void
move_positions(Walk* const self)
{
  HostPositions how = {.tell = (HostTell)draw(self, 4U)};
  how.is_coarse     = draw(self, 2U);
  how.is_bare_first = draw(self, 2U);
  how.is_blank      = draw(self, 2U);
  how.without       = draw(self, 4U) ? 0U : draw(self, HOST_ALL_FIELDS + 1U);
  host_set_positions(self->host, &how);
}

static void
move_knob(Walk* const self)
{
  static const char* const symbols[] = {"seed",
                                        "key",
                                        "scale",
                                        "drum_map",
                                        "phrase_bars",
                                        "register",
                                        "velocity",
                                        "swing",
                                        "melody_length",
                                        "humanise",
                                        "mix_acid",
                                        "energy",
                                        "variation"};
  const char* const        symbol =
    symbols[draw(self, sizeof(symbols) / sizeof(symbols[0]))];
  for (uint32_t i = 0U; i < host_n_controls(self->host); ++i) {
    const HostControl control = host_control(self->host, i);
    if (!strcmp(control.symbol, symbol)) {
      const float part = (float)draw(self, 4U) / 3.0f;
      host_set(
        self->host,
        symbol,
        roundf(control.minimum + part * (control.maximum - control.minimum)));
    }
  }
}

static void
move_channel(Walk* const self)
{
  host_set(self->host,
           draw(self, 2U) ? "melody_channel" : "drum_channel",
           (float)(1U + draw(self, 3U)));
}

static void
move_switch(Walk* const self)
{
  static const char* const symbols[] = {
    "enabled", "hold", "reroll", "thru", "transport", "freewheel"};
  const char* const symbol =
    symbols[draw(self, sizeof(symbols) / sizeof(symbols[0]))];
  host_set(
    self->host, symbol, host_get(self->host, symbol) > 0.5f ? 0.0f : 1.0f);
}

static void
move_room(Walk* const self)
{
  if (self->is_scant) {
    host_set_event_room(self->host,
                        draw(self, 3U) ? 16U + 24U * draw(self, 6U) : ROOM);
  }
}

static void
move_preset(Walk* const self)
{
  Trouble      trouble = {""};
  const size_t n       = host_n_presets(self->host);
  if (n &&
      host_load_preset(self->host,
                       host_preset_uri(self->host, draw(self, (uint32_t)n)),
                       &trouble)) {
    complain(self, trouble.text, NULL);
  }
}

static void
move_save(Walk* const self)
{
  Trouble      trouble = {""};
  char** const text    = &self->states[draw(self, 2U)];
  free(*text);
  *text = NULL;
  if (host_save(self->host, NULL, text, &trouble)) {
    complain(self, trouble.text, NULL);
  }
}

static void
move_restore(Walk* const self)
{
  Trouble           trouble = {""};
  const char* const text    = self->states[draw(self, 2U)];
  if (text && host_restore(self->host, text, &trouble)) {
    complain(self, trouble.text, NULL);
  }
}

static const HostProperty*
name_other_models(void* const data, const char* const key)
{
  return strstr(key, "melody") ? (const HostProperty*)data : NULL;
}

static void
move_models(Walk* const self)
{
  char         key[]   = "";
  char         type[]  = "http://lv2plug.in/ns/ext/atom#String";
  char         value[] = "0123456789abcdef";
  HostProperty wish    = {key, type, value, sizeof(value), 0U};
  CHECK(!host_restore_with(self->host, name_other_models, &wish));
}

static void
move_away_and_back(Walk* const self)
{
  host_deactivate(self->host);
  host_activate(self->host);
}

static void
move_work(Walk* const self)
{
  static const HostWork manners[] = {
    HOST_WORK_AT_END, HOST_WORK_INSIDE, HOST_WORK_PATIENT};
  host_set_work(self->host, manners[draw(self, 3U)]);
  host_refuse_work(self->host, draw(self, 3U));
}

static void
move_send(Walk* const self)
{
  for (uint32_t i = 1U + draw(self, 6U); i > 0U; --i) {
    const uint8_t key     = (uint8_t)(40U + draw(self, 6U));
    const uint8_t on[]    = {0x90U | SENDER, key, 100U};
    const bool    is_open = host_get(self->host, "thru") > 0.5f ||
                         host_get(self->host, "enabled") < 0.5f;
    if (is_open && self->held[key] < 3U && host_send(self->host, 10U, on, 3U)) {
      ++self->held[key];
    }
  }
  run_block(self, 64U); // Nothing passes in a block of no frames
}

static void
move_end_sent(Walk* const self)
{
  for (uint8_t key = 40U; key < 46U; ++key) {
    const uint8_t off[] = {0x80U | SENDER, key, 0U};
    if (self->held[key] && draw(self, 2U) &&
        host_send(self->host, 20U, off, 3U)) {
      --self->held[key];
    }
  }
  run_block(self, 64U);
}

static const struct {
  const char* name;
  void (*move)(Walk* self);
  unsigned weight;
} moves[] = {
  {"start", move_play, 9U},
  {"stop", move_stop, 2U},
  {"locate", move_locate, 4U},
  {"loop", move_loop, 3U},
  {"no loop", move_no_loop, 2U},
  {"tempo and metre", move_map, 2U},
  {"way of telling", move_positions, 1U},
  {"a knob", move_knob, 4U},
  {"a channel", move_channel, 3U},
  {"a switch", move_switch, 4U},
  {"room for events", move_room, 3U},
  {"a preset", move_preset, 2U},
  {"save", move_save, 1U},
  {"restore", move_restore, 2U},
  {"other models", move_models, 1U},
  {"deactivate, activate", move_away_and_back, 2U},
  {"manner of work", move_work, 1U},
  {"notes to pass", move_send, 3U},
  {"their ends", move_end_sent, 2U},
};

enum { N_KINDS_OF_MOVE = sizeof(moves) / sizeof(moves[0]) };

/// What passed is ended by the plugin when the way is closed: then the sender
/// need not end it any more
static void
note_closing(Walk* const self)
{
  if (host_get(self->host, "thru") < 0.5f &&
      host_get(self->host, "enabled") > 0.5f) {
    if (self->is_scant) {
      host_set_event_room(self->host, ROOM);
    }
    run_block(self, 1U);
    memset(self->held, 0, sizeof(self->held));
  }
}

static void
one_move(Walk* const self)
{
  static const uint32_t lengths[] = {
    0U, 1U, 17U, 64U, 256U, 1000U, 4096U, 8192U};
  unsigned sum = 0U;
  for (unsigned i = 0U; i < N_KINDS_OF_MOVE; ++i) {
    sum += moves[i].weight;
  }
  uint32_t at = draw(self, sum);
  unsigned i  = 0U;
  while (at >= moves[i].weight) {
    at -= moves[i++].weight;
  }
  snprintf(self->last, sizeof(self->last), "%s", moves[i].name);
  moves[i].move(self);
  note_closing(self);

  const uint32_t n_block = lengths[draw(self, 8U)];
  for (uint32_t n = 1U + draw(self, n_block < 300U ? 16U : 10U); n > 0U; --n) {
    run_block(self, n_block);
  }
}

/// A walk; false when it found something
static bool
walk(const char* const uri,
     const uint64_t    seed,
     const bool        is_scant,
     uint32_t* const   n_notes)
{
  HostSetup   setup = host_setup(bundle.path, uri);
  Walk* const self  = (Walk*)calloc(1U, sizeof(Walk));
  self->host        = hosted_new(&setup);
  self->seed        = seed;
  self->is_scant    = is_scant;
  hosted_tempo(self->host, 128.0);
  for (; self->i_move < N_MOVES && !self->is_broken; ++self->i_move) {
    one_move(self);
    if (self->i_move % N_BETWEEN == N_BETWEEN - 1U) {
      snprintf(self->last, sizeof(self->last), "falling silent");
      fall_silent(self);
      host_set(self->host, "enabled", 1.0f);
      host_set(self->host, "melody_density", 90.0f);
      host_set(self->host, "drum_density", 90.0f);
      host_loop(self->host, HOST_LOOP_EXACT, 0, 0);
      host_play(self->host);
    }
  }
  fall_silent(self);
  n_notes[OURS] += self->n_notes[OURS];
  n_notes[PASSED] += self->n_notes[PASSED];

  const bool is_right = !self->is_broken;
  host_free(self->host);
  free(self->states[0]);
  free(self->states[1]);
  free(self);
  return is_right;
}

static void
check_walks(const uint64_t first, const bool is_scant)
{
  static const char* const uris[] = {URI_DUO, URI_DUO, URI_MELODY, URI_DRUMS};

  const char* const wish       = getenv("PERPETUO_SEED");
  const uint64_t    only       = wish ? strtoull(wish, NULL, 10) : 0U;
  uint32_t          n_notes[2] = {0U, 0U};
  for (uint64_t seed = first; seed < first + 4U; ++seed) {
    if (!only || only == seed) {
      CHECK(walk(uris[seed % 4U], seed, is_scant, n_notes));
    }
  }
  // The walks did lead through music
  CHECK(only || (n_notes[OURS] > 400U && n_notes[PASSED] > 50U));
}

static void
test_every_note_is_ended(void)
{
  check_walks(100U, false);
}

static void
test_every_note_is_ended_when_buffers_are_small(void)
{
  check_walks(200U, true);
}

// Each of these by itself, so that a failure has a name -----------------------

/// Roll until something of ours sounds, and be in the middle of it
static Host*
open_sounding(const char* const uri)
{
  HostSetup setup  = host_setup(bundle.path, uri);
  setup.work       = HOST_WORK_INSIDE;
  Host* const host = hosted_new(&setup);
  hosted_tempo(host, 128.0);
  CHECK(host_set(host, "melody_length", 200.0f));
  CHECK(host_set(host, "melody_density", 80.0f));
  host_run(host, 64U);
  host_play(host);
  CaptureFaults faults = {0U, 0U, 0U, 0U, 0U, 0U};
  do {
    host_run(host, 64U);
    CHECK(!capture_notes(
      host_capture(host), host_timeline(host), NULL, NULL, &faults));
  } while (!faults.n_hanging && host_n_frames(host) < 2000000U);
  CHECK(faults.n_hanging > 0U);
  return host;
}

/// Whether all is ended, of everything that came out so far
static size_t
n_sounding(const Host* const host)
{
  CaptureFaults faults = {0U, 0U, 0U, 0U, 0U, 0U};
  CHECK(!capture_notes(
    host_capture(host), host_timeline(host), NULL, NULL, &faults));
  CHECK(!faults.n_doubled && !faults.n_orphans && !faults.n_backwards);
  return faults.n_hanging;
}

static void
test_what_sounds_is_ended_at_once(void)
{
  static const struct {
    const char* what;
    void (*act)(Host* host);
  } rows[] = {{"stop", host_stop}, {"deactivate", host_deactivate}};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Host* const host = open_sounding(URI_DUO);
    rows[i].act(host);
    if (i == 1U) {
      host_stop(host);
      host_activate(host);
    }
    host_run(host, 16U);
    if (n_sounding(host)) {
      fprintf(stderr, "  after: %s\n", rows[i].what);
      CHECK(!"all is ended in one block");
    }
    host_free(host);
  }
}

static void
test_bypass_ends_what_sounds_and_follows_on(void)
{
  Host* const host = open_sounding(URI_DUO);
  CHECK(host_set(host, "enabled", 0.0f));
  host_run(host, 16U);
  CHECK(!n_sounding(host));
  const size_t n = host_capture(host)->n_events;
  host_run_to_bar(host, 8, 512U);
  CHECK(host_capture(host)->n_events == n);
  NEAR(host_get(host, "late"), 0, 0);

  CHECK(host_set(host, "enabled", 1.0f));
  host_clear_capture(host);
  host_run_to_bar(host, 12, 512U);
  hosted_settle(host);
  Notes heard = hosted_notes(host);
  host_free(host);

  Host* const straight = open_sounding(URI_DUO);
  host_run_to_bar(straight, 12, 512U);
  hosted_settle(straight);
  Notes       all    = hosted_notes(straight);
  const Notes wanted = notes_of_bars(&all, 8, 12);
  CHECK(notes_are_equal("after bypass", &wanted, &heard));
  notes_free(&all);
  notes_free(&heard);
  host_free(straight);
}

static void
test_a_locate_ends_what_sounds(void)
{
  Host* const    host   = open_sounding(URI_DUO);
  const size_t   n      = host_capture(host)->n_events;
  const size_t   wanted = n_sounding(host);
  const uint64_t now    = host_n_frames(host);

  // Near the bar line, where by their own length they would sound on
  host_locate_bar(host, 40, 1.0);
  host_run(host, 8U);
  const Capture* const capture = host_capture(host);
  size_t               n_ended = 0U;
  for (size_t i = n; i < capture->n_events; ++i) {
    const CaptureEvent* const e = &capture->events[i];
    n_ended += (e->bytes[0] & 0xF0U) == 0x80U && e->frame == now;
  }
  CHECK(wanted > 0U && n_ended == wanted);

  // First the ends of what was, whatever may begin there
  CHECK(capture->n_events > n &&
        (capture->events[n].bytes[0] & 0xF0U) == 0x80U);
  host_free(host);
}

static void
test_notes_end_on_the_channel_they_began_on(void)
{
  Host* const host = open_sounding(URI_MELODY);
  CHECK(host_set(host, "melody_channel", 5.0f));
  host_run_to_bar(host, 8, 512U);
  hosted_settle(host);
  Notes  heard   = hosted_notes(host);
  size_t n_there = 0U;
  for (size_t i = 0U; i < heard.n; ++i) {
    CHECK(heard.notes[i].channel == 0U || heard.notes[i].channel == 4U);
    n_there += heard.notes[i].channel == 4U;
    CHECK(heard.notes[i].channel == 4U || heard.notes[i].bar < 2);
  }
  CHECK(n_there > 0U && n_there < heard.n);
  notes_free(&heard);
  host_free(host);
}

/// The song in a host with so much room for events
static Notes
play_with_room(const uint32_t n_bytes)
{
  HostSetup setup  = host_setup(bundle.path, URI_DUO);
  setup.work       = HOST_WORK_INSIDE;
  Host* const host = hosted_new(&setup);
  hosted_tempo(host, 128.0);
  CHECK(host_set(host, "drum_density", 100.0f));
  CHECK(host_set(host, "melody_length", 200.0f));
  host_set_event_room(host, n_bytes);
  host_run(host, 64U);
  host_play(host);
  host_run_to_bar(host, 12, 4096U);
  hosted_settle(host);
  const Notes notes = hosted_notes(host);
  host_free(host);
  return notes;
}

/// Where there is no room some notes do not begin; those that do end in time
static void
test_ends_have_room_before_beginnings(void)
{
  Notes  all    = play_with_room(ROOM);
  size_t n_last = 0U;
  for (uint32_t n_events = 2U; n_events < 6U; ++n_events) {
    Notes  some = play_with_room(24U + n_events * 24U);
    size_t i    = 0U;
    for (size_t j = 0U; j < some.n; ++j, ++i) {
      while (i < all.n && !notes_are_same(&all.notes[i], &some.notes[j])) {
        ++i;
      }
      if (i == all.n) {
        notes_say("not as in the song", &some.notes[j]);
        CHECK(!"notes are as long as in the song");
        break;
      }
    }
    CHECK(some.n > n_last && some.n < all.n);
    n_last = some.n;
    notes_free(&some);
  }
  notes_free(&all);
}

/// What the sender ends while there is no room is ended as soon as there is
static void
test_ends_that_pass_wait_for_room(void)
{
  HostSetup   setup = host_setup(bundle.path, URI_DUO);
  Host* const host  = hosted_new(&setup);
  for (uint8_t key = 60U; key < 65U; ++key) {
    const uint8_t on[] = {0x90U | SENDER, key, 100U};
    CHECK(host_send(host, key, on, 3U));
  }
  host_run(host, 128U);
  host_set_event_room(host, 24U + 2U * 24U);
  for (uint8_t key = 60U; key < 65U; ++key) {
    const uint8_t off[] = {0x80U | SENDER, key, 0U};
    CHECK(host_send(host, key, off, 3U));
  }
  for (size_t n_left = 3U; n_left > 0U; n_left -= n_left > 1U ? 2U : 1U) {
    host_run(host, 128U);
    CHECK(n_sounding(host) == n_left);
  }
  host_run(host, 128U);
  CHECK(n_sounding(host) == 0U);
  CHECK(host_capture(host)->n_events == 10U);
  host_free(host);
}

int
main(void)
{
  if (!hosted_has_bundle()) {
    SKIP_ALL("the bundle is not built");
  }
  bundle = tiny_bundle(7U);
  RUN(test_what_sounds_is_ended_at_once);
  RUN(test_bypass_ends_what_sounds_and_follows_on);
  RUN(test_a_locate_ends_what_sounds);
  RUN(test_notes_end_on_the_channel_they_began_on);
  RUN(test_ends_have_room_before_beginnings);
  RUN(test_ends_that_pass_wait_for_room);
  RUN(test_every_note_is_ended);
  RUN(test_every_note_is_ended_when_buffers_are_small);
  tiny_bundle_free(&bundle);
  CHECK_END();
}
