// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A phrase: the finished notes of one part over 1 to 8 bars.

   A plain value of fixed size that the audio side lends to the worker.  Notes
   are sorted by tick, then key.  A note starts inside the phrase, and the
   onsets of a bar depend on nothing but that bar's half-open span of ticks.
*/
#ifndef PERPETUO_MUSIC_PHRASE_H
#define PERPETUO_MUSIC_PHRASE_H

#include "base/attributes.h"
#include "music/note.h"

#include <stdbool.h>
#include <stdint.h>

#define PHRASE_MAX_NOTES 640U
#define PHRASE_MAX_BARS 8U

/// Candidates whose scores are remembered: four rounds of sixteen
#define PHRASE_MAX_TRIES 64U

/// In place of a candidate's score
enum {
  SCORE_REFUSED = -1, ///< No phrase at all, or just what it was to differ from
  SCORE_QUOTE   = -2  ///< It quotes what the models learned from
};

typedef struct {
  uint32_t n_notes;
  uint32_t n_bars;     ///< 1 .. PHRASE_MAX_BARS
  uint32_t bar_ticks;  ///< Length of each bar
  float    score;      ///< What the gate gave it, 0 .. 1
  uint32_t n_tries;    ///< Candidates looked at until it was chosen
  uint32_t n_rejected; ///< Of these, how many the gate or the guard refused
  uint32_t n_scores;   ///< Of these, whose scores are remembered
  int16_t  scores[PHRASE_MAX_TRIES]; ///< What the gate gave each, thousandths;
                                     ///< or why it was refused
  uint8_t section;                   ///< A SectionKind, of its first bar
  uint8_t energy;                    ///< Of it, 0 .. 100
  uint8_t fill[PHRASE_MAX_BARS];     ///< A Fill for each bar
  Note    notes[PHRASE_MAX_NOTES];
} Phrase;

/// Make `phrase` an empty one of that size.  Thread: any.
void
phrase_init(Phrase* phrase, uint32_t n_bars, uint32_t bar_ticks);

/// Append a note, in any order; false when it is full or starts outside.
/// Thread: worker, tools.
bool
phrase_add(Phrase* phrase, Note note);

/// Sort the notes, cut what rings on into the next onset of its own key, and
/// cut what rings past the end of the phrase.  Thread: worker, tools.
void
phrase_finish(Phrase* phrase);

/// The first note at or after `tick`: an index in 0 .. n_notes.  Bounded by
/// the logarithm of n_notes.
REALTIME uint32_t
phrase_find(const Phrase* phrase, uint32_t tick);

#endif // PERPETUO_MUSIC_PHRASE_H
