// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   perpetuo-demo: hosts the built plugin, lets it play a song, and leaves it as
   a MIDI file, a sound and a picture.

   Melody and drums alone run beside the duo with the same settings.  They
   compose the same phrases, so their outputs say what the gate thought of each
   part.
*/

#include "compose/composer.h"
#include "music/drum_map.h"
#include "music/style.h"
#include "tools/capture.h"
#include "tools/cli.h"
#include "tools/host.h"
#include "tools/midi_file.h"
#include "tools/piano_roll.h"
#include "tools/sound.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 256U
#define MAX_BARS 1024U
#define MAX_PATH CLI_MAX_PATH
#define MAX_SETTINGS 64U
#define BAR_WIDTH 40U ///< Of the progress bar, characters
#define URI_DUO "urn:perpetuo:duo"
#define URI_MELODY "urn:perpetuo:melody"
#define URI_DRUMS "urn:perpetuo:drums"

// What was asked for
// -----------------------------------------------------------

/// A control that is not left as the preset has it
typedef struct {
  char  symbol[40];
  float value;
} Setting;

typedef struct {
  uint32_t    n_settings;
  Setting     settings[MAX_SETTINGS];
  uint32_t    n_bars;
  double      bpm;
  int64_t     seed;   ///< Below 0: as the plugin or the preset has it
  const char* preset; ///< Null for none
  char        uri[256];
  char        output[MAX_PATH];
  char        bundle[MAX_PATH];
  uint32_t    rate_hz;
  bool        has_audio;
} Wish;

static const char usage[] =
  "perpetuo-demo plays a song and writes song.mid, song.wav and song.png.\n"
  "\n"
  "  --bars N        length of the song, 1 to 1024 (64)\n"
  "  --tempo BPM     20 to 300 (128)\n"
  "  --seed N        another number is another song, 0 to 65535\n"
  "  --preset NAME   a preset, by its label or URI; \"list\" names them\n"
  "  --set NAME=N    turn a knob, such as energy=80; as often as wanted\n"
  "  --uri URI       duo, melody, drums, or a plugin's URI (duo)\n"
  "  --output DIR    where to leave the files (demo, beside this program)\n"
  "  --bundle DIR    the plugin's bundle (perpetuo.lv2, beside this program)\n"
  "  --rate HZ       sample rate, 8000 to 192000 (48000)\n"
  "  --no-audio      leave out the sound\n"
  "  --help          this text\n";

static void
complain(const char* const format, ...) PRINTF_LIKE(1, 2);

/// Say what is wrong, as a sentence
static void
complain(const char* const format, ...)
{
  va_list args;
  va_start(args, format);
  fputs("perpetuo-demo: ", stderr);
  vfprintf(stderr, format, args);
  fputs("\n", stderr);
  va_end(args);
}

/// A number within a range, whole if it has to be
static bool
read_number(const char* const name,
            const char* const text,
            const double      minimum,
            const double      maximum,
            const bool        is_whole,
            double* const     number)
{
  char*        end   = NULL;
  const double value = strtod(text, &end);
  if (end == text || *end || !(value >= minimum && value <= maximum) ||
      (is_whole && value != floor(value))) {
    complain("%s takes a %snumber from %g to %g, not \"%s\".",
             name,
             is_whole ? "whole " : "",
             minimum,
             maximum,
             text);
    return false;
  }
  *number = value;
  return true;
}

static bool
read_text(const char* const name,
          const char* const text,
          const size_t      room,
          char* const       copy)
{
  if (!*text || strlen(text) >= room) {
    complain("%s takes a text of 1 to %zu bytes.", name, room - 1U);
    return false;
  }
  strcpy(copy, text);
  return true;
}

static bool
read_uri(const char* const text, Wish* const wish)
{
  static const struct {
    const char* name;
    const char* uri;
  } rows[] = {{"duo", URI_DUO}, {"melody", URI_MELODY}, {"drums", URI_DRUMS}};
  const char* uri = text;
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    uri = strcmp(text, rows[i].name) ? uri : rows[i].uri;
  }
  return read_text("--uri", uri, sizeof(wish->uri), wish->uri);
}

/// A control's symbol and its value
static bool
read_setting(const char* const text, Wish* const wish)
{
  const char* const sign = strchr(text, '=');
  char*             end  = NULL;
  Setting           setting;
  if (wish->n_settings == MAX_SETTINGS) {
    complain("--set can be given %u times.", MAX_SETTINGS);
    return false;
  }
  if (!sign || sign == text ||
      (size_t)(sign - text) >= sizeof(setting.symbol)) {
    complain("--set takes NAME=VALUE, such as energy=80, not \"%s\".", text);
    return false;
  }
  memcpy(setting.symbol, text, (size_t)(sign - text));
  setting.symbol[sign - text] = '\0';
  setting.value               = strtof(sign + 1, &end);
  if (end == sign + 1 || *end || !isfinite(setting.value)) {
    complain("\"%s\" is no number for %s.", sign + 1, setting.symbol);
    return false;
  }
  wish->settings[wish->n_settings++] = setting;
  return true;
}

/// One option that takes a value
static bool
read_option(const char* const name, const char* const text, Wish* const wish)
{
  double     n       = 0.0;
  bool       ok      = true;
  const bool is_bars = !strcmp(name, "--bars");
  if (is_bars) {
    ok           = read_number(name, text, 1.0, MAX_BARS, true, &n);
    wish->n_bars = (uint32_t)n;
  } else if (!strcmp(name, "--tempo")) {
    ok        = read_number(name, text, 20.0, 300.0, false, &n);
    wish->bpm = n;
  } else if (!strcmp(name, "--seed")) {
    ok         = read_number(name, text, 0.0, 65535.0, true, &n);
    wish->seed = (int64_t)n;
  } else if (!strcmp(name, "--rate")) {
    ok            = read_number(name, text, 8000.0, 192000.0, true, &n);
    wish->rate_hz = (uint32_t)n;
  } else if (!strcmp(name, "--preset")) {
    wish->preset = text;
  } else if (!strcmp(name, "--set")) {
    ok = read_setting(text, wish);
  } else if (!strcmp(name, "--uri")) {
    ok = read_uri(text, wish);
  } else if (!strcmp(name, "--output")) {
    ok = read_text(name, text, sizeof(wish->output), wish->output);
  } else if (!strcmp(name, "--bundle")) {
    ok = read_text(name, text, sizeof(wish->bundle), wish->bundle);
  } else {
    complain("There is no option \"%s\"; --help names them all.", name);
    ok = false;
  }
  return ok;
}

/// Read the command line.  True to go on; else `*status` is the exit status.
static bool
read_options(const int    n_args,
             char** const args,
             Wish* const  wish,
             int* const   status)
{
  char home[MAX_PATH];
  cli_home(home);
  memset(wish, 0, sizeof(*wish));
  wish->n_bars    = 64U;
  wish->bpm       = 128.0;
  wish->seed      = -1;
  wish->rate_hz   = 48000U;
  wish->has_audio = true;
  strcpy(wish->uri, URI_DUO);
  snprintf(wish->output, sizeof(wish->output), "%.980sdemo", home);
  snprintf(wish->bundle, sizeof(wish->bundle), "%.980sperpetuo.lv2", home);

  *status = 2;
  for (int i = 1; i < n_args; ++i) {
    if (!strcmp(args[i], "--help") || !strcmp(args[i], "-h")) {
      fputs(usage, stdout);
      *status = 0;
      return false;
    }
    if (!strcmp(args[i], "--no-audio")) {
      wish->has_audio = false;
      continue;
    }

    // "--name value" and "--name=value" are the same
    char         name[32] = "";
    const char*  value    = strchr(args[i], '=');
    const size_t n_name   = value ? (size_t)(value - args[i]) : strlen(args[i]);
    snprintf(name,
             sizeof(name),
             "%.*s",
             n_name < sizeof(name) ? (int)n_name : (int)sizeof(name) - 1,
             args[i]);
    if (!value && (i + 1 == n_args || strncmp(name, "--", 2U))) {
      complain(strncmp(name, "--", 2U)
                 ? "\"%s\" is no option; --help names them all."
                 : "The option \"%s\" is unknown or lacks its value.",
               name);
      return false;
    }
    value = value ? value + 1 : args[++i];
    if (!read_option(name, value, wish)) {
      return false;
    }
  }
  *status = 0;
  return true;
}

// The song
// ---------------------------------------------------------------------

/// What the gate said of a phrase of one part
typedef struct {
  bool     is_there;
  double   score; ///< 0 .. 100
  uint32_t n_tries;
} Verdict;

/// A phrase of the song
typedef struct {
  uint32_t bar;
  uint32_t n_bars;
  Verdict  melody;
  Verdict  drums;
  uint32_t n_notes;
} Line;

typedef struct {
  const Wish*  wish;
  Host*        host;   ///< What is heard
  Host*        melody; ///< Beside it, to know each part's score; may be null
  Host*        drums;
  Mix          mix;
  Metre        metre;
  RollSection* sections;
  size_t       n_sections;
  Line*        lines;
  size_t       n_lines;
  CaptureNote* notes;
  size_t       n_notes;
  double       seconds; ///< That rendering took
} Song;

static double
seconds_now(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/// The mix that the plugin's controls stand for
static void
read_mix(const Host* const host, Mix* const mix)
{
  static const struct {
    const char* symbol;
    size_t      offset;
  } rows[] = {{"key", offsetof(Mix, key)},
              {"scale", offsetof(Mix, scale)},
              {"register", offsetof(Mix, range)},
              {"phrase_bars", offsetof(Mix, phrase_bars)},
              {"variation", offsetof(Mix, variation)},
              {"form", offsetof(Mix, form)},
              {"energy", offsetof(Mix, energy)},
              {"gate", offsetof(Mix, gate)},
              {"drum_map", offsetof(Mix, drum_map)}};

  mix_init(mix);
  mix->seed = (uint32_t)lround(fmax(0.0, (double)host_get(host, "seed")));
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    const float value = host_get(host, rows[i].symbol);
    if (value >= 0.0f && value < 256.0f) {
      ((uint8_t*)mix)[rows[i].offset] = (uint8_t)lround((double)value);
    }
  }
  mix->phrase_bars = mix_phrase_bars(mix->phrase_bars);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    char symbol[40];
    snprintf(symbol, sizeof(symbol), "mix_%s", style_row((Style)i)->symbol);
    const float value = host_get(host, symbol);
    mix->style[i] =
      value >= 0.0f && value <= 100.0f ? (uint8_t)lround((double)value) : 0U;
  }
}

/// The strongest style of the mix
static Style
main_style(const Mix* const mix)
{
  unsigned best = STYLE_HOUSE;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    best = mix->style[i] > mix->style[best] ? i : best;
  }
  return (Style)best;
}

/// Turn the knobs that were named; false and a sentence when there is no such
static bool
turn_knobs(const Wish* const wish, Host* const host)
{
  for (uint32_t i = 0U; i < wish->n_settings; ++i) {
    const Setting* const setting = &wish->settings[i];
    HostControl          control = {NULL, 0.0f, 0.0f, 0.0f};
    uint32_t             k       = 0U;
    while (k < host_n_controls(host) &&
           strcmp((control = host_control(host, k)).symbol, setting->symbol)) {
      ++k;
    }
    if (k == host_n_controls(host)) {
      complain("There is no control \"%s\".  These there are:",
               setting->symbol);
      for (k = 0U; k < host_n_controls(host); ++k) {
        fprintf(stderr, " %s", host_control(host, k).symbol);
      }
      fputs("\n", stderr);
      return false;
    }
    if (setting->value < control.minimum || setting->value > control.maximum) {
      complain("%s goes from %g to %g.",
               setting->symbol,
               (double)control.minimum,
               (double)control.maximum);
      return false;
    }
    host_set(host, setting->symbol, setting->value);
  }
  return true;
}

/// A host of one plugin, set up as wished; null and a sentence otherwise
static Host*
open_host(const Wish* const wish, const char* const uri)
{
  Host*     host    = NULL;
  Trouble   trouble = {""};
  HostSetup setup   = host_setup(wish->bundle, uri);
  setup.rate_hz     = wish->rate_hz;
  setup.work        = HOST_WORK_INSIDE; // As in an export: nothing is late
  if (host_new(&setup, &host, &trouble)) {
    complain("%s", trouble.text);
    return NULL;
  }

  const Metre    metre = {4U, 4U};
  const Timeline map   = timeline(wish->rate_hz, wish->bpm, metre);
  host_set_timeline(host, &map);
  host_set_freewheel(host, true);
  if (wish->preset && host_load_preset(host, wish->preset, &trouble)) {
    complain("There is no preset \"%s\" of <%s>.", wish->preset, uri);
    fputs("These there are:\n", stderr);
    for (size_t i = 0U; i < host_n_presets(host); ++i) {
      fprintf(stderr, "  %s\n", host_preset_label(host, i));
    }
    host_free(host);
    return NULL;
  }
  if (wish->seed >= 0) {
    host_set(host, "seed", (float)wish->seed);
  }
  if (!turn_knobs(wish, host)) {
    host_free(host);
    return NULL;
  }
  host_activate(host);
  return host;
}

static bool
open_song(Song* const song, const Wish* const wish)
{
  memset(song, 0, sizeof(*song));
  song->wish          = wish;
  song->metre.n_beats = 4U;
  song->metre.unit    = 4U;
  song->host          = open_host(wish, wish->uri);
  const bool is_duo   = !strcmp(wish->uri, URI_DUO);
  if (song->host && is_duo) {
    song->melody = open_host(wish, URI_MELODY);
    song->drums  = open_host(wish, URI_DRUMS);
  }
  if (!song->host || (is_duo && (!song->melody || !song->drums))) {
    return false;
  }
  read_mix(song->host, &song->mix);
  song->sections = (RollSection*)calloc(wish->n_bars, sizeof(RollSection));
  song->lines    = (Line*)calloc(wish->n_bars, sizeof(Line));
  if (!song->sections || !song->lines) {
    complain("Memory is out.");
    return false;
  }
  return true;
}

static void
close_song(Song* const song)
{
  free(song->notes);
  free(song->lines);
  free(song->sections);
  host_free(song->drums);
  host_free(song->melody);
  host_free(song->host);
}

/// Name and energy of every bar's section, as runs of equal ones
static void
find_sections(Song* const song)
{
  const uint32_t phrase_bars = song->mix.phrase_bars;
  for (uint32_t bar = 0U; bar < song->wish->n_bars; ++bar) {
    uint32_t      energy  = 0U;
    const Request request = {
      PART_MELODY, (int32_t)(bar / phrase_bars), song->metre, 0U, song->mix};
    const char* const  name = composer_section(&request, &energy);
    RollSection* const last =
      song->n_sections ? &song->sections[song->n_sections - 1U] : NULL;
    if (last && !strcmp(last->name, name) && last->energy == energy) {
      ++last->n_bars;
    } else {
      RollSection* const next = &song->sections[song->n_sections++];
      snprintf(next->name, sizeof(next->name), "%s", name);
      next->bar    = bar;
      next->n_bars = 1U;
      next->energy = energy;
    }
  }
}

static const RollSection*
section_of(const Song* const song, const uint32_t bar)
{
  size_t i = song->n_sections - 1U;
  while (i && song->sections[i].bar > bar) {
    --i;
  }
  return &song->sections[i];
}

// Playing
// -----------------------------------------------------------------------

static void
run_all(const Song* const song, const uint32_t n_frames)
{
  Host* const hosts[] = {song->host, song->melody, song->drums};
  for (size_t i = 0U; i < 3U; ++i) {
    if (hosts[i]) {
      host_run(hosts[i], n_frames);
    }
  }
}

static Verdict
ask_verdict(const Host* const host)
{
  Verdict verdict = {false, 0.0, 0U};
  if (host) {
    verdict.is_there = true;
    verdict.score    = (double)host_get(host, "score");
    verdict.n_tries  = (uint32_t)fmax(0.0, (double)host_get(host, "tries"));
  }
  return verdict;
}

static void
say_verdict(const Verdict* const verdict)
{
  if (verdict->is_there) {
    printf("   %5.2f  %5u", verdict->score / 100.0, verdict->n_tries);
  } else {
    fputs("       -      -", stdout);
  }
}

static void
say_progress(const Song* const song, const uint32_t bar)
{
  if (!isatty(STDOUT_FILENO)) {
    return;
  }
  const uint32_t n_bars = song->wish->n_bars;
  const uint32_t n_done = bar * BAR_WIDTH / n_bars;
  fputs("\r\033[K  [", stdout);
  for (uint32_t i = 0U; i < BAR_WIDTH; ++i) {
    fputs(i < n_done ? "#" : "-", stdout);
  }
  printf("] bar %u of %u", bar, n_bars);
  fflush(stdout);
}

static void
say_line(const Song* const song, const Line* const line)
{
  const RollSection* const section = section_of(song, line->bar);
  if (isatty(STDOUT_FILENO)) {
    fputs("\r\033[K", stdout);
  }
  printf("  %4u  %-12s %6u", line->bar + 1U, section->name, section->energy);
  say_verdict(&line->melody);
  say_verdict(&line->drums);
  printf("  %6u\n", line->n_notes);
}

/// What is known of the phrase that is being played
static Line
observe_line(const Song* const song, const uint32_t bar)
{
  const uint32_t phrase_bars = song->mix.phrase_bars;
  const uint32_t left        = song->wish->n_bars - bar;
  const bool     is_drums    = !strcmp(song->wish->uri, URI_DRUMS);
  const Line     line        = {bar,
                     phrase_bars < left ? phrase_bars : left,
                                ask_verdict(song->melody ? song->melody
                                 : is_drums   ? NULL
                                              : song->host),
                                ask_verdict(song->drums ? song->drums
                                 : is_drums  ? song->host
                                             : NULL),
                                0U};
  return line;
}

static uint32_t
n_onsets(const Host* const host)
{
  const Capture* const capture = host_capture(host);
  uint32_t             n       = 0U;
  for (size_t i = 0U; i < capture->n_events; ++i) {
    const CaptureEvent* const event = &capture->events[i];
    n += (event->bytes[0] & 0xF0U) == 0x90U && event->bytes[2];
  }
  return n;
}

/// Roll to a bar line, all hosts block by block
static void
roll_to_bar(Song* const song, const uint32_t bar)
{
  const int64_t end = (int64_t)ceil(
    timeline_frame(host_timeline(song->host), (int32_t)bar, 0.0) - 1e-6);
  while (host_song_frame(song->host) < end) {
    const int64_t left = end - host_song_frame(song->host);
    run_all(song, left < BLOCK ? (uint32_t)left : BLOCK);
  }
}

static void
play_song(Song* const song)
{
  Host* const  hosts[]  = {song->host, song->melody, song->drums};
  const double begin    = seconds_now();
  uint32_t     n_before = 0U;

  printf("\n   bar  section      energy   melody tries    drums tries   "
         "notes\n");
  for (size_t i = 0U; i < 3U; ++i) {
    if (hosts[i]) {
      host_locate(hosts[i], 0);
    }
  }
  run_all(song, BLOCK); // The host stands at the beginning, and then starts
  for (size_t i = 0U; i < 3U; ++i) {
    if (hosts[i]) {
      host_play(hosts[i]);
    }
  }

  for (uint32_t bar = 0U; bar < song->wish->n_bars; ++bar) {
    Line* line = song->n_lines ? &song->lines[song->n_lines - 1U] : NULL;
    if (bar % song->mix.phrase_bars == 0U) {
      run_all(song, BLOCK);
      line  = &song->lines[song->n_lines++];
      *line = observe_line(song, bar);
    }
    roll_to_bar(song, bar + 1U);
    if (line && bar + 1U == line->bar + line->n_bars) {
      const uint32_t n = n_onsets(song->host);
      line->n_notes    = n - n_before;
      n_before         = n;
      say_line(song, line);
    }
    say_progress(song, bar + 1U);
  }
  for (size_t i = 0U; i < 3U; ++i) {
    if (hosts[i]) {
      host_stop(hosts[i]);
      host_set(hosts[i], "enabled", 0.0f); // It may follow nobody
    }
  }
  run_all(song, BLOCK);
  song->seconds = seconds_now() - begin;
  if (isatty(STDOUT_FILENO)) {
    fputs("\r\033[K", stdout);
  }
}

/// Put the notes together, and look whether the laws held
static bool
gather_notes(Song* const song)
{
  const char*   text   = "";
  CaptureFaults faults = {0U, 0U, 0U, 0U, 0U, 0U};
  if (capture_notes(host_capture(song->host),
                    host_timeline(song->host),
                    &song->notes,
                    &song->n_notes,
                    &faults)) {
    complain("Memory is out.");
    return false;
  }
  if (capture_n_faults(&faults) || host_n_faults(song->host, &text)) {
    complain("The plugin broke a rule: %zu notes doubled, %zu left hanging, "
             "%zu ends without a note. %s",
             faults.n_doubled,
             faults.n_hanging,
             faults.n_orphans,
             text);
  }
  if (host_get(song->host, "late") > 0.0f) {
    complain("%g phrases were late.", (double)host_get(song->host, "late"));
  }
  char* const log = host_log(song->host);
  if (log && *log) {
    printf("\nThe plugin says:\n%s", log);
  }
  free(log);
  if (!song->n_notes) {
    complain("The plugin played no note; see what it says.");
  }
  return song->n_notes;
}

// What is left behind
// -------------------------------------------------------------

static bool
is_drum(const Song* const song, const CaptureNote* const note)
{
  return note->channel + 1U ==
         (uint32_t)lround((double)host_get(song->host, "drum_channel"));
}

/// The voice of a drum note, or -1
static int
voice_of(const Song* const song, const uint8_t key)
{
  for (unsigned i = 0U; i < N_DRUM_VOICES; ++i) {
    if (drum_map_key((DrumMap)song->mix.drum_map, (DrumVoice)i) == key) {
      return (int)i;
    }
  }
  return -1;
}

/// The General MIDI program that suits a style
static uint8_t
program_of(const Style style)
{
  enum { PIANO = 0, HARPSICHORD = 6, SQUARE = 80, SAW = 81, CHARANG = 84 };
  static const uint8_t programs[N_STYLES] = {[STYLE_HOUSE]       = SAW,
                                             [STYLE_DEEPHOUSE]   = SQUARE,
                                             [STYLE_PROGRESSIVE] = SAW,
                                             [STYLE_TECHNO]      = SAW,
                                             [STYLE_TRANCE]      = SAW,
                                             [STYLE_SYNTHWAVE]   = SAW,
                                             [STYLE_DNB]         = SQUARE,
                                             [STYLE_FUTUREBASS]  = SAW,
                                             [STYLE_GARAGE]      = SQUARE,
                                             [STYLE_ACID]        = SAW,
                                             [STYLE_GAME]        = SQUARE,
                                             [STYLE_ROCK]        = CHARANG,
                                             [STYLE_FUNK]        = SQUARE,
                                             [STYLE_BAROQUE]     = HARPSICHORD,
                                             [STYLE_CLASSICAL]   = PIANO,
                                             [STYLE_ROMANTIC]    = PIANO};
  return programs[style];
}

/// Add a captured note to its track, as General MIDI has it
static Status
add_note(const Song* const        song,
         const CaptureNote* const note,
         MidiSong* const          midi)
{
  const bool     drum  = is_drum(song, note);
  const int      voice = drum ? voice_of(song, note->key) : -1;
  const MidiNote out   = {
      (uint32_t)note->bar * metre_bar_ticks(song->metre) + note->tick,
    note->length ? note->length : 1U,
    voice < 0 ? note->key : drum_map_key(DRUM_MAP_GM, (DrumVoice)voice),
      note->velocity,
    drum ? MIDI_DRUM_CHANNEL : 0U};
  return midi_song_add_note(midi, drum ? 1U : 0U, out);
}

static Status
fill_midi(const Song* const song, MidiSong* const midi)
{
  snprintf(midi->name, sizeof(midi->name), "Perpetuo, seed %u", song->mix.seed);
  Status st = midi_song_add_tempo(midi, 0U, song->wish->bpm);
  st        = st
                ? st
                : midi_song_add_metre(midi, 0U, song->metre.n_beats, song->metre.unit);
  st        = st ? st : midi_song_add_track(midi, "Melody");
  st        = st ? st : midi_song_add_track(midi, "Drums");
  for (size_t i = 0U; !st && i < song->n_sections; ++i) {
    const RollSection* const section = &song->sections[i];
    const uint32_t           tick = section->bar * metre_bar_ticks(song->metre);
    st = midi_song_add_text(midi, tick, MIDI_MARKER, section->name);
  }
  for (size_t i = 0U; !st && i < song->n_notes; ++i) {
    if (song->notes[i].bar >= 0) {
      st = add_note(song, &song->notes[i], midi);
    }
  }
  if (!st) {
    midi->tracks[0].program[0] = program_of(main_style(&song->mix));
    midi->tracks[1].program[MIDI_DRUM_CHANNEL] = 0U;
  }
  return st;
}

static Status
write_midi(const Song* const song, const char* const path, Trouble* trouble)
{
  MidiSong* const midi = midi_song_new(TICKS_PER_QUARTER);
  Status          st   = midi ? fill_midi(song, midi) : STATUS_NO_MEM;
  if (st) {
    trouble_say(trouble, st, "%s", status_text(st));
  }
  st = st ? st : midi_file_save(path, midi, trouble);
  midi_song_free(midi);
  return st;
}

static RollNote
roll_note(const Song* const        song,
          const CaptureNote* const note,
          const uint8_t            row)
{
  const double   ticks = metre_bar_ticks(song->metre);
  const RollNote out   = {
      note->bar + note->tick / ticks, note->length / ticks, row, note->velocity};
  return out;
}

/// Melody and drums of the song, in arrays with room for all
static void
fill_notes(const Song* const song,
           RollNote* const   melody,
           RollNote* const   drums,
           Roll* const       roll)
{
  for (size_t i = 0U; i < song->n_notes; ++i) {
    const CaptureNote* const note  = &song->notes[i];
    const int                voice = voice_of(song, note->key);
    if (!is_drum(song, note)) {
      melody[roll->n_melody++] = roll_note(song, note, note->key);
    } else if (voice >= 0) {
      drums[roll->n_drums++] = roll_note(song, note, (uint8_t)voice);
    }
  }
  roll->melody = melody;
  roll->drums  = drums;
}

static void
fill_phrase(const Song* const song, const Line* const line, RollPhrase* phrase)
{
  const double gate = song->mix.gate;
  phrase->bar       = line->bar;
  phrase->n_bars    = line->n_bars;
  phrase->is_passed = (!line->melody.is_there || line->melody.score >= gate) &&
                      (!line->drums.is_there || line->drums.score >= gate);

  const Verdict* const verdicts[] = {&line->melody, &line->drums};
  const char* const    names[]    = {"melody", "drums"};
  size_t               n_text     = 0U;
  size_t               n_brief    = 0U;
  for (size_t i = 0U; i < 2U; ++i) {
    if (verdicts[i]->is_there) {
      const double score = verdicts[i]->score / 100.0;
      n_text += (size_t)snprintf(phrase->text + n_text,
                                 sizeof(phrase->text) - n_text,
                                 "%s%s %.2f (%u)",
                                 n_text ? " · " : "",
                                 names[i],
                                 score,
                                 verdicts[i]->n_tries % 10000U);
      n_brief += (size_t)snprintf(phrase->brief + n_brief,
                                  sizeof(phrase->brief) - n_brief,
                                  "%s%.2f",
                                  n_brief ? " " : "",
                                  score);
    }
  }
}

static Status
write_picture(const Song* const song, const char* const path, Trouble* trouble)
{
  static const char* const keys[12] = {
    "C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"};
  const size_t      n      = song->n_notes + 1U;
  RollNote* const   melody = (RollNote*)calloc(n, sizeof(RollNote));
  RollNote* const   drums  = (RollNote*)calloc(n, sizeof(RollNote));
  RollPhrase* const phrases =
    (RollPhrase*)calloc(song->n_lines + 1U, sizeof(RollPhrase));
  Status st = melody && drums && phrases
                ? STATUS_SUCCESS
                : trouble_say(trouble, STATUS_NO_MEM, "Memory is out.");
  if (!st) {
    char title[96];
    char subtitle[128];
    Roll roll;
    memset(&roll, 0, sizeof(roll));
    snprintf(title,
             sizeof(title),
             "Perpetuo  ·  %.60s",
             song->wish->preset ? song->wish->preset
                                : style_row(main_style(&song->mix))->name);
    snprintf(subtitle,
             sizeof(subtitle),
             "seed %u  ·  %g bpm  ·  %u bars  ·  tonic %s  ·  gate %.2f",
             song->mix.seed,
             song->wish->bpm,
             song->wish->n_bars,
             keys[song->mix.key % 12U],
             song->mix.gate / 100.0);
    for (size_t i = 0U; i < song->n_lines; ++i) {
      fill_phrase(song, &song->lines[i], &phrases[i]);
    }
    roll.title      = title;
    roll.subtitle   = subtitle;
    roll.n_bars     = song->wish->n_bars;
    roll.n_beats    = song->metre.n_beats;
    roll.tonic      = song->mix.key % 12U;
    roll.sections   = song->sections;
    roll.n_sections = song->n_sections;
    roll.phrases    = phrases;
    roll.n_phrases  = song->n_lines;
    fill_notes(song, melody, drums, &roll);
    st = piano_roll_draw(&roll, path, trouble);
  }
  free(phrases);
  free(drums);
  free(melody);
  return st;
}

static Status
write_sound(const Song* const song,
            const char* const midi_path,
            const char* const path,
            Trouble* const    trouble)
{
  Loudness     loudness = {0.0, 0.0, 0.0, 0U};
  const double begin    = seconds_now();
  Status       st = sound_render(midi_path, path, song->wish->rate_hz, trouble);
  st              = st ? st : sound_measure(path, &loudness, trouble);
  if (!st && !(loudness.peak_dbfs > -60.0)) {
    st = trouble_say(trouble,
                     STATUS_BAD_FILE,
                     "%s is silent: the sound font has no such instruments.",
                     path);
  }
  if (!st) {
    printf("  %s  (%.1f s, peak %.1f dBFS, RMS %.1f dBFS%s; took %.1f s)\n",
           path,
           loudness.seconds,
           loudness.peak_dbfs,
           loudness.rms_dbfs,
           loudness.n_clipped ? ", clipped" : "",
           seconds_now() - begin);
  }
  return st;
}

static bool
write_song(const Song* const song)
{
  Trouble           trouble                 = {""};
  char              paths[3][MAX_PATH + 16] = {"", "", ""};
  const char* const names[] = {"song.mid", "song.wav", "song.png"};
  for (size_t i = 0U; i < 3U; ++i) {
    snprintf(paths[i], sizeof(paths[i]), "%s/%s", song->wish->output, names[i]);
  }

  printf("\n");
  Status st = write_midi(song, paths[0], &trouble);
  if (!st) {
    printf("  %s  (%zu notes)\n", paths[0], song->n_notes);
    st = write_picture(song, paths[2], &trouble);
  }
  if (!st) {
    printf("  %s\n", paths[2]);
    fflush(stdout);
    st = song->wish->has_audio ? write_sound(song, paths[0], paths[1], &trouble)
                               : STATUS_SUCCESS;
  }
  if (st) {
    complain("%s", trouble.text);
  }
  return !st;
}

static void
list_presets(const Host* const host)
{
  for (size_t i = 0U; i < host_n_presets(host); ++i) {
    printf("%s\n", host_preset_label(host, i));
  }
}

static int
demonstrate(const Wish* const wish)
{
  Song       song;
  int        status  = 2;
  Trouble    trouble = {""};
  const bool is_open = open_song(&song, wish); // Refused, it leaves no folder
  if (is_open && cli_make_folders(wish->output, &trouble)) {
    complain("%s.", trouble.text);
  } else if (is_open) {
    printf("Perpetuo plays %u bars at %g bpm: <%s>, %s%s, seed %u\n",
           wish->n_bars,
           wish->bpm,
           wish->uri,
           wish->preset ? "preset " : "its own settings",
           wish->preset ? wish->preset : "",
           song.mix.seed);
    find_sections(&song);
    play_song(&song);
    status             = gather_notes(&song) && write_song(&song) ? 0 : 1;
    const double music = wish->n_bars * 240.0 / wish->bpm;
    printf("\n%u bars, %.1f s of music, were played in %.2f s (%.0f times as "
           "fast as they sound).\n",
           wish->n_bars,
           music,
           song.seconds,
           music / song.seconds);
  }
  close_song(&song);
  return status;
}

int
main(const int n_args, char** const args)
{
  Wish wish;
  int  status = 0;
  if (!read_options(n_args, args, &wish, &status)) {
    return status;
  }
  if (wish.preset && !strcmp(wish.preset, "list")) {
    wish.preset      = NULL;
    Host* const host = open_host(&wish, wish.uri);
    if (!host) {
      return 2;
    }
    list_presets(host);
    host_free(host);
    return 0;
  }
  return demonstrate(&wish);
}
