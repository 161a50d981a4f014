// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/key.h"

#include <math.h>
#include <string.h>

/// How much a signature's accidentals count, in units of correlation
#define SIGNATURE_BONUS 0.15

/// And the mode, where it is stated as minor (major is said of everything)
#define MINOR_BONUS 0.10

/// By major, minor; relative to the tonic
static const double profiles[2][N_PITCH_CLASSES] = {
  {6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
  {6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17}};

typedef struct {
  const char* name;
  int8_t      mode;
} ModeRow;

static const ModeRow modes[] = {{"major", 1},
                                {"ionian", 1},
                                {"lydian", 1},
                                {"mixolydian", 1},
                                {"minor", -1},
                                {"aeolian", -1},
                                {"dorian", -1},
                                {"phrygian", -1},
                                {"locrian", -1}};

/// The mode that a text names after the word "mode", or 0
static int8_t
mode_in_text(const char* const text)
{
  const char* const word = strstr(text, "mode");
  if (!word) {
    return 0;
  }

  const char* const name = word + 4 + strspn(word + 4, ": ");
  for (size_t i = 0U; i < sizeof(modes) / sizeof(modes[0]); ++i) {
    if (!strncmp(name, modes[i].name, strlen(modes[i].name))) {
      return modes[i].mode;
    }
  }
  return 0;
}

KeyHint
key_hint(const MidiSong* const song, const uint32_t begin, const uint32_t end)
{
  KeyHint hint        = {false, 0, false, false, 0};
  bool    is_engraved = false;
  for (uint32_t i = 0U; i < song->n_texts; ++i) {
    const char* const text = song->texts[i].text;
    is_engraved            = is_engraved || strstr(text, "LilyPond");
    hint.mode              = hint.mode ? hint.mode : mode_in_text(text);
  }

  // The last signature before the beginning counts, else the first one after
  for (uint32_t i = 0U; i < song->n_keys; ++i) {
    const MidiKey* const key = &song->keys[i];
    if (key->tick <= begin || (!hint.has_signature && key->tick < end)) {
      hint.has_signature = true;
      hint.n_sharps      = key->n_sharps;
      hint.is_minor      = key->is_minor;
    }
  }
  hint.is_trusted = hint.has_signature && (hint.mode || is_engraved);
  return hint;
}

static int8_t
signature_tonic(const KeyHint* const hint, const bool is_minor)
{
  return (int8_t)((hint->n_sharps * 7 + 84 + (is_minor ? 9 : 0)) % 12);
}

static double
correlation(const double* const weights,
            const double* const profile,
            unsigned            tonic)
{
  double mean_w = 0.0;
  double mean_p = 0.0;
  for (unsigned i = 0U; i < N_PITCH_CLASSES; ++i) {
    mean_w += weights[i] / N_PITCH_CLASSES;
    mean_p += profile[i] / N_PITCH_CLASSES;
  }

  double ww = 0.0;
  double pp = 0.0;
  double wp = 0.0;
  for (unsigned i = 0U; i < N_PITCH_CLASSES; ++i) {
    const double w = weights[(i + tonic) % N_PITCH_CLASSES] - mean_w;
    const double p = profile[i] - mean_p;
    ww += w * w;
    pp += p * p;
    wp += w * p;
  }
  return ww > 0.0 ? wp / sqrt(ww * pp) : 0.0;
}

Key
key_find(const double* const weights, const KeyHint* const hint)
{
  if (hint->is_trusted) {
    const int8_t mode = hint->mode ? hint->mode : hint->is_minor ? -1 : 1;
    return (Key){signature_tonic(hint, hint->is_minor), mode, true};
  }

  Key    best  = {0, 0, false};
  double score = 0.0;
  for (unsigned minor = 0U; minor < 2U; ++minor) {
    for (unsigned tonic = 0U; tonic < N_PITCH_CLASSES; ++tonic) {
      double fit = correlation(weights, profiles[minor], tonic);
      if (hint->has_signature && (hint->n_sharps || hint->is_minor) &&
          (int)tonic == signature_tonic(hint, minor != 0U)) {
        fit += SIGNATURE_BONUS;
        fit += minor && hint->is_minor ? MINOR_BONUS : 0.0;
      }
      if (fit > score) {
        score = fit;
        best  = (Key){(int8_t)tonic, minor ? -1 : 1, false};
      }
    }
  }
  return best;
}
