// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/sound.h"

#include <dirent.h>
#include <math.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PATH 512U

#define FIRST_GAIN 0.2   ///< Leaves room for whatever is played
#define MOST_GAIN 10.0   ///< What FluidSynth takes
#define PEAK_DBFS (-1.0) ///< Of what is left behind

extern char** environ;

static bool
has_ending(const char* const name, const char* const ending)
{
  const size_t n_name   = strlen(name);
  const size_t n_ending = strlen(ending);
  return n_name > n_ending && !strcasecmp(name + n_name - n_ending, ending);
}

/// The first font of a folder by name, so that it is always the same one
static bool
find_in_folder(const char* const folder, char* const path)
{
  char       best[256] = "";
  DIR* const dir       = opendir(folder);
  if (!dir) {
    return false;
  }
  for (const struct dirent* entry = NULL; (entry = readdir(dir));) {
    const bool is_font =
      has_ending(entry->d_name, ".sf2") || has_ending(entry->d_name, ".sf3");
    if (is_font && strlen(entry->d_name) < sizeof(best) &&
        (!best[0] || strcmp(entry->d_name, best) < 0)) {
      strcpy(best, entry->d_name);
    }
  }
  closedir(dir);
  const int n = snprintf(path, MAX_PATH, "%s/%s", folder, best);
  return best[0] && n > 0 && (unsigned)n < MAX_PATH;
}

Status
sound_find_font(char* const path, Trouble* const trouble)
{
  static const char* const known[] = {
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/sounds/sf3/default-GM.sf3",
  };
  static const char* const folders[] = {
    "/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts"};

  for (size_t i = 0U; i < sizeof(known) / sizeof(known[0]); ++i) {
    if (!access(known[i], R_OK)) {
      strcpy(path, known[i]);
      return STATUS_SUCCESS;
    }
  }
  for (size_t i = 0U; i < sizeof(folders) / sizeof(folders[0]); ++i) {
    if (find_in_folder(folders[i], path)) {
      return STATUS_SUCCESS;
    }
  }
  return trouble_say(trouble,
                     STATUS_NO_FILE,
                     "There is no General MIDI sound font in "
                     "/usr/share/sounds: install the package "
                     "timgm6mb-soundfont or fluid-soundfont-gm.");
}

/// Run a program without its chatter.  Its exit status; 127 when there is none.
static int
run_quietly(const char* const* const words)
{
  posix_spawn_file_actions_t actions;
  pid_t                      child  = 0;
  int                        status = 0;
  if (posix_spawn_file_actions_init(&actions)) {
    return -1;
  }
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
  const int error = posix_spawnp(
    &child, words[0], &actions, NULL, (char* const*)(size_t)words, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error) {
    return 127;
  }
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
    return -1;
  }
  return WEXITSTATUS(status);
}

static uint32_t
little(const uint8_t* const bytes, const unsigned n)
{
  uint32_t value = 0U;
  for (unsigned i = 0U; i < n; ++i) {
    value |= (uint32_t)bytes[i] << (8U * i);
  }
  return value;
}

/// Read up to the samples.  False when it is no WAV of 16 bits.
static bool
read_header(FILE* const     file,
            uint32_t* const n_channels,
            uint32_t* const rate_hz,
            uint32_t* const n_bytes)
{
  uint8_t head[16];
  if (fread(head, 1U, 12U, file) != 12U || memcmp(head, "RIFF", 4U) ||
      memcmp(head + 8, "WAVE", 4U)) {
    return false;
  }
  bool is_known = false;
  while (fread(head, 1U, 8U, file) == 8U) {
    const uint32_t size = little(head + 4, 4U);
    if (!memcmp(head, "data", 4U)) {
      *n_bytes = size;
      return is_known;
    }
    uint32_t n_read = 0U;
    if (!memcmp(head, "fmt ", 4U)) {
      if (size < 16U || fread(head, 1U, 16U, file) != 16U) {
        return false;
      }
      n_read      = 16U;
      *n_channels = little(head + 2, 2U);
      *rate_hz    = little(head + 4, 4U);
      is_known    = little(head + 14, 2U) == 16U && *n_channels && *rate_hz;
    }
    if (fseek(file, (long)(size - n_read + (size & 1U)), SEEK_CUR)) {
      return false;
    }
  }
  return false;
}

/// Measure `n_bytes` of samples, or what there is of them
static Loudness
measure(FILE* const    file,
        const uint32_t n_bytes,
        const uint32_t n_channels,
        const uint32_t rate_hz)
{
  uint8_t  bytes[8192];
  double   squares   = 0.0;
  int32_t  peak      = 0;
  uint64_t n_samples = 0U;
  uint64_t n_clipped = 0U;
  uint32_t left      = n_bytes;

  while (left) {
    const size_t wanted = left < sizeof(bytes) ? left : sizeof(bytes);
    const size_t n      = fread(bytes, 1U, wanted, file) / 2U;
    for (size_t i = 0U; i < n; ++i) {
      const int32_t raw    = (int32_t)little(bytes + 2U * i, 2U);
      const int32_t sample = raw < 32768 ? raw : raw - 65536;
      const int32_t size   = sample < 0 ? -sample : sample;
      peak                 = size > peak ? size : peak;
      n_clipped += size >= 32767;
      squares += (double)sample * sample;
    }
    n_samples += n;
    left = n * 2U == wanted ? left - (uint32_t)wanted : 0U;
  }

  const double   rms      = n_samples ? sqrt(squares / (double)n_samples) : 0.0;
  const Loudness loudness = {(double)n_samples / n_channels / rate_hz,
                             20.0 * log10(peak / 32768.0),
                             20.0 * log10(rms / 32768.0),
                             n_clipped};
  return loudness;
}

Status
sound_measure(const char* const wav_path,
              Loudness* const   loudness,
              Trouble* const    trouble)
{
  uint32_t    n_channels = 0U;
  uint32_t    rate_hz    = 0U;
  uint32_t    n_bytes    = 0U;
  FILE* const file       = fopen(wav_path, "rb");
  if (!file) {
    return trouble_say(trouble, STATUS_NO_FILE, "%s cannot be read.", wav_path);
  }
  const bool ok = read_header(file, &n_channels, &rate_hz, &n_bytes);
  if (ok) {
    *loudness = measure(file, n_bytes, n_channels, rate_hz);
  }
  fclose(file);
  return ok ? STATUS_SUCCESS
            : trouble_say(trouble,
                          STATUS_BAD_FILE,
                          "%s is no WAV file of 16-bit samples.",
                          wav_path);
}

/// Let FluidSynth play at a gain
static Status
play(const char* const midi_path,
     const char* const wav_path,
     const char* const font,
     const uint32_t    rate_hz,
     const double      gain,
     Trouble* const    trouble)
{
  char rate[16];
  char loud[16];
  snprintf(rate, sizeof(rate), "%u", rate_hz);
  snprintf(loud, sizeof(loud), "%.4f", gain);
  const char* const words[] = {"fluidsynth",
                               "-n",
                               "-i",
                               "-q",
                               "-g",
                               loud,
                               "-r",
                               rate,
                               "-T",
                               "wav",
                               "-O",
                               "s16",
                               "-F",
                               wav_path,
                               font,
                               midi_path,
                               NULL};
  (void)unlink(wav_path);
  const int status = run_quietly(words);
  if (status == 127) {
    return trouble_say(trouble,
                       STATUS_NO_FILE,
                       "The program fluidsynth is missing: install the "
                       "package fluidsynth.");
  }
  return status || access(wav_path, R_OK)
           ? trouble_say(trouble,
                         STATUS_NO_WRITE,
                         "fluidsynth ended with status %d and no %s.",
                         status,
                         wav_path)
           : STATUS_SUCCESS;
}

Status
sound_render(const char* const midi_path,
             const char* const wav_path,
             const uint32_t    rate_hz,
             Trouble* const    trouble)
{
  char     font[MAX_PATH];
  Loudness first = {0.0, 0.0, 0.0, 0U};
  Status   st    = sound_find_font(font, trouble);
  if (!st) {
    st = play(midi_path, wav_path, font, rate_hz, FIRST_GAIN, trouble);
  }
  st = st ? st : sound_measure(wav_path, &first, trouble);
  if (st || !isfinite(first.peak_dbfs)) {
    return st;
  }

  // A synthesiser is linear: what is missing now is missing by that factor
  const double factor = pow(10.0, (PEAK_DBFS - first.peak_dbfs) / 20.0);
  const double gain   = fmin(FIRST_GAIN * factor, MOST_GAIN);
  return play(midi_path, wav_path, font, rate_hz, gain, trouble);
}
