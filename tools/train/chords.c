// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/chords.h"

#include "music/scale.h"

#include <stdbool.h>

#define N_CLASSES 12

/// Less of a half bar than this is silence
#define LEAST_SOUND 0.2

/// What a note counts that is not of the chord, and one that is the bass of it
#define FOREIGN (-0.7)
#define ROOT_IN_BASS 0.6

/// A chord all of whose notes are of the key is this much likelier; a
/// diminished one that much less, for its notes are most of a seventh chord
#define OF_THE_KEY 0.15
#define DIMINISHED (-0.15)

/// By how much of what sounds a half bar's own chord must be better
#define CLEARLY 0.15

/// A note shorter than this share of half a bar is not its bass
#define LEAST_BASS 0.12

static double
shorter(const double a, const double b)
{
  return a < b ? a : b;
}

static double
longer(const double a, const double b)
{
  return a > b ? a : b;
}

static void
hear(ChordEvidence* const slot, const uint8_t key, const double share)
{
  slot->weight[key % N_CLASSES] += share;
  if (share >= LEAST_BASS && (!slot->lowest || key + 1U < slot->lowest)) {
    slot->lowest = (uint8_t)(key + 1U);
  }
}

void
chords_listen(const Stretch* const  stretch,
              const double          half_ticks,
              const MidiNote* const notes,
              const uint32_t        n_notes,
              ChordEvidence* const  slots,
              const uint32_t        n_slots)
{
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const double begin = (double)(notes[i].tick - stretch->begin) / half_ticks;
    const double end   = begin + (double)notes[i].length / half_ticks;
    for (uint32_t k = (uint32_t)begin; k < n_slots && (double)k < end; ++k) {
      hear(&slots[k],
           notes[i].key,
           shorter(end, (double)k + 1.0) - longer(begin, (double)k));
    }
  }
}

static double
sum_of(const ChordEvidence* const slot)
{
  double sum = 0.0;
  for (unsigned p = 0U; p < N_CLASSES; ++p) {
    sum += slot->weight[p];
  }
  return sum;
}

/// What a chord is counted from, and what is of the key
typedef struct {
  int      tonic;
  uint32_t pitches; ///< Relative to the tonic
} Home;

/// How well a chord fits what is heard, relative to how much is heard
static double
fit(const ChordEvidence* const slot, const Home* const home, const Chord chord)
{
  const uint32_t pitches = chord_pitches(chord);
  const double   sum     = sum_of(slot);
  double         score   = 0.0;
  for (int p = 0; p < N_CLASSES; ++p) {
    const bool is_in = (pitches >> (unsigned)p) & 1U;
    score +=
      slot->weight[(p + home->tonic) % N_CLASSES] * (is_in ? 1.0 : FOREIGN);
  }
  const int root = ((int)chord_root(chord) + home->tonic) % N_CLASSES;
  score /= sum > 0.0 ? sum : 1.0;
  score +=
    slot->lowest && (slot->lowest - 1) % N_CLASSES == root ? ROOT_IN_BASS : 0.0;
  score += pitches & ~home->pitches ? 0.0 : OF_THE_KEY;
  return score + ((chord - 1) % (int)N_CHORD_KINDS == (int)CHORD_DIMINISHED
                    ? DIMINISHED
                    : 0.0);
}

static Chord
best_chord(const ChordEvidence* const slot, const Home* const home)
{
  Chord  best = CHORD_UNKNOWN;
  double most = 0.0;
  for (Chord chord = 1U; chord < N_CHORDS; ++chord) {
    const double score = fit(slot, home, chord);
    if (!best || score > most) {
      best = chord;
      most = score;
    }
  }
  return best;
}

static ChordEvidence
both(const ChordEvidence* const first, const ChordEvidence* const second)
{
  ChordEvidence all = *first;
  for (unsigned p = 0U; p < N_CLASSES; ++p) {
    all.weight[p] += second->weight[p];
  }
  all.lowest = first->lowest ? first->lowest : second->lowest;
  return all;
}

void
chords_find(const ChordEvidence* const slots,
            const uint32_t             n_slots,
            const int                  tonic,
            const int                  mode,
            Chord* const               chords)
{
  const Home home = {tonic,
                     scale_pitches(mode < 0   ? SCALE_NATURAL_MINOR
                                   : mode > 0 ? SCALE_MAJOR
                                              : SCALE_FREE)};
  for (uint32_t i = 0U; i < n_slots; ++i) {
    const uint32_t      first = i - i % CHORDS_PER_BAR;
    const uint32_t      last  = first + 1U < n_slots ? first + 1U : first;
    const ChordEvidence bar   = both(&slots[first], &slots[last]);
    const bool          heard = sum_of(&slots[i]) >= LEAST_SOUND;
    const Chord whole = sum_of(&bar) >= LEAST_SOUND ? best_chord(&bar, &home)
                                                    : (Chord)CHORD_UNKNOWN;
    const Chord own   = heard ? best_chord(&slots[i], &home) : whole;
    const bool  other = heard && fit(&slots[i], &home, own) >
                                  fit(&slots[i], &home, whole) + CLEARLY;
    chords[i] = other ? own : whole;
  }
}
