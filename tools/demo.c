// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   perpetuo-demo: hosts the built plugin, lets it play a song, and leaves it as
   a MIDI file, a sound and a picture.
*/

#include "tools/cli.h"
#include "tools/host.h"
#include "tools/recital.h"
#include "tools/sound.h"
#include "tools/watch.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_PATH CLI_MAX_PATH
#define BAR_WIDTH 40U ///< Of the progress bar, characters

// What was asked for ----------------------------------------------------------

/// What is shown while the song is played
typedef enum {
  SHOW_LINES, ///< A line for each phrase
  SHOW_SHEETS,
  SHOW_LIVE, ///< Sheets, no faster than they sound
  SHOW_RAW   ///< The messages of the plugin
} Show;

typedef struct {
  RecitalWish    song; ///< It points to what stands below
  char           uri[256];
  char           output[MAX_PATH];
  char           bundle[MAX_PATH];
  RecitalSetting settings[RECITAL_MAX_SETTINGS];
  bool           has_audio;
  Show           show;
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
  "  --watch[=HOW]   show every phrase as text, and what the gate said of it;\n"
  "                  live: no faster than it sounds; raw: the plugin's "
  "messages\n"
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
  RecitalSetting    setting;
  if (wish->song.n_settings == RECITAL_MAX_SETTINGS) {
    complain("--set can be given %u times.", RECITAL_MAX_SETTINGS);
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
  wish->settings[wish->song.n_settings++] = setting;
  return true;
}

static bool
read_show(const char* const text, Wish* const wish)
{
  if (strcmp(text, "live") != 0 && strcmp(text, "raw") != 0) {
    complain("--watch can be live or raw, not \"%s\".", text);
    return false;
  }
  wish->show = strcmp(text, "live") ? SHOW_RAW : SHOW_LIVE;
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
    ok = read_number(name, text, 1.0, RECITAL_MAX_BARS, true, &n);
    wish->song.n_bars = (uint32_t)n;
  } else if (!strcmp(name, "--tempo")) {
    ok             = read_number(name, text, 20.0, 300.0, false, &n);
    wish->song.bpm = n;
  } else if (!strcmp(name, "--seed")) {
    ok              = read_number(name, text, 0.0, 65535.0, true, &n);
    wish->song.seed = (int64_t)n;
  } else if (!strcmp(name, "--rate")) {
    ok                 = read_number(name, text, 8000.0, 192000.0, true, &n);
    wish->song.rate_hz = (uint32_t)n;
  } else if (!strcmp(name, "--preset")) {
    wish->song.preset = text;
  } else if (!strcmp(name, "--set")) {
    ok = read_setting(text, wish);
  } else if (!strcmp(name, "--watch")) {
    ok = read_show(text, wish);
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
  wish->song.n_bars   = 64U;
  wish->song.bpm      = 128.0;
  wish->song.seed     = -1;
  wish->song.rate_hz  = 48000U;
  wish->has_audio     = true;
  wish->song.settings = wish->settings;
  wish->song.bundle   = wish->bundle;
  wish->song.uri      = wish->uri;
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
    if (!strcmp(args[i], "--watch")) {
      wish->show = SHOW_SHEETS;
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

// Playing ---------------------------------------------------------------------

static double
seconds_now(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
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
say_progress(const uint32_t n_bars, const uint32_t bar)
{
  if (!isatty(STDOUT_FILENO)) {
    return;
  }
  const uint32_t n_done = bar * BAR_WIDTH / n_bars;
  fputs("\r\033[K  [", stdout);
  for (uint32_t i = 0U; i < BAR_WIDTH; ++i) {
    fputs(i < n_done ? "#" : "-", stdout);
  }
  printf("] bar %u of %u", bar, n_bars);
  fflush(stdout);
}

static void
say_line(const Recital* const song, const RecitalLine* const line)
{
  const RollSection* const section = recital_section(song, line->bar);
  if (isatty(STDOUT_FILENO)) {
    fputs("\r\033[K", stdout);
  }
  printf("  %4u  %-12s %6u", line->bar + 1U, section->name, section->energy);
  say_verdict(&line->melody);
  say_verdict(&line->drums);
  printf("  %6u\n", line->n_notes);
}

static void
play_song(Recital* const song)
{
  const uint32_t n_bars = song->wish->n_bars;
  printf("\n   bar  section      energy   melody tries    drums tries   "
         "notes\n");
  for (uint32_t bar = 0U; bar < n_bars; ++bar) {
    const RecitalLine* const line = recital_play_bar(song);
    if (line) {
      say_line(song, line);
    }
    say_progress(n_bars, bar + 1U);
  }
  if (isatty(STDOUT_FILENO)) {
    fputs("\r\033[K", stdout);
  }
}

/// Wait until a clock shows so many seconds
static void
wait_until(const double end)
{
  const double left = end - seconds_now();
  if (left > 0.0) {
    const struct timespec span = {(time_t)left,
                                  (long)((left - floor(left)) * 1e9)};
    (void)nanosleep(&span, NULL);
  }
}

/// Play it with somebody who watches and writes what they see
static bool
show_song(Recital* const song, const Show show)
{
  const RecitalWish* const wish  = song->wish;
  const double             begin = seconds_now();
  song->watch =
    watch_new(song->host, show == SHOW_RAW ? WATCH_RAW : WATCH_SHEETS, stdout);
  if (!song->watch) {
    complain("Memory is out.");
    return false;
  }

  printf("\n");
  if (show != SHOW_RAW) {
    watch_print_legend(stdout);
  }
  for (uint32_t bar = 0U; bar < wish->n_bars; ++bar) {
    (void)recital_play_bar(song);
    fflush(stdout);
    if (show == SHOW_LIVE) {
      wait_until(begin + (bar + 1U) * 240.0 / wish->bpm);
    }
  }
  watch_free(song->watch);
  song->watch = NULL;
  return true;
}

/// End the song, and look whether the laws held.  False without any note.
static bool
end_song(Recital* const song)
{
  Trouble      trouble = {""};
  const Status st      = recital_end(song, &trouble);
  if (st) {
    complain("%s", trouble.text);
  }
  char* const log = host_log(song->host);
  if (log && *log) {
    printf("\nThe plugin says:\n%s", log);
  }
  free(log);
  if (!song->n_notes && st != STATUS_NO_MEM) {
    complain("The plugin played no note; see what it says.");
  }
  return song->n_notes;
}

// What is left behind ---------------------------------------------------------

static Status
write_sound(const uint32_t    rate_hz,
            const char* const midi_path,
            const char* const path,
            Trouble* const    trouble)
{
  Loudness     loudness = {0.0, 0.0, 0.0, 0U};
  const double begin    = seconds_now();
  Status       st       = sound_render(midi_path, path, rate_hz, trouble);
  st                    = st ? st : sound_measure(path, &loudness, trouble);
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
write_song(const Wish* const wish, const Recital* const song)
{
  Trouble           trouble                 = {""};
  char              paths[3][MAX_PATH + 16] = {"", "", ""};
  const char* const names[] = {"song.mid", "song.wav", "song.png"};
  for (size_t i = 0U; i < 3U; ++i) {
    snprintf(paths[i], sizeof(paths[i]), "%s/%s", wish->output, names[i]);
  }

  printf("\n");
  Status st = recital_write_midi(song, paths[0], &trouble);
  if (!st) {
    printf("  %s  (%zu notes)\n", paths[0], song->n_notes);
    st = recital_write_picture(song, 1.0, paths[2], &trouble);
  }
  if (!st) {
    printf("  %s\n", paths[2]);
    fflush(stdout);
    st = wish->has_audio
           ? write_sound(wish->song.rate_hz, paths[0], paths[1], &trouble)
           : STATUS_SUCCESS;
  }
  if (st) {
    complain("%s", trouble.text);
  }
  return !st;
}

/// By bank, for people
static void
list_presets(const Host* const host)
{
  const char* last = "";
  for (size_t i = 0U; i < host_n_presets(host); ++i) {
    const char* const bank = host_preset_bank(host, i);
    if (strcmp(bank, last) != 0) {
      printf("%s%s\n", i ? "\n" : "", bank);
      last = bank;
    }
    printf("  %s\n", host_preset_label(host, i));
  }
}

static void
list_controls(const Host* const host)
{
  for (uint32_t i = 0U; i < host_n_controls(host); ++i) {
    printf("  %s\n", host_control(host, i).symbol);
  }
}

/// What there is to choose from, on a plugin that is as it comes
static Status
list(const Wish* const wish, void (*say)(const Host*), Trouble* const trouble)
{
  RecitalWish plain = wish->song;
  Recital     song;
  plain.preset     = NULL;
  plain.n_settings = 0U;
  const Status st  = recital_open(&song, &plain, trouble);
  if (!st) {
    say(song.host);
  }
  recital_close(&song);
  return st;
}

/// Say why a song was not opened, and what would have been possible
static void
explain(const Wish* const wish, const Status st, const char* const why)
{
  complain("%s", why);
  if (wish->song.preset && st == STATUS_NO_FILE) {
    (void)list(wish, list_presets, NULL);
  } else if (wish->song.n_settings && st == STATUS_BAD_ARG) {
    (void)list(wish, list_controls, NULL);
  }
}

static int
demonstrate(const Wish* const wish)
{
  const RecitalWish* const asked = &wish->song;
  Recital                  song;
  int                      status  = 2;
  Trouble                  trouble = {""};
  const Status             st      = recital_open(&song, asked, &trouble);
  if (st) {
    explain(wish, st, trouble.text); // It leaves no folder
  } else if (cli_make_folders(wish->output, &trouble)) {
    complain("%s.", trouble.text);
  } else {
    printf("Perpetuo plays %u bars at %g bpm: <%s>, %s%s, seed %u\n",
           asked->n_bars,
           asked->bpm,
           asked->uri,
           asked->preset ? "preset " : "its own settings",
           asked->preset ? asked->preset : "",
           song.mix.seed);
    const double begin = seconds_now();
    bool         ok    = true;
    if (wish->show == SHOW_LINES) {
      play_song(&song);
    } else {
      ok = show_song(&song, wish->show);
    }
    const double seconds = seconds_now() - begin;
    status = ok && end_song(&song) && write_song(wish, &song) ? 0 : 1;
    const double music = asked->n_bars * 240.0 / asked->bpm;
    printf("\n%u bars, %.1f s of music, were played in %.2f s (%.0f times as "
           "fast as they sound).\n",
           asked->n_bars,
           music,
           seconds,
           music / seconds);
  }
  recital_close(&song);
  return status;
}

int
main(const int n_args, char** const args)
{
  Wish    wish;
  Trouble trouble = {""};
  int     status  = 0;
  if (!read_options(n_args, args, &wish, &status)) {
    return status;
  }
  if (!wish.song.preset || strcmp(wish.song.preset, "list") != 0) {
    return demonstrate(&wish);
  }
  if (list(&wish, list_presets, &trouble)) {
    complain("%s", trouble.text);
    return 2;
  }
  return 0;
}
