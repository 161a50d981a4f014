// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/key.h"

#include <math.h>
#include <string.h>

/// How much a signature's accidentals count, in units of correlation
#define SIGNATURE_BONUS 0.3

/// And the mode, where it is stated as minor (major is said of everything)
#define MINOR_BONUS 0.1

/// How much the bass counts beside all notes, and its first and last note
#define BASS_SHARE 0.3
#define BASS_END_BONUS 0.05

/// Where only a few notes are used they say little about keys; the bass does
#define FEW_PITCHES 4U
#define FEW_BASS_BONUS 0.5

#define SILENT 255U

/// Texts that are looked at: what says the mode stands at the beginning
#define MAX_TEXTS 1000U

/// By major, minor; relative to the tonic: shares of all sounding time
static const double profiles[2][N_PITCH_CLASSES] = {
  {.203, .007, .113, .005, .151, .089, .015, .200, .010, .108, .009, .089},
  {.206, .021, .088, .162, .007, .106, .004, .173, .081, .021, .115, .016}};

/// Shares of the time in which it is the lowest
static const double bass_profiles[2][N_PITCH_CLASSES] = {
  {.263, .005, .099, .005, .107, .106, .010, .214, .007, .117, .010, .056},
  {.314, .028, .057, .107, .007, .134, .006, .100, .105, .011, .117, .015}};

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
  for (uint32_t i = 0U; i < song->n_texts && i < MAX_TEXTS; ++i) {
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

void
key_evidence_init(KeyEvidence* const evidence)
{
  for (unsigned i = 0U; i < N_PITCH_CLASSES; ++i) {
    evidence->weight[i] = 0.0;
  }
  memset(evidence->lowest, (int)SILENT, sizeof(evidence->lowest));
}

/// Ticks from one moment to the next: a half note, or more in long stretches
static uint32_t
moment_ticks(const Stretch* const stretch)
{
  const uint32_t half  = stretch->ticks_per_quarter * 2U;
  const uint32_t share = (stretch->end - stretch->begin) / KEY_MOMENTS + 1U;
  return half > share ? half : share;
}

void
key_evidence_add(KeyEvidence* const    evidence,
                 const Stretch* const  stretch,
                 const MidiNote* const notes,
                 const uint32_t        n_notes)
{
  // A held pedal counts as much as a whole note
  const uint32_t most = stretch->ticks_per_quarter * 4U;
  const uint32_t step = moment_ticks(stretch);
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const MidiNote* const note  = &notes[i];
    const uint32_t        begin = note->tick - stretch->begin;
    const uint32_t        end   = begin + note->length;
    evidence->weight[note->key % N_PITCH_CLASSES] +=
      (double)(note->length < most ? note->length : most);
    for (uint32_t k = begin / step; k < KEY_MOMENTS && k * step < end; ++k) {
      evidence->lowest[k] =
        note->key < evidence->lowest[k] ? note->key : evidence->lowest[k];
    }
  }
}

/// What the evidence says of the bass
typedef struct {
  double weight[N_PITCH_CLASSES];
  double n;     ///< Sum of them
  int    first; ///< Pitch class, or -1
  int    last;
} Bass;

static Bass
listen_to_bass(const KeyEvidence* const evidence)
{
  Bass bass = {{0.0}, 0.0, -1, -1};
  for (uint32_t i = 0U; i < KEY_MOMENTS; ++i) {
    if (evidence->lowest[i] != SILENT) {
      const int pitch_class = evidence->lowest[i] % (int)N_PITCH_CLASSES;
      bass.weight[pitch_class] += 1.0;
      bass.n += 1.0;
      bass.first = bass.first < 0 ? pitch_class : bass.first;
      bass.last  = pitch_class;
    }
  }
  return bass;
}

/// Number of pitch classes that are more than an ornament
static uint32_t
count_pitches(const KeyEvidence* const evidence)
{
  double sum = 0.0;
  for (unsigned i = 0U; i < N_PITCH_CLASSES; ++i) {
    sum += evidence->weight[i];
  }
  uint32_t n = 0U;
  for (unsigned i = 0U; i < N_PITCH_CLASSES; ++i) {
    n += evidence->weight[i] > 0.03 * sum;
  }
  return n;
}

Key
key_find(const KeyEvidence* const evidence, const KeyHint* const hint)
{
  if (hint->is_trusted) {
    const int8_t mode = hint->mode ? hint->mode : hint->is_minor ? -1 : 1;
    return (Key){signature_tonic(hint, hint->is_minor), mode, true};
  }

  const Bass bass  = listen_to_bass(evidence);
  const bool few   = count_pitches(evidence) <= FEW_PITCHES;
  Key        best  = {0, 0, false};
  double     score = 0.0;
  for (unsigned minor = 0U; minor < 2U && bass.first >= 0; ++minor) {
    for (unsigned tonic = 0U; tonic < N_PITCH_CLASSES; ++tonic) {
      double fit =
        correlation(evidence->weight, profiles[minor], tonic) +
        BASS_SHARE * correlation(bass.weight, bass_profiles[minor], tonic);
      fit += few ? FEW_BASS_BONUS * bass.weight[tonic] / bass.n : 0.0;
      fit += bass.first == (int)tonic ? BASS_END_BONUS : 0.0;
      fit += bass.last == (int)tonic ? BASS_END_BONUS : 0.0;
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
