// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Every preset of every plugin, played in the host: it sounds, on time, within
   its kit and scale, ends what it begins, and is not another one's music.
*/

#include "tests/check.h"
#include "tests/hosted.h"

#include "music/drum_map.h"
#include "music/scale.h"

#include <string.h>

#define N_BARS 8
#define N_PART_BARS 4
#define MAX_PRESETS 64U

/// What the pitch of a melody may be in any key and register, and then some
#define LOWEST 21U
#define HIGHEST 108U

static Notes duo[MAX_PRESETS]; ///< Of the presets, as the duo plays them

/// A host that has loaded the `i`th preset
static Host*
open_preset(const char* const uri, const HostWork work, const size_t i)
{
  HostSetup setup   = host_setup(hosted_bundle(), uri);
  Trouble   trouble = {""};
  setup.work        = work;
  Host* const host  = hosted_new(&setup);
  hosted_tempo(host, 128.0);
  if (host_load_preset(host, host_preset_uri(host, i), &trouble)) {
    fprintf(stderr, "%s\n", trouble.text);
    CHECK(!"the preset is loaded");
  }
  return host;
}

static bool
is_of_kit(const DrumMap map, const uint8_t key)
{
  bool is = false;
  for (int voice = 0; voice < (int)N_DRUM_VOICES; ++voice) {
    is = is || drum_map_key(map, (DrumVoice)voice) == key;
  }
  return is;
}

/// The parts that sound, one bit each, 1 melody and 2 drums; every note checked
static unsigned
check_notes(const Host* const host, const Notes* const notes)
{
  const DrumMap  map   = (DrumMap)host_get(host, "drum_map");
  const Scale    scale = (Scale)host_get(host, "scale");
  const unsigned key   = (unsigned)host_get(host, "key");
  unsigned       parts = 0U;
  bool           is_ok = true;
  for (size_t i = 0U; i < notes->n && is_ok; ++i) {
    const CaptureNote* const note  = &notes->notes[i];
    const unsigned           pitch = (note->key + 12U - key) % 12U;
    const bool               is_drum =
      note->channel == (uint8_t)(host_get(host, "drum_channel") - 1.0f);

    is_ok = is_drum ? is_of_kit(map, note->key)
                    : note->key >= LOWEST && note->key <= HIGHEST &&
                        ((scale_pitches(scale) >> pitch) & 1U) &&
                        note->channel ==
                          (uint8_t)(host_get(host, "melody_channel") - 1.0f);
    if (!is_ok) {
      notes_say("not within range", note);
    }
    parts |= is_drum ? 2U : 1U;
  }
  CHECK(is_ok);
  return parts;
}

/// Play some bars, and what must hold for all
static Notes
play(Host* const    host,
     const size_t   i_preset,
     const int32_t  n_bars,
     const unsigned parts)
{
  const unsigned before = check_n_failed;
  host_play(host);
  host_run_to_bar(host, n_bars, 1024U);
  NEAR(host_get(host, "late"), 0, 0);
  CHECK(host_get(host, "tries") >= 1.0f);
  hosted_settle(host);
  const Notes notes = hosted_notes(host);
  CHECK(check_notes(host, &notes) == parts);

  char* const log = host_log(host);
  CHECK(log && !*log);
  if (check_n_failed != before) {
    fprintf(stderr,
            "  in the preset \"%s\"; the log says: %s\n",
            host_preset_label(host, i_preset),
            log ? log : "");
  }
  free(log);
  return notes;
}

static size_t
n_presets(const char* const uri)
{
  Host* const  host = hosted(uri);
  const size_t n    = host_n_presets(host);
  host_free(host);
  return n < MAX_PRESETS ? n : MAX_PRESETS;
}

static void
test_presets_of_the_duo(void)
{
  const size_t n = n_presets(URI_DUO);
  CHECK(n > 0U);
  for (size_t i = 0U; i < n; ++i) {
    Host* const host = open_preset(URI_DUO, HOST_WORK_INSIDE, i);
    duo[i]           = play(host, i, N_BARS, 3U);
    host_free(host);
  }
}

/// Whether two lists begin with the same onsets
static bool
is_one_music(const Notes* const a, const Notes* const b)
{
  bool is = a->n == b->n;
  for (size_t i = 0U; is && i < a->n; ++i) {
    const CaptureNote* const x = &a->notes[i];
    const CaptureNote* const y = &b->notes[i];

    is = x->bar == y->bar && x->tick == y->tick && x->key == y->key &&
         x->channel == y->channel;
  }
  return is;
}

static void
test_no_two_presets_are_one_music(void)
{
  const size_t n = n_presets(URI_DUO);
  for (size_t i = 0U; i < n; ++i) {
    for (size_t j = 0U; j < i; ++j) {
      if (is_one_music(&duo[i], &duo[j])) {
        fprintf(stderr, "presets %zu and %zu play the same notes\n", j, i);
        CHECK(!"presets differ");
      }
    }
  }
}

/// A plugin of one part plays what the duo plays of it
static void
check_part(const char* const uri, const unsigned part)
{
  const size_t n = n_presets(uri);
  CHECK(n == n_presets(URI_DUO));
  for (size_t i = 0U; i < n; ++i) {
    // Compose what these bars need, standing, and no more: it has been heard
    Host* const host = open_preset(uri, HOST_WORK_AT_END, i);
    for (int run = 0; run < N_PART_BARS; ++run) {
      host_run(host, 64U);
    }
    host_refuse_work(host, UINT32_MAX);
    Notes       heard  = play(host, i, N_PART_BARS, part);
    const Notes both   = notes_of_bars(&duo[i], 0, N_PART_BARS);
    size_t      n_part = 0U;
    for (size_t k = 0U; k < both.n; ++k) {
      const bool is_drum = both.notes[k].channel ==
                           (uint8_t)(host_get(host, "drum_channel") - 1.0f);
      n_part += is_drum == (part == 2U);
    }
    CHECK(heard.n == n_part);
    notes_free(&heard);
    host_free(host);
  }
}

static void
test_presets_of_the_melody(void)
{
  check_part(URI_MELODY, 1U);
}

static void
test_presets_of_the_drums(void)
{
  check_part(URI_DRUMS, 2U);
}

/// A preset takes all of another one's mix away
static void
test_presets_replace_each_other(void)
{
  Trouble      trouble = {""};
  const size_t n       = n_presets(URI_DUO);
  Host* const  host    = hosted(URI_DUO);
  for (size_t i = 0U; i < n; ++i) {
    float    sum    = 0.0f;
    unsigned n_left = 0U;
    for (uint32_t c = 0U; c < host_n_controls(host); ++c) {
      const HostControl control = host_control(host, c);
      if (!strncmp(control.symbol, "mix_", 4U)) {
        CHECK(host_set(host, control.symbol, 7.25f));
      }
    }
    CHECK(!host_load_preset(host, host_preset_label(host, i), &trouble));
    for (uint32_t c = 0U; c < host_n_controls(host); ++c) {
      const HostControl control = host_control(host, c);
      const float       value   = host_get(host, control.symbol);
      CHECK(value >= control.minimum && value <= control.maximum);
      if (!strncmp(control.symbol, "mix_", 4U)) {
        sum += value;
        n_left += value == 7.25f;
      }
    }
    CHECK(sum > 0.0f);
    CHECK(!n_left);
  }
  host_free(host);
}

int
main(void)
{
  if (!hosted_has_bundle()) {
    SKIP_ALL("the bundle is not built");
  }
  RUN(test_presets_replace_each_other);
  RUN(test_presets_of_the_duo);
  RUN(test_no_two_presets_are_one_music);
  RUN(test_presets_of_the_melody);
  RUN(test_presets_of_the_drums);
  for (size_t i = 0U; i < MAX_PRESETS; ++i) {
    notes_free(&duo[i]);
  }
  CHECK_END();
}
