// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Every preset of every plugin, loaded and played in the host: it is whole and
   in a bank, it sounds, on time, within its kit and scale, ends what it begins,
   and is not another one's music.
*/

#include "tests/check.h"
#include "tests/hosted.h"

#include "music/drum_map.h"
#include "music/scale.h"
#include "tools/likeness.h"

#include <string.h>

#define N_BARS 28 ///< With the first drop of the club form
#define N_PART_BARS 4
#define MAX_PRESETS 128U
#define MIN_PRESETS 24U

/// Every so many presets are played with another seed too
#define SEED_STEP 4U

/// Two presets are at least this far apart, in units of how far two songs of
/// one preset usually are: `./waf presets` shows how far all are.  A preset
/// and itself with energy, a density, a weight or swing turned by 5 or 10 are
/// at 0.1 to 0.4.
#define LEAST_APART 0.5

/// What the pitch of a melody may be in any key and register, and then some
#define LOWEST 21U
#define HIGHEST 108U

/// A preset, and what was heard of it
typedef struct {
  char  uri[128];
  char  label[64];
  Notes notes;
} Heard;

/// Presets of the duo, and then those that only one part has
static Heard  heard[MAX_PRESETS];
static size_t n_heard;

/// What a preset leaves as the person has it: which song and in which key, what
/// is played to where, and in whose time
static const char* const personal[] = {"enabled",
                                       "seed",
                                       "reroll",
                                       "hold",
                                       "key",
                                       "melody_channel",
                                       "drum_channel",
                                       "drum_map",
                                       "thru",
                                       "transport",
                                       "tempo",
                                       "freewheel"};

static bool
is_personal(const char* const symbol)
{
  for (size_t i = 0U; i < sizeof(personal) / sizeof(personal[0]); ++i) {
    if (!strcmp(symbol, personal[i])) {
      return true;
    }
  }
  return false;
}

/// A host that has loaded a preset, which takes the first phrase that comes:
/// whether the gate likes it is not asked here
static Host*
open_preset(const char* const uri,
            const HostWork    work,
            const char* const preset)
{
  HostSetup setup   = host_setup(hosted_bundle(), uri);
  Trouble   trouble = {""};
  setup.work        = work;
  Host* const host  = hosted_new(&setup);
  hosted_tempo(host, 128.0);
  if (host_load_preset(host, preset, &trouble)) {
    fprintf(stderr, "%s\n", trouble.text);
    CHECK(!"the preset is loaded");
  }
  host_set(host, "gate", 0.0f);
  host_set(host, "candidates", 1.0f);
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
play(Host* const       host,
     const char* const preset,
     const int32_t     n_bars,
     const unsigned    parts)
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
            preset,
            log ? log : "");
  }
  free(log);
  return notes;
}

static const Heard*
find_heard(const char* const uri)
{
  for (size_t i = 0U; i < n_heard; ++i) {
    if (!strcmp(heard[i].uri, uri)) {
      return &heard[i];
    }
  }
  return NULL;
}

/// Play a preset that no plugin before had
static void
hear(const char* const uri, const Host* const list, const size_t i)
{
  if (n_heard < MAX_PRESETS) {
    Heard* const      h      = &heard[n_heard++];
    const char* const preset = host_preset_uri(list, i);
    Host* const       host   = open_preset(uri, HOST_WORK_INSIDE, preset);
    snprintf(h->uri, sizeof(h->uri), "%s", preset);
    snprintf(h->label, sizeof(h->label), "%s", host_preset_label(list, i));
    h->notes = play(host,
                    h->label,
                    N_BARS,
                    !strcmp(uri, URI_MELODY)  ? 1U
                    : !strcmp(uri, URI_DRUMS) ? 2U
                                              : 3U);
    host_free(host);
  }
}

static void
test_presets_of_the_duo(void)
{
  Host* const list = hosted(URI_DUO);
  CHECK(host_n_presets(list) >= MIN_PRESETS);
  for (size_t i = 0U; i < host_n_presets(list); ++i) {
    hear(URI_DUO, list, i);
  }
  host_free(list);
}

/// Notes of a part on the default channels
static size_t
count_part(const Notes* const notes, const unsigned part)
{
  size_t n = 0U;
  for (size_t i = 0U; i < notes->n; ++i) {
    n += (notes->notes[i].channel == 9U) == (part == 2U);
  }
  return n;
}

/// A plugin of one part plays what the duo plays of it
static void
check_part(const char* const uri, const unsigned part)
{
  Host* const list = hosted(uri);
  for (size_t i = 0U; i < host_n_presets(list); ++i) {
    const Heard* const whole = find_heard(host_preset_uri(list, i));
    if (!whole) {
      hear(uri, list, i);
      continue;
    }

    // Compose what these bars need, standing, and no more: it has been heard
    Host* const host = open_preset(uri, HOST_WORK_AT_END, whole->uri);
    for (int run = 0; run < N_PART_BARS; ++run) {
      host_run(host, 64U);
    }
    host_refuse_work(host, UINT32_MAX);
    Notes       notes = play(host, whole->label, N_PART_BARS, part);
    const Notes both  = notes_of_bars(&whole->notes, 0, N_PART_BARS);
    CHECK(notes.n == count_part(&both, part));
    notes_free(&notes);
    host_free(host);
  }
  host_free(list);
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

/// The same preset with another seed
static Traits
hear_another(const Heard* const h)
{
  Traits            traits;
  const bool        is_duo = count_part(&h->notes, 1U) > 0U;
  const char* const uri    = is_duo ? URI_DUO : URI_DRUMS;
  Host* const       host   = open_preset(uri, HOST_WORK_INSIDE, h->uri);
  host_set(host, "seed", 2.0f);
  Notes notes = play(host, h->label, N_BARS, is_duo ? 3U : 2U);
  CHECK(!traits_measure(notes.notes, notes.n, N_BARS, &traits));
  notes_free(&notes);
  host_free(host);
  return traits;
}

static int
compare_doubles(const void* const a, const void* const b)
{
  const double x = *(const double*)a;
  const double y = *(const double*)b;
  return x < y ? -1 : x > y;
}

/// How far two songs of one preset are apart, mostly
static double
usual_distance(const Traits* const all, const double* const scale)
{
  double n_apart[MAX_PRESETS / SEED_STEP + 1U] = {0.0};
  size_t n                                     = 0U;
  for (size_t i = 0U; i < n_heard; i += SEED_STEP) {
    const Traits other = hear_another(&heard[i]);
    n_apart[n++]       = traits_distance(&all[i], &other, scale);
  }
  qsort(n_apart, n, sizeof(double), compare_doubles);
  return n_apart[n / 2U];
}

static void
test_no_two_presets_sound_alike(void)
{
  static Traits all[MAX_PRESETS];
  double        scale[N_TRAITS];
  for (size_t i = 0U; i < n_heard; ++i) {
    const Notes* const notes = &heard[i].notes;
    CHECK(!traits_measure(notes->notes, notes->n, N_BARS, &all[i]));
    if (!(all[i].value[TRAIT_DRUMS + DRUMS_VOICE + DRUM_KICK] > 0.0)) {
      fprintf(stderr, "\"%s\" has no kick\n", heard[i].label);
      CHECK(!"dance music has a kick");
    }
  }
  traits_spread(all, n_heard, scale);

  const double usual = usual_distance(all, scale);
  CHECK(usual > 0.1);
  for (size_t i = 0U; i < n_heard; ++i) {
    for (size_t j = 0U; j < i; ++j) {
      const double apart = traits_distance(&all[i], &all[j], scale);
      if (!(apart >= LEAST_APART * usual)) {
        fprintf(stderr,
                "\"%s\" and \"%s\" are %.2f apart, two songs of one preset "
                "%.2f\n",
                heard[j].label,
                heard[i].label,
                apart,
                usual);
        CHECK(!"presets differ");
      }
    }
  }
}

/// A preset says all of the music, and nothing else
static void
check_whole(Host* const host, const char* const preset)
{
  Trouble trouble = {""};
  float   sum     = 0.0f;
  for (uint32_t c = 0U; c < host_n_controls(host); ++c) {
    CHECK(host_set(host, host_control(host, c).symbol, 7.25f));
  }
  CHECK(!host_load_preset(host, preset, &trouble));
  for (uint32_t c = 0U; c < host_n_controls(host); ++c) {
    const HostControl control = host_control(host, c);
    const float       value   = host_get(host, control.symbol);
    const bool        is_left = value == 7.25f;
    if (is_left != is_personal(control.symbol)) {
      fprintf(stderr,
              "\"%s\" %s %s\n",
              preset,
              is_left ? "lacks" : "sets",
              control.symbol);
      CHECK(!"a preset sets what it should");
    }
    CHECK(is_left || (value >= control.minimum && value <= control.maximum));
    sum += strncmp(control.symbol, "mix_", 4U) ? 0.0f : value;
  }
  CHECK(sum > 0.0f);
}

static void
test_presets_are_whole(void)
{
  static const char* const uris[] = {URI_DUO, URI_MELODY, URI_DRUMS};
  for (size_t u = 0U; u < 3U; ++u) {
    Host* const  host = hosted(uris[u]);
    const size_t n    = host_n_presets(host);
    for (size_t i = 0U; i < n; ++i) {
      const char* const label = host_preset_label(host, i);
      CHECK(*label && *host_preset_comment(host, i));
      CHECK(*host_preset_bank(host, i));
      for (size_t k = 0U; k < i; ++k) {
        CHECK(strcmp(label, host_preset_label(host, k)));
      }
      check_whole(host, host_preset_uri(host, i));
    }
    host_free(host);
  }
}

int
main(void)
{
  if (!hosted_has_bundle()) {
    SKIP_ALL("the bundle is not built");
  }
  RUN(test_presets_are_whole);
  RUN(test_presets_of_the_duo);
  RUN(test_presets_of_the_melody);
  RUN(test_presets_of_the_drums);
  RUN(test_no_two_presets_sound_alike);
  for (size_t i = 0U; i < n_heard; ++i) {
    notes_free(&heard[i].notes);
  }
  CHECK_END();
}
