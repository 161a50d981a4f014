// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The plugin in the small host: what its controls, outputs, MIDI input, and
   models do.  Law 1 is in test_laws, law 2 in test_notes, what a project keeps
   in test_state.

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

static TinyBundle bundle;
static Composer*  composer; ///< Of the same models

static Host*
open_plugin(const char* const uri)
{
  return tiny_bundle_open(&bundle, uri);
}

// Controls ------------------------------------------------------------------

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
    Notes    heard   = hosted_play(host, 0, (int32_t)mix->phrase_bars);
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
  Notes       a    = hosted_play(host, 0, 4);
  CHECK(host_set(host, "melody_channel", 16.0f));
  CHECK(host_set(host, "drum_channel", 2.0f));
  Notes b = hosted_play(host, 0, 4);
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

// MIDI in -------------------------------------------------------------------

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

// Hold and reroll -----------------------------------------------------------

static void
test_hold_repeats_the_phrase(void)
{
  Trouble     trouble = {""};
  char*       text    = NULL;
  Host* const host    = tiny_bundle_open_varied(&bundle);
  Notes       plain   = hosted_play(host, 0, 24);
  CHECK(!notes_are_shifted(&plain, 4, &plain, 8, 4));

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
  CHECK(notes_are_shifted(&plain, 4, &held, 4, 4));
  CHECK(notes_are_shifted(&plain, 4, &held, 8, 4));
  CHECK(notes_are_shifted(&plain, 4, &held, 12, 2));
  CHECK(notes_are_shifted(&plain, 16, &held, 16, 8));
  host_free(host);

  // Saved with the project, it is held in another place of the song, too
  Host* const again = open_plugin(URI_DUO);
  CHECK(!host_restore(again, text, &trouble));
  Notes after = hosted_play(again, 20, 28);
  CHECK(notes_are_shifted(&plain, 4, &after, 20, 4));
  CHECK(notes_are_shifted(&plain, 4, &after, 24, 4));
  notes_free(&after);
  notes_free(&held);
  notes_free(&plain);
  host_free(again);
  free(text);
}

static bool
is_same_bars(const Notes* const a, const Notes* const b, const int32_t begin)
{
  return notes_are_shifted(a, begin, b, begin, 4);
}

static void
test_reroll_changes_that_place_only(void)
{
  Trouble     trouble = {""};
  char*       text    = NULL;
  char*       before  = NULL;
  Host* const host    = tiny_bundle_open_varied(&bundle);
  Notes       plain   = hosted_play(host, 0, 20);
  CHECK(!host_save(host, NULL, &before, &trouble));

  hosted_reroll(host, 5);
  Notes once = hosted_play(host, 0, 20);
  hosted_reroll(host, 5);
  hosted_reroll(host, 16);
  Notes twice = hosted_play(host, 0, 20);
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
  Notes after = hosted_play(again, 0, 20);
  CHECK(notes_are_equal("opened again", &twice, &after));
  CHECK(!host_restore(again, before, &trouble));
  Notes older = hosted_play(again, 0, 20);
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
  Host* const host  = tiny_bundle_open_varied(&bundle);
  Notes       plain = hosted_play(host, 0, 4);
  host_clear_capture(host);
  host_locate(host, 0);
  host_play(host);
  host_run(host, 64U);
  hosted_press(host, "reroll");
  host_run_to_bar(host, 4, 1024U);
  hosted_settle(host);
  Notes heard = hosted_notes(host);
  CHECK(notes_are_shifted(&plain, 0, &heard, 0, 1));
  CHECK(!notes_are_shifted(&plain, 2, &heard, 2, 2));

  // Held down, it counts once
  CHECK(host_set(host, "reroll", 1.0f));
  host_run_for(host, 4000U, 64U);
  Notes second = hosted_play(host, 0, 4);
  CHECK(host_set(host, "reroll", 0.0f));
  Notes third = hosted_play(host, 0, 4);
  CHECK(notes_are_equal("held down", &second, &third));
  notes_free(&third);
  notes_free(&second);
  notes_free(&heard);
  notes_free(&plain);
  host_free(host);
}

// Outputs -------------------------------------------------------------------

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
    host_locate_bar(host, 40, 0.0); // Only the beginning is there already
    host_run(host, 64U);
    host_play(host);
    host_run_to_bar(host, 43, 1000U);
    host_run(host, 64U);
    NEAR(host_get(host, "late"), 3.0f * rows[i].per_bar, 0);
    NEAR(host_get(host, "score"), 0, 0);
    NEAR(host_get(host, "tries"), 0, 0);

    CHECK(host_set(host, "enabled", 0.0f)); // Nobody misses it
    host_run_to_bar(host, 46, 1000U);
    NEAR(host_get(host, "late"), 3.0f * rows[i].per_bar, 0);
    CHECK(host_capture(host)->n_events == 0U);
    host_free(host);
  }
}

// Models --------------------------------------------------------------------

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
      Host* const    host   = tiny_bundle_open(&at, URI_DUO);
      const unsigned before = check_n_failed;
      CHECK(host_has_logged(host, model_names[i]));
      CHECK(host_has_logged(host, "nothing will be played"));
      CHECK(hosted_n_lines(host) == 1U); // Once
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
    Host* const host = tiny_bundle_open(&at, uris[i]);
    CHECK(host_has_logged(host, "models/melody.safetensors"));
    CHECK(hosted_n_lines(host) == 1U);
    check_silence(host);
    host_free(host);
    tiny_bundle_free(&at);
  }
}

static void
test_a_model_that_went_bad_leaves_the_old_one(void)
{
  TinyBundle  at    = tiny_bundle(7U);
  Host* const host  = tiny_bundle_open(&at, URI_DUO);
  Notes       plain = hosted_play(host, 0, 6);
  CHECK(plain.n > 0U && hosted_n_lines(host) == 0U);
  damage_file(&at, 0U, CUT);
  char id[] = "0123456789abcdef";
  hosted_restore_ids(host, id);
  CHECK(host_has_logged(host, "going on with the models in use"));
  CHECK(host_has_logged(host, model_names[0]));
  CHECK(hosted_n_lines(host) == 1U);
  Notes after = hosted_play(host, 0, 6);
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
  Notes       plain = hosted_play(host, 0, 6);
  char        id[]  = "0123456789abcdef";
  hosted_restore_ids(host, id);
  CHECK(host_has_logged(host, "0123456789abcdef"));
  CHECK(host_has_logged(host, "going on with"));
  Notes after = hosted_play(host, 0, 6);
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
  Notes       old     = hosted_play(host, 0, 8);
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
  Host* const newer = tiny_bundle_open(&at, URI_DUO);
  Notes       fresh = hosted_play(newer, 0, 8);
  CHECK(!notes_are_shifted(&old, 0, &fresh, 0, 8));
  CHECK(!host_restore(newer, text, &trouble));
  Notes again = hosted_play(newer, 0, 8);
  CHECK(notes_are_equal("a song with its own models", &old, &again));
  CHECK(hosted_n_lines(newer) == 0U);

  // And it is saved with them again
  char* second = NULL;
  CHECK(!host_save(newer, NULL, &second, &trouble));
  Host* const third = tiny_bundle_open(&at, URI_DUO);
  CHECK(!host_restore(third, second, &trouble));
  Notes still = hosted_play(third, 0, 8);
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
  Notes heard      = hosted_play(host, 0, 4);
  CHECK(heard.n > 0U);
  notes_free(&heard);
  host_free(host);
}

int
main(void)
{
  if (!hosted_has_bundle()) {
    SKIP_ALL("the bundle is not built");
  }
  bundle   = tiny_bundle(7U);
  composer = tiny_bundle_composer(&bundle);
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
  composer_free(composer);
  tiny_bundle_free(&bundle);
  CHECK_END();
}
