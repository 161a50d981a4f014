// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The plugin in the small host: what its controls, outputs, MIDI input, state
   and models do.  Law 1 is in test_laws, law 2 in test_notes.

   It plays with tiny models, so that what the composer says of a request can
   be asked beside it, and so that models can be damaged.
*/

#include "tests/check.h"
#include "tests/hosted.h"
#include "tests/tiny_bundle.h"

#include "base/rng.h"
#include "compose/composer.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define STRING "http://lv2plug.in/ns/ext/atom#String"
#define STATE "urn:perpetuo:state:"
#define N_KEYS_OF_STATE 7U
#define MAX_SIZE 4096U

static TinyBundle bundle;
static Composer*  composer; ///< Of the same models

static Host*
open_bundle(const TinyBundle* const self, const char* const uri)
{
  HostSetup setup  = host_setup(self->path, uri);
  setup.work       = HOST_WORK_INSIDE;
  Host* const host = hosted_new(&setup);
  host_run(host, 64U);
  return host;
}

static Host*
open_plugin(const char* const uri)
{
  return open_bundle(&bundle, uri);
}

/// Play some bars from a bar on, and give what was heard of them
static Notes
play(Host* const host, const int32_t begin, const int32_t end)
{
  hosted_settle(host);
  host_clear_capture(host);
  host_locate_bar(host, begin, 0.0);
  host_run(host, 64U);
  host_play(host);
  host_run_to_bar(host, end, 1024U);
  hosted_settle(host);
  return hosted_notes(host);
}

/// Press and let go
static void
press(Host* const host, const char* const symbol)
{
  CHECK(host_set(host, symbol, 1.0f));
  host_run(host, 64U);
  CHECK(host_set(host, symbol, 0.0f));
  host_run(host, 64U);
}

/// Whether bars of one list are other bars of another list
static bool
is_shifted(const Notes* const a,
           const int32_t      from_a,
           const Notes* const b,
           const int32_t      from_b,
           const int32_t      n_bars)
{
  const Notes x  = notes_of_bars(a, from_a, from_a + n_bars);
  const Notes y  = notes_of_bars(b, from_b, from_b + n_bars);
  bool        is = x.n && x.n == y.n;
  for (size_t i = 0U; is && i < x.n; ++i) {
    CaptureNote note = y.notes[i];
    note.bar += from_a - from_b;
    is = notes_are_same(&x.notes[i], &note);
  }
  return is;
}

// Controls
// ---------------------------------------------------------------------

/// What the composer says of a phrase, as notes
static Notes
ask_composer(const Mix* const mix,
             const Part       part,
             const int32_t    i_phrase,
             float* const     score,
             uint32_t* const  n_tries)
{
  const Request request = {part, i_phrase, {4U, 4U}, 0U, *mix};
  Phrase* const phrase  = (Phrase*)calloc(1U, sizeof(Phrase));
  composer_compose(composer, &request, phrase);

  Notes notes = {
    (CaptureNote*)calloc(phrase->n_notes + 1U, sizeof(CaptureNote)), 0U};
  for (uint32_t i = 0U; i < phrase->n_notes; ++i) {
    const Note* const note = &phrase->notes[i];
    const CaptureNote made = {i_phrase * (int32_t)phrase->n_bars +
                                (int32_t)(note->tick / phrase->bar_ticks),
                              note->tick % phrase->bar_ticks,
                              part == PART_DRUMS ? 9U : 0U,
                              note->key,
                              note->velocity,
                              true,
                              note->length,
                              0U};
    notes.notes[notes.n++] = made;
  }
  *score   = phrase->score;
  *n_tries = phrase->n_tries;
  free(phrase);
  return notes;
}

/// Play the first phrase, and see that it is what the composer says of `mix`
static bool
plays_mix(Host* const host, const char* const what, const Mix* const mix)
{
  bool     is_same  = true;
  float    lowest   = 2.0f;
  uint32_t n_lowest = 0U;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    float    score   = 0.0f;
    uint32_t n_tries = 0U;
    Notes    wanted  = ask_composer(mix, (Part)part, 0, &score, &n_tries);
    Notes    heard   = play(host, 0, (int32_t)mix->phrase_bars);
    Notes mine = {(CaptureNote*)calloc(heard.n + 1U, sizeof(CaptureNote)), 0U};
    for (size_t i = 0U; i < heard.n; ++i) {
      if ((heard.notes[i].channel == 9U) == (part == PART_DRUMS)) {
        mine.notes[mine.n++] = heard.notes[i];
      }
    }
    is_same = notes_are_equal(what, &wanted, &mine) && is_same;
    if (score < lowest) {
      lowest   = score;
      n_lowest = n_tries;
    }
    notes_free(&mine);
    notes_free(&heard);
    notes_free(&wanted);
  }

  // And the verdict that is shown while it plays
  host_locate(host, 0);
  host_play(host);
  host_run(host, 1024U);
  NEAR(host_get(host, "score"), 100.0f * lowest, 1e-3);
  NEAR(host_get(host, "tries"), n_lowest, 0);
  hosted_settle(host);
  return is_same;
}

static void
test_defaults_play_the_mix_of_defaults(void)
{
  Mix mix;
  mix_init(&mix);
  Host* const host = open_plugin(URI_DUO);
  CHECK(plays_mix(host, "defaults", &mix));
  for (uint32_t i = 0U; i < host_n_controls(host); ++i) {
    const HostControl control = host_control(host, i);
    NEAR(host_get(host, control.symbol), control.standard, 0);
  }
  host_free(host);
}

static void
test_each_knob_is_heard_as_itself(void)
{
  static const struct {
    const char* symbol;
    size_t      offset;
    uint8_t     value;
  } rows[] = {
    {"mix_house", offsetof(Mix, style) + STYLE_HOUSE, 3U},
    {"mix_acid", offsetof(Mix, style) + STYLE_ACID, 90U},
    {"mix_funk", offsetof(Mix, style) + STYLE_FUNK, 91U},
    {"mix_romantic", offsetof(Mix, style) + STYLE_ROMANTIC, 92U},
    {"key", offsetof(Mix, key), 11U},
    {"scale", offsetof(Mix, scale), 10U},
    {"register", offsetof(Mix, range), 90U},
    {"phrase_bars", offsetof(Mix, phrase_bars), 2U},
    {"variation", offsetof(Mix, variation), 100U},
    {"form", offsetof(Mix, form), 0U},
    {"energy", offsetof(Mix, energy), 5U},
    {"melody_density", offsetof(Mix, melody_density), 95U},
    {"melody_wildness", offsetof(Mix, melody_wildness), 96U},
    {"melody_length", offsetof(Mix, melody_length), 40U},
    {"drum_density", offsetof(Mix, drum_density), 97U},
    {"drum_wildness", offsetof(Mix, drum_wildness), 98U},
    {"fill", offsetof(Mix, fill), 99U},
    {"swing", offsetof(Mix, swing), 66U},
    {"humanise", offsetof(Mix, humanise), 100U},
    {"velocity", offsetof(Mix, velocity), 33U},
    {"gate", offsetof(Mix, gate), 0U},
    {"candidates", offsetof(Mix, candidates), 9U},
    {"drum_map", offsetof(Mix, drum_map), 1U},
  };
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Mix mix;
    mix_init(&mix);
    ((uint8_t*)&mix)[rows[i].offset] = rows[i].value;
    Host* const host                 = open_plugin(URI_DUO);
    CHECK(host_set(host, rows[i].symbol, (float)rows[i].value));
    CHECK(plays_mix(host, rows[i].symbol, &mix));
    host_free(host);
  }

  Mix mix;
  mix_init(&mix);
  mix.seed         = 65535U;
  Host* const host = open_plugin(URI_DUO);
  CHECK(host_set(host, "seed", 65535.0f));
  CHECK(plays_mix(host, "seed", &mix));
  host_free(host);
}

static void
test_channels(void)
{
  Host* const host = open_plugin(URI_DUO);
  Notes       a    = play(host, 0, 4);
  CHECK(host_set(host, "melody_channel", 16.0f));
  CHECK(host_set(host, "drum_channel", 2.0f));
  Notes b = play(host, 0, 4);
  CHECK(a.n == b.n);
  size_t n_on_16 = 0U;
  for (size_t i = 0U; i < b.n; ++i) {
    CHECK(b.notes[i].channel == 15U || b.notes[i].channel == 1U);
    n_on_16 += b.notes[i].channel == 15U;
  }
  CHECK(n_on_16 > 0U && n_on_16 < b.n);
  notes_free(&b);
  notes_free(&a);
  host_free(host);
}

static void
test_free_running(void)
{
  Mix      mix;
  float    score   = 0.0f;
  uint32_t n_tries = 0U;
  mix_init(&mix);
  Notes wanted = ask_composer(&mix, PART_MELODY, 0, &score, &n_tries);

  // The host stands all the while.  At 48 kHz 80 bpm make 37.5 frames a tick,
  // and 160 bpm, from the third bar on, half of that.
  Host* const host = open_plugin(URI_MELODY);
  host_clear_capture(host);
  CHECK(host_set(host, "tempo", 80.0f));
  CHECK(host_set(host, "transport", 1.0f));
  const uint64_t begin = host_n_frames(host);
  host_run_for(host, 2U * 3840U * 75U / 2U, 700U);
  CHECK(host_set(host, "tempo", 160.0f));
  host_run_for(host, 2U * 3840U * 75U / 4U, 700U);
  CHECK(host_set(host, "transport", 0.0f));
  host_run(host, 64U);
  host_run(host, 64U);

  const Capture* const capture = host_capture(host);
  size_t               n       = 0U;
  for (size_t i = 0U; i < capture->n_events; ++i) {
    const CaptureEvent* const e = &capture->events[i];
    if ((e->bytes[0] & 0xF0U) == 0x90U && n < wanted.n) {
      const CaptureNote* const note = &wanted.notes[n++];
      const double             tick = 3840.0 * note->bar + (double)note->tick;
      const double             slow = fmin(tick, 7680.0);
      NEAR(
        (double)(e->frame - begin), slow * 37.5 + (tick - slow) * 18.75, 1.0);
      CHECK(e->bytes[1] == note->key);
    }
  }
  CHECK(n == wanted.n && n > 0U);
  CHECK(capture->n_events == 2U * n);
  notes_free(&wanted);
  host_free(host);
}

// MIDI in
// ------------------------------------------------------------------------

static bool
is_event(const Host* const host,
         const size_t      i,
         const uint64_t    frame,
         const uint8_t     status,
         const uint8_t     data)
{
  const Capture* const capture = host_capture(host);
  return i < capture->n_events && capture->events[i].frame == frame &&
         capture->events[i].bytes[0] == status &&
         capture->events[i].bytes[1] == data;
}

static void
test_thru_passes_what_comes_in(void)
{
  static const uint8_t on[]      = {0x92U, 60U, 99U};
  static const uint8_t bend[]    = {0xE2U, 1U, 64U};
  static const uint8_t program[] = {0xC2U, 5U};
  static const uint8_t clock[]   = {0xF8U};
  static const uint8_t sysex[]   = {0xF0U, 0x7DU, 1U, 2U, 0xF7U};
  static const uint8_t off[]     = {0x82U, 60U, 3U};
  Host* const          host      = open_plugin(URI_DUO);
  host_clear_capture(host);
  const uint64_t begin = host_n_frames(host);
  CHECK(host_send(host, 5U, on, 3U));
  CHECK(host_send(host, 6U, bend, 3U));
  CHECK(host_send(host, 7U, program, 2U));
  CHECK(host_send(host, 8U, clock, 1U));
  CHECK(host_send(host, 9U, sysex, 5U));
  CHECK(host_send(host, 63U, off, 3U));
  host_run(host, 64U);

  const Capture* const capture = host_capture(host);
  CHECK(capture->n_events == 5U); // All but what is too long for some hosts
  CHECK(is_event(host, 0U, begin + 5U, 0x92U, 60U));
  CHECK(is_event(host, 1U, begin + 6U, 0xE2U, 1U));
  CHECK(is_event(host, 2U, begin + 7U, 0xC2U, 5U));
  CHECK(is_event(host, 3U, begin + 8U, 0xF8U, 0U));
  CHECK(is_event(host, 4U, begin + 63U, 0x82U, 60U));
  CHECK(capture->n_events == 5U && capture->events[0].bytes[2] == 99U &&
        capture->events[2].size == 2U && capture->events[3].size == 1U);
  CHECK(!host_n_faults(host, NULL));
  host_free(host);
}

static void
test_closing_thru_ends_what_passed(void)
{
  static const uint8_t on[]    = {0x92U, 60U, 99U};
  static const uint8_t other[] = {0x9FU, 61U, 99U};
  static const uint8_t off[]   = {0x82U, 60U, 3U};
  Host* const          host    = open_plugin(URI_DUO);
  host_clear_capture(host);
  CHECK(host_send(host, 0U, on, 3U));
  CHECK(host_send(host, 1U, on, 3U)); // Twice: it needs two ends
  CHECK(host_send(host, 2U, other, 3U));
  host_run(host, 64U);
  CHECK(host_set(host, "thru", 0.0f));
  const uint64_t begin = host_n_frames(host);
  CHECK(host_send(host, 4U, off, 3U)); // Late, and to nobody
  CHECK(host_send(host, 5U, on, 3U));
  host_run(host, 64U);
  CHECK(host_capture(host)->n_events == 6U);
  CHECK(is_event(host, 3U, begin, 0x82U, 60U));
  CHECK(is_event(host, 4U, begin, 0x82U, 60U));
  CHECK(is_event(host, 5U, begin, 0x8FU, 61U));

  // Open again, and bypassed with it closed: then we are not there
  CHECK(host_set(host, "enabled", 0.0f));
  host_clear_capture(host);
  CHECK(host_send(host, 3U, on, 3U));
  host_run(host, 64U);
  CHECK(host_capture(host)->n_events == 1U);
  CHECK(host_set(host, "enabled", 1.0f));
  host_run(host, 64U);
  CHECK(host_capture(host)->n_events == 2U);
  host_free(host);
}

// Hold and reroll
// ------------------------------------------------------------------

/// A host whose phrases are never alike
static Host*
open_varied(void)
{
  Host* const host = open_plugin(URI_DUO);
  CHECK(host_set(host, "variation", 100.0f));
  return host;
}

static void
test_hold_repeats_the_phrase(void)
{
  Trouble     trouble = {""};
  char*       text    = NULL;
  Host* const host    = open_varied();
  Notes       plain   = play(host, 0, 24);
  CHECK(!is_shifted(&plain, 4, &plain, 8, 4));

  host_clear_capture(host);
  host_locate_bar(host, 4, 0.0);
  host_play(host);
  host_run_to_bar(host, 5, 1024U);
  CHECK(host_set(host, "hold", 1.0f));
  host_run_to_bar(host, 14, 1024U);
  CHECK(!host_save(host, NULL, &text, &trouble));
  CHECK(host_set(host, "hold", 0.0f));
  host_run_to_bar(host, 24, 1024U);
  hosted_settle(host);
  Notes held = hosted_notes(host);
  CHECK(is_shifted(&plain, 4, &held, 4, 4));
  CHECK(is_shifted(&plain, 4, &held, 8, 4));
  CHECK(is_shifted(&plain, 4, &held, 12, 2));
  CHECK(is_shifted(&plain, 16, &held, 16, 8));
  host_free(host);

  // Saved with the project, it is held in another place of the song, too
  Host* const again = open_plugin(URI_DUO);
  CHECK(!host_restore(again, text, &trouble));
  Notes after = play(again, 20, 28);
  CHECK(is_shifted(&plain, 4, &after, 20, 4));
  CHECK(is_shifted(&plain, 4, &after, 24, 4));
  notes_free(&after);
  notes_free(&held);
  notes_free(&plain);
  host_free(again);
  free(text);
}

/// Press reroll in a bar
static void
reroll(Host* const host, const int32_t bar)
{
  hosted_settle(host);
  host_locate_bar(host, bar, 960.0);
  host_play(host);
  host_run(host, 64U);
  press(host, "reroll");
  hosted_settle(host);
}

static bool
is_same_bars(const Notes* const a, const Notes* const b, const int32_t begin)
{
  return is_shifted(a, begin, b, begin, 4);
}

static void
test_reroll_changes_that_place_only(void)
{
  Trouble     trouble = {""};
  char*       text    = NULL;
  char*       before  = NULL;
  Host* const host    = open_varied();
  Notes       plain   = play(host, 0, 20);
  CHECK(!host_save(host, NULL, &before, &trouble));

  reroll(host, 5);
  Notes once = play(host, 0, 20);
  reroll(host, 5);
  reroll(host, 16);
  Notes twice = play(host, 0, 20);
  CHECK(!is_same_bars(&plain, &once, 4));
  CHECK(!is_same_bars(&plain, &twice, 4));
  CHECK(!is_same_bars(&once, &twice, 4));
  CHECK(is_same_bars(&plain, &once, 16));
  CHECK(!is_same_bars(&plain, &twice, 16));
  for (int32_t bar = 0; bar < 16; bar += bar ? 4 : 8) {
    CHECK(is_same_bars(&plain, &once, bar));
    CHECK(is_same_bars(&plain, &twice, bar));
  }

  // The same after the project was opened again; and gone with an older state
  CHECK(!host_save(host, NULL, &text, &trouble));
  Host* const again = open_plugin(URI_DUO);
  CHECK(!host_restore(again, text, &trouble));
  Notes after = play(again, 0, 20);
  CHECK(notes_are_equal("opened again", &twice, &after));
  CHECK(!host_restore(again, before, &trouble));
  Notes older = play(again, 0, 20);
  CHECK(notes_are_equal("an older state", &plain, &older));
  notes_free(&older);
  notes_free(&after);
  notes_free(&twice);
  notes_free(&once);
  notes_free(&plain);
  host_free(again);
  host_free(host);
  free(before);
  free(text);
}

static void
test_reroll_is_heard_by_the_second_bar_line(void)
{
  Host* const host  = open_varied();
  Notes       plain = play(host, 0, 4);
  host_clear_capture(host);
  host_locate(host, 0);
  host_play(host);
  host_run(host, 64U);
  press(host, "reroll");
  host_run_to_bar(host, 4, 1024U);
  hosted_settle(host);
  Notes heard = hosted_notes(host);
  CHECK(is_shifted(&plain, 0, &heard, 0, 1));
  CHECK(!is_shifted(&plain, 2, &heard, 2, 2));

  // Held down, it counts once
  CHECK(host_set(host, "reroll", 1.0f));
  host_run_for(host, 4000U, 64U);
  Notes second = play(host, 0, 4);
  CHECK(host_set(host, "reroll", 0.0f));
  Notes third = play(host, 0, 4);
  CHECK(notes_are_equal("held down", &second, &third));
  notes_free(&third);
  notes_free(&second);
  notes_free(&heard);
  notes_free(&plain);
  host_free(host);
}

// Outputs
// --------------------------------------------------------------------------

static void
test_outputs_say_what_goes_on(void)
{
  Host* const host = open_plugin(URI_DUO);
  for (int32_t bar = -3; bar < 6; ++bar) {
    host_locate_bar(host, bar, 100.0);
    host_play(host);
    host_run(host, 64U);
    NEAR(host_get(host, "bar"), bar + 1, 0);
    CHECK(host_get(host, "score") >= 0.0f && host_get(host, "score") <= 100.0f);
    CHECK(host_get(host, "tries") >= 1.0f &&
          host_get(host, "tries") <= 1000.0f);
    hosted_settle(host);
    NEAR(host_get(host, "bar"), bar + 1, 0);
  }
  NEAR(host_get(host, "late"), 0, 0);
  host_free(host);
}

static void
test_late_counts_the_bars_that_were_missed(void)
{
  static const struct {
    const char* uri;
    float       per_bar;
  } rows[] = {{URI_DUO, 2.0f}, {URI_MELODY, 1.0f}, {URI_DRUMS, 1.0f}};
  for (size_t i = 0U; i < 3U; ++i) {
    HostSetup   setup = host_setup(bundle.path, rows[i].uri);
    Host* const host  = hosted_new(&setup);
    host_refuse_work(host, UINT32_MAX);
    host_run(host, 64U);
    host_play(host);
    host_run_to_bar(host, 3, 1000U);
    host_run(host, 64U);
    NEAR(host_get(host, "late"), 3.0f * rows[i].per_bar, 0);
    NEAR(host_get(host, "score"), 0, 0);
    NEAR(host_get(host, "tries"), 0, 0);

    CHECK(host_set(host, "enabled", 0.0f)); // Nobody misses it
    host_run_to_bar(host, 6, 1000U);
    NEAR(host_get(host, "late"), 3.0f * rows[i].per_bar, 0);
    CHECK(host_capture(host)->n_events == 0U);
    host_free(host);
  }
}

// Models
// ---------------------------------------------------------------------------

static const char* const model_names[] = {"melody.safetensors",
                                          "drums.safetensors",
                                          "gate_melody.safetensors",
                                          "gate_drums.safetensors"};

/// Read a whole file; the caller frees it
static uint8_t*
read_file(const char* const path, size_t* const n)
{
  FILE* const file = fopen(path, "rb");
  uint8_t*    data = NULL;
  *n               = 0U;
  if (file && !fseek(file, 0L, SEEK_END)) {
    const long size = ftell(file);
    rewind(file);
    data = (uint8_t*)malloc((size_t)size + 1U);
    *n   = fread(data, 1U, (size_t)size, file);
  }
  CHECK(file && *n > 0U);
  if (file) {
    fclose(file);
  }
  return data;
}

static void
write_file(const char* const path, const uint8_t* const data, const size_t n)
{
  FILE* const file = fopen(path, "wb");
  CHECK(file && fwrite(data, 1U, n, file) == n);
  if (file) {
    fclose(file);
  }
}

typedef enum { MISSING, EMPTY, CUT, NO_HEADER, OTHER_PART, N_DAMAGES } Damage;

static void
damage_file(const TinyBundle* const at, const unsigned i, const Damage damage)
{
  char path[256];
  snprintf(path, sizeof(path), "%s/%s", at->models, model_names[i]);
  size_t         n    = 0U;
  uint8_t* const data = read_file(path, &n);
  if (damage == MISSING) {
    CHECK(!unlink(path));
  } else if (damage == EMPTY) {
    write_file(path, data, 0U);
  } else if (damage == CUT) {
    write_file(path, data, n - 100U);
  } else if (damage == NO_HEADER) {
    memset(data, 0xFF, 64U);
    write_file(path, data, n);
  } else {
    char other[256];
    snprintf(other, sizeof(other), "%s/%s", at->models, model_names[i ^ 1U]);
    size_t         n_other = 0U;
    uint8_t* const theirs  = read_file(other, &n_other);
    write_file(path, theirs, n_other);
    free(theirs);
  }
  free(data);
}

static size_t
n_lines(Host* const host)
{
  char* const log = host_log(host);
  size_t      n   = 0U;
  for (const char* c = log; c && *c; ++c) {
    n += *c == '\n';
  }
  free(log);
  return n;
}

/// It stands there, silent, and lets MIDI pass
static void
check_silence(Host* const host)
{
  static const uint8_t on[]    = {0x90U, 60U, 99U};
  static const uint8_t off[]   = {0x80U, 60U, 0U};
  char*                text    = NULL;
  Trouble              trouble = {""};
  host_run(host, 64U);
  host_play(host);
  host_run_to_bar(host, 3, 1024U);
  hosted_settle(host);
  CHECK(host_capture(host)->n_events == 0U);
  CHECK(host_send(host, 0U, on, 3U));
  CHECK(host_send(host, 9U, off, 3U));
  host_run(host, 64U);
  CHECK(host_capture(host)->n_events == 2U);
  CHECK(!host_n_faults(host, NULL));
  CHECK(!host_save(host, NULL, &text, &trouble));
  CHECK(!host_restore(host, text, &trouble));
  host_run(host, 64U);
  free(text);
}

static void
test_each_damaged_model_is_named(void)
{
  for (unsigned i = 0U; i < 4U; ++i) {
    for (Damage damage = MISSING; damage < N_DAMAGES; ++damage) {
      TinyBundle at = tiny_bundle(7U);
      damage_file(&at, i, damage);
      Host* const    host   = open_bundle(&at, URI_DUO);
      const unsigned before = check_n_failed;
      CHECK(host_has_logged(host, model_names[i]));
      CHECK(host_has_logged(host, "nothing will be played"));
      CHECK(n_lines(host) == 1U); // Once
      check_silence(host);
      if (check_n_failed != before) {
        char* const log = host_log(host);
        fprintf(stderr,
                "  %s, damage %d; the log: %s\n",
                model_names[i],
                (int)damage,
                log ? log : "");
        free(log);
      }
      host_free(host);
      tiny_bundle_free(&at);
    }
  }
}

static void
test_a_missing_folder_of_models(void)
{
  static const char* const uris[] = {URI_DUO, URI_MELODY, URI_DRUMS};
  for (size_t i = 0U; i < 3U; ++i) {
    TinyBundle        at      = tiny_bundle(7U);
    const char* const clear[] = {"rm", "-rf", at.models, NULL};
    tiny_bundle_command(clear);
    Host* const host = open_bundle(&at, uris[i]);
    CHECK(host_has_logged(host, "models/melody.safetensors"));
    CHECK(n_lines(host) == 1U);
    check_silence(host);
    host_free(host);
    tiny_bundle_free(&at);
  }
}

/// A state with the ids of other models
static const HostProperty*
retrieve_ids(void* const data, const char* const key)
{
  return strstr(key, "melody") || strstr(key, "drums")
           ? (const HostProperty*)data
           : NULL;
}

static void
restore_ids(Host* const host, char* const id)
{
  char         key[]  = "";
  char         type[] = STRING;
  HostProperty wish   = {key, type, id, strlen(id) + 1U, 0U};
  CHECK(!host_restore_with(host, retrieve_ids, &wish));
  host_run(host, 64U);
  host_run(host, 64U);
}

static void
test_a_model_that_went_bad_leaves_the_old_one(void)
{
  TinyBundle  at    = tiny_bundle(7U);
  Host* const host  = open_bundle(&at, URI_DUO);
  Notes       plain = play(host, 0, 6);
  CHECK(plain.n > 0U && n_lines(host) == 0U);
  damage_file(&at, 0U, CUT);
  char id[] = "0123456789abcdef";
  restore_ids(host, id);
  CHECK(host_has_logged(host, "going on with the models in use"));
  CHECK(host_has_logged(host, model_names[0]));
  CHECK(n_lines(host) == 1U);
  Notes after = play(host, 0, 6);
  CHECK(notes_are_equal("the old models", &plain, &after));
  notes_free(&after);
  notes_free(&plain);
  host_free(host);
  tiny_bundle_free(&at);
}

static void
test_models_that_are_nowhere(void)
{
  Host* const host  = open_plugin(URI_DUO);
  Notes       plain = play(host, 0, 6);
  char        id[]  = "0123456789abcdef";
  restore_ids(host, id);
  CHECK(host_has_logged(host, "0123456789abcdef"));
  CHECK(host_has_logged(host, "going on with"));
  Notes after = play(host, 0, 6);
  CHECK(notes_are_equal("the newest models", &plain, &after));
  notes_free(&after);
  notes_free(&plain);
  host_free(host);
}

/// An update puts newer models in the place of those a song was made with
static void
test_a_song_keeps_its_models(void)
{
  Trouble     trouble = {""};
  char*       text    = NULL;
  Host* const host    = open_plugin(URI_DUO);
  Notes       old     = play(host, 0, 8);
  CHECK(!host_save(host, NULL, &text, &trouble));
  host_free(host);

  TinyBundle at = tiny_bundle(8U);
  for (size_t i = 0U; i < 4U; ++i) {
    char from[256];
    char to[256];
    snprintf(from, sizeof(from), "%s/%s", bundle.models, model_names[i]);
    snprintf(to,
             sizeof(to),
             "%s/%.*s-2025.safetensors",
             at.models,
             (int)(strchr(model_names[i], '.') - model_names[i]),
             model_names[i]);
    const char* const copy[] = {"cp", from, to, NULL};
    tiny_bundle_command(copy);
  }
  Host* const newer = open_bundle(&at, URI_DUO);
  Notes       fresh = play(newer, 0, 8);
  CHECK(!is_shifted(&old, 0, &fresh, 0, 8));
  CHECK(!host_restore(newer, text, &trouble));
  Notes again = play(newer, 0, 8);
  CHECK(notes_are_equal("a song with its own models", &old, &again));
  CHECK(n_lines(newer) == 0U);

  // And it is saved with them again
  char* second = NULL;
  CHECK(!host_save(newer, NULL, &second, &trouble));
  Host* const third = open_bundle(&at, URI_DUO);
  CHECK(!host_restore(third, second, &trouble));
  Notes still = play(third, 0, 8);
  CHECK(notes_are_equal("saved once more", &old, &still));
  notes_free(&still);
  notes_free(&again);
  notes_free(&fresh);
  notes_free(&old);
  host_free(third);
  host_free(newer);
  tiny_bundle_free(&at);
  free(second);
  free(text);
}

static void
test_hosts_without_worker_or_log(void)
{
  HostSetup setup  = host_setup(bundle.path, URI_DUO);
  setup.has_worker = false;
  Host* host       = hosted_new(&setup);
  CHECK(host_has_logged(host, "no worker"));
  check_silence(host);
  host_free(host);

  setup.has_worker = true;
  setup.has_log    = false;
  setup.work       = HOST_WORK_INSIDE;
  host             = hosted_new(&setup);
  Notes heard      = play(host, 0, 4);
  CHECK(heard.n > 0U);
  notes_free(&heard);
  host_free(host);
}

// State
// ----------------------------------------------------------------------------

/// A saved state to be answered, maybe with lies in it
typedef struct {
  HostProperty* properties;
  size_t        n;
  size_t        i_lie; ///< Which property is a lie, or n
  bool          is_gone;
  HostProperty  lie;
} Kept;

static const HostProperty*
retrieve_kept(void* const data, const char* const key)
{
  const Kept* const kept = (const Kept*)data;
  for (size_t i = 0U; i < kept->n; ++i) {
    if (!strcmp(kept->properties[i].key, key)) {
      return i != kept->i_lie ? &kept->properties[i]
             : kept->is_gone  ? NULL
                              : &kept->lie;
    }
  }
  return NULL;
}

static Kept
keep(Host* const host)
{
  Kept kept = {NULL, 0U, SIZE_MAX, false, {NULL, NULL, NULL, 0U, 0U}};
  CHECK(!host_save_properties(host, &kept.properties, &kept.n));
  CHECK(kept.n == N_KEYS_OF_STATE);
  return kept;
}

static void
keep_free(Kept* const kept)
{
  host_free_properties(kept->properties, kept->n);
}

/// Value of a key, as text; "" when there is none
static const char*
text_of(const Kept* const kept, const char* const name)
{
  for (size_t i = 0U; i < kept->n; ++i) {
    if (!strcmp(kept->properties[i].key + strlen(STATE), name)) {
      return (const char*)kept->properties[i].value;
    }
  }
  return "(none)";
}

/// A host with something in each key
static Host*
open_kept(Kept* const kept)
{
  Host* const host = open_varied();
  reroll(host, 5);
  reroll(host, -7);
  reroll(host, 5);
  host_locate_bar(host, 9, 0.0);
  host_run(host, 64U);
  CHECK(host_set(host, "hold", 1.0f));
  host_run(host, 64U);
  *kept = keep(host);
  CHECK(!strcmp(text_of(kept, "held"), "8"));
  CHECK(!strcmp(text_of(kept, "rerolls"), "-8:1 4:2"));
  CHECK(!strcmp(text_of(kept, "version"), "1"));
  return host;
}

static void
test_every_key_is_text_at_every_save(void)
{
  Host* const host = open_plugin(URI_DUO);
  Kept        kept = keep(host);
  for (size_t i = 0U; i < kept.n; ++i) {
    const HostProperty* const p = &kept.properties[i];
    CHECK(!strncmp(p->key, STATE, strlen(STATE)));
    CHECK(!strcmp(p->type, STRING));
    CHECK(p->size && p->size == strlen((const char*)p->value) + 1U);
  }
  CHECK(!strcmp(text_of(&kept, "held"), ""));
  CHECK(!strcmp(text_of(&kept, "rerolls"), ""));
  const ModelIds ids = composer_models(composer);
  CHECK(strtoull(text_of(&kept, "melody"), NULL, 16) == ids.part[PART_MELODY]);
  CHECK(strtoull(text_of(&kept, "drums"), NULL, 16) == ids.part[PART_DRUMS]);
  CHECK(strtoull(text_of(&kept, "gate_melody"), NULL, 16) ==
        ids.gate[PART_MELODY]);
  CHECK(strtoull(text_of(&kept, "gate_drums"), NULL, 16) ==
        ids.gate[PART_DRUMS]);
  keep_free(&kept);
  host_free(host);
}

/// Restore, and see that all is kept as it was
static void
check_kept(Host* const host, Kept* const kept, const char* const why)
{
  const unsigned before = check_n_failed;
  CHECK(!host_restore_with(host, retrieve_kept, kept));

  Kept at_once = keep(host); // Before and after the audio thread has seen it
  host_run(host, 64U);
  host_run(host, 64U);
  Kept after = keep(host);
  for (size_t i = 0U; i < kept->n; ++i) {
    const char* const wanted = (const char*)kept->properties[i].value;
    CHECK(!strcmp(wanted, (const char*)at_once.properties[i].value));
    CHECK(!strcmp(wanted, (const char*)after.properties[i].value));
  }
  if (check_n_failed != before) {
    fprintf(stderr, "  %s\n", why);
  }
  keep_free(&after);
  keep_free(&at_once);
}

static void
test_lies_leave_what_was_there(void)
{
  static char text_type[] = STRING;
  static char int_type[]  = "http://lv2plug.in/ns/ext/atom#Int";
  static const struct {
    const char* what;
    char*       type;
    const char* value;
    size_t      size;
    bool        is_sense_elsewhere; ///< Nothing held, no rerolls
  } lies[] = {
    {"another type", int_type, "\1\0\0\0", 4U, false},
    {"text of another type", int_type, "1", 2U, false},
    {"no size", text_type, "", 0U, true},
    {"one byte", text_type, "", 1U, true},
    {"no number", text_type, "banana", 7U, false},
    {"a number and more", text_type, "1:1x", 5U, false},
    {"far too great", text_type, "99999999999999999999:1", 23U, false},
    {"too many", text_type, "1:65536", 8U, false},
    {"half a pair", text_type, "4:", 3U, false},
    {"another half", text_type, ":4", 3U, false},
    {"hexadecimal, too short", text_type, "0123456789abcde", 16U, false},
    {"hexadecimal, too long", text_type, "0123456789abcdef0", 18U, false},
    {"hexadecimal, signed", text_type, "-123456789abcdef", 17U, false},
  };
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  for (size_t i = 0U; i < kept.n; ++i) {
    const char* const name = kept.properties[i].key + strlen(STATE);
    for (size_t l = 0U; l < sizeof(lies) / sizeof(lies[0]); ++l) {
      char quoted[64];
      char why[128];
      if (lies[l].is_sense_elsewhere &&
          (!strcmp(name, "held") || !strcmp(name, "rerolls"))) {
        continue;
      }
      kept.i_lie     = i;
      kept.lie       = kept.properties[i];
      kept.lie.type  = lies[l].type;
      kept.lie.value = (void*)(size_t)lies[l].value;
      kept.lie.size  = lies[l].size;
      host_clear_log(host);
      snprintf(why, sizeof(why), "%s, in %s", lies[l].what, name);
      check_kept(host, &kept, why);

      // A version of text is one that we do not know
      const bool is_version =
        !strcmp(name, "version") && !strcmp(lies[l].type, STRING);
      snprintf(quoted, sizeof(quoted), "\"%s\"", name);
      if (!host_has_logged(host, is_version ? "version" : quoted)) {
        fprintf(stderr, "  nothing in the log of: %s\n", why);
        CHECK(!"it is said in the log");
      }
      CHECK(n_lines(host) == 1U);
    }
  }
  keep_free(&kept);
  host_free(host);
}

/// A song that is saved where its models are not asks for them again elsewhere
static void
test_ids_outlive_a_machine_without_the_models(void)
{
  char        id[] = "0123456789abcdef";
  Host* const host = open_plugin(URI_DUO);
  restore_ids(host, id);
  host_run(host, 64U);
  Kept kept = keep(host);
  CHECK(!strcmp(text_of(&kept, "melody"), id));
  CHECK(!strcmp(text_of(&kept, "gate_drums"), id));
  keep_free(&kept);
  host_free(host);
}

/// Some hosts restore the state first and set the ports later
static void
test_a_held_phrase_waits_for_its_port(void)
{
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  Host* const late = open_varied();
  kept.i_lie       = SIZE_MAX;
  host_locate_bar(late, 40, 0.0);
  host_run(late, 64U);
  CHECK(!host_restore_with(late, retrieve_kept, &kept));
  host_run(late, 64U);
  host_run(late, 64U);
  CHECK(host_set(late, "hold", 1.0f));
  host_run(late, 64U);
  Kept after = keep(late);
  CHECK(!strcmp(text_of(&after, "held"), text_of(&kept, "held")));

  // But not for ever: pressed much later, it holds what is there then
  CHECK(host_set(late, "hold", 0.0f));
  host_run(late, 64U);
  CHECK(!host_restore_with(late, retrieve_kept, &kept));
  host_run_for(late, 4U * 48000U, 4096U);
  CHECK(host_set(late, "hold", 1.0f));
  host_run(late, 64U);
  Kept other = keep(late);
  CHECK(!strcmp(text_of(&other, "held"), "40"));
  keep_free(&other);
  keep_free(&after);
  keep_free(&kept);
  host_free(late);
  host_free(host);
}

static void
test_text_too_long_is_refused(void)
{
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  char* const text = (char*)calloc(1U, 2U * MAX_SIZE);
  for (size_t n = MAX_SIZE - 1U; n <= MAX_SIZE + 1U; ++n) {
    memset(text, ' ', 2U * MAX_SIZE);
    for (size_t i = 0U; i < kept.n; ++i) {
      kept.i_lie     = i;
      kept.lie       = kept.properties[i];
      kept.lie.value = text;
      kept.lie.size  = n;
      check_kept(host, &kept, "too long");
    }
  }
  free(text);
  keep_free(&kept);
  host_free(host);
}

static void
test_strings_without_their_end_are_read(void)
{
  Kept        kept  = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host  = open_kept(&kept);
  Host* const other = open_varied();
  for (size_t i = 0U; i < kept.n; ++i) {
    --kept.properties[i].size;
  }
  kept.i_lie = SIZE_MAX;
  host_locate_bar(other, 9, 0.0);
  host_run(other, 64U);
  CHECK(host_set(other, "hold", 1.0f));
  check_kept(other, &kept, "no end");
  CHECK(n_lines(other) == 0U);
  keep_free(&kept);
  host_free(other);
  host_free(host);
}

static void
test_an_absent_key_is_its_beginning(void)
{
  Kept        kept = {NULL, 0U, 0U, true, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  kept.is_gone     = true;
  for (size_t i = 0U; i < kept.n; ++i) {
    kept.i_lie = i;
    CHECK(!host_restore_with(host, retrieve_kept, &kept));
    Kept              after = keep(host);
    const char* const name  = kept.properties[i].key + strlen(STATE);
    const bool is_nothing   = !strcmp(name, "held") || !strcmp(name, "rerolls");
    for (size_t k = 0U; k < kept.n; ++k) {
      CHECK(!strcmp(
        (const char*)after.properties[k].value,
        k == i && is_nothing ? "" : (const char*)kept.properties[k].value));
    }
    keep_free(&after);
    host_run(host, 64U);
  }
  CHECK(n_lines(host) == 0U);
  keep_free(&kept);
  host_free(host);
}

static const HostProperty*
retrieve_nothing(void* const data, const char* const key)
{
  (void)data;
  (void)key;
  return NULL;
}

static void
test_a_preset_without_keys_changes_nothing(void)
{
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  CHECK(!host_restore_with(host, retrieve_nothing, NULL));
  host_run(host, 64U);
  Kept after = keep(host);
  for (size_t i = 0U; i < kept.n; ++i) {
    CHECK(!strcmp((const char*)kept.properties[i].value,
                  (const char*)after.properties[i].value));
  }
  CHECK(n_lines(host) == 0U);
  keep_free(&after);
  keep_free(&kept);
  host_free(host);
}

typedef struct {
  uint64_t     key;
  uint32_t     i;
  HostProperty property;
  char         type[sizeof(STRING)];
  char         name[1];
  uint8_t      bytes[2U * MAX_SIZE];
} Noise;

static const HostProperty*
retrieve_noise(void* const data, const char* const key)
{
  static const char letters[] = "0123456789abcdef:- ";
  Noise* const      noise     = (Noise*)data;
  const uint32_t    n = rng_below(noise->key, noise->i++, 20U) ? 40U : 8000U;
  const bool        is_near = rng_below(noise->key, noise->i++, 2U);
  (void)key;
  noise->property.key   = noise->name;
  noise->property.type  = noise->type;
  noise->property.value = noise->bytes;
  noise->property.size  = rng_below(noise->key, noise->i++, n);
  for (size_t i = 0U; i < noise->property.size; ++i) {
    noise->bytes[i] =
      is_near
        ? (uint8_t)
            letters[rng_below(noise->key, noise->i++, sizeof(letters) - 1U)]
        : (uint8_t)rng_below(noise->key, noise->i++, 256U);
  }
  return rng_below(noise->key, noise->i++, 4U) ? &noise->property : NULL;
}

static void
test_noise_does_no_harm(void)
{
  Noise* const noise = (Noise*)calloc(1U, sizeof(Noise));
  noise->key         = rng_seed(9U);
  strcpy(noise->type, STRING);
  Host* const host = open_plugin(URI_DUO);
  for (unsigned i = 0U; i < 300U; ++i) {
    (void)host_restore_with(host, retrieve_noise, noise);
    Kept after = keep(host);
    CHECK(!strcmp(text_of(&after, "version"), "1"));
    CHECK(strlen(text_of(&after, "melody")) == 16U);
    keep_free(&after);
    host_run(host, 64U);
  }
  CHECK(host_set(host, "hold", 0.0f));
  Notes heard = play(host, 0, 4);
  CHECK(heard.n > 0U);
  notes_free(&heard);
  host_free(host);
  free(noise);
}

static void
test_the_newest_rerolls_are_kept(void)
{
  Kept        kept = {NULL, 0U, 0U, false, {NULL, NULL, NULL, 0U, 0U}};
  Host* const host = open_kept(&kept);
  char        text[4000];
  size_t      n = 0U;
  for (int i = 0; i < 200; ++i) {
    n +=
      (size_t)snprintf(text + n, sizeof(text) - n, "%s%d:7", i ? " " : "", i);
  }
  for (size_t i = 0U; i < kept.n; ++i) {
    if (strstr(kept.properties[i].key, "rerolls")) {
      kept.i_lie = i;
      kept.lie   = kept.properties[i];
    }
  }
  kept.lie.value = text;
  kept.lie.size  = n + 1U;
  CHECK(!host_restore_with(host, retrieve_kept, &kept));
  host_run(host, 64U);
  Kept              after = keep(host);
  const char* const found = text_of(&after, "rerolls");
  CHECK(!strncmp(found, "72:7 73:7 ", 10U));
  CHECK(strstr(found, " 199:7") && !strstr(found, " 71:7"));
  keep_free(&after);
  keep_free(&kept);
  host_free(host);
}

int
main(void)
{
  Trouble trouble = {""};
  if (!hosted_has_bundle()) {
    SKIP_ALL("the bundle is not built");
  }
  bundle = tiny_bundle(7U);
  if (composer_new(bundle.models, NULL, &composer, &trouble)) {
    printf("not ok composer: %s\n", trouble.text);
    tiny_bundle_free(&bundle);
    return 1;
  }
  RUN(test_defaults_play_the_mix_of_defaults);
  RUN(test_each_knob_is_heard_as_itself);
  RUN(test_channels);
  RUN(test_free_running);
  RUN(test_thru_passes_what_comes_in);
  RUN(test_closing_thru_ends_what_passed);
  RUN(test_hold_repeats_the_phrase);
  RUN(test_reroll_changes_that_place_only);
  RUN(test_reroll_is_heard_by_the_second_bar_line);
  RUN(test_outputs_say_what_goes_on);
  RUN(test_late_counts_the_bars_that_were_missed);
  RUN(test_each_damaged_model_is_named);
  RUN(test_a_missing_folder_of_models);
  RUN(test_a_model_that_went_bad_leaves_the_old_one);
  RUN(test_models_that_are_nowhere);
  RUN(test_a_song_keeps_its_models);
  RUN(test_hosts_without_worker_or_log);
  RUN(test_every_key_is_text_at_every_save);
  RUN(test_lies_leave_what_was_there);
  RUN(test_ids_outlive_a_machine_without_the_models);
  RUN(test_a_held_phrase_waits_for_its_port);
  RUN(test_text_too_long_is_refused);
  RUN(test_strings_without_their_end_are_read);
  RUN(test_an_absent_key_is_its_beginning);
  RUN(test_a_preset_without_keys_changes_nothing);
  RUN(test_noise_does_no_harm);
  RUN(test_the_newest_rerolls_are_kept);
  composer_free(composer);
  tiny_bundle_free(&bundle);
  CHECK_END();
}
