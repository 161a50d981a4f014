// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What must hold for every phrase
#ifndef PERPETUO_TESTS_VALID_PHRASE_H
#define PERPETUO_TESTS_VALID_PHRASE_H

#include "music/phrase.h"
#include "music/scale.h"

#include <stdbool.h>
#include <string.h>

/// Onsets inside and sorted by tick, then key; lengths of at least 1 and not
/// past the end; no key struck while it sounds; a score, and counts that agree
static inline bool
phrase_is_valid(const Phrase* const phrase)
{
  const uint32_t end           = phrase->n_bars * phrase->bar_ticks;
  uint32_t       until[N_KEYS] = {0U};
  for (uint32_t i = 0U; i < phrase->n_notes; ++i) {
    const Note* const note = &phrase->notes[i];
    const Note* const last = i ? note - 1 : NULL;
    if (note->tick >= end || !note->length || note->length > end - note->tick ||
        note->key >= N_KEYS || !note->velocity || note->velocity > 127U ||
        note->tick < until[note->key]) {
      return false;
    }
    if (last && (last->tick > note->tick ||
                 (last->tick == note->tick && last->key >= note->key))) {
      return false;
    }
    until[note->key] = note->tick + note->length;
  }
  for (uint32_t i = 0U; i < phrase->n_scores; ++i) {
    if (i >= PHRASE_MAX_TRIES || phrase->scores[i] < SCORE_QUOTE ||
        phrase->scores[i] > 1000) {
      return false;
    }
  }
  return phrase->n_scores <= phrase->n_tries && phrase->energy <= 100U &&
         phrase->n_bars && phrase->n_bars <= PHRASE_MAX_BARS &&
         phrase->n_notes <= PHRASE_MAX_NOTES && phrase->score >= 0.0f &&
         phrase->score <= 1.0f && phrase->n_rejected <= phrase->n_tries;
}

/// One note at a time
static inline bool
phrase_is_monophonic(const Phrase* const phrase)
{
  for (uint32_t i = 1U; i < phrase->n_notes; ++i) {
    const Note* const last = &phrase->notes[i - 1U];
    if (last->tick + last->length > phrase->notes[i].tick) {
      return false;
    }
  }
  return true;
}

/// Every note is of the scale on that key
static inline bool
phrase_is_in(const Phrase* const phrase, const Scale scale, const unsigned key)
{
  for (uint32_t i = 0U; i < phrase->n_notes; ++i) {
    const unsigned pitch = (phrase->notes[i].key + 12U - key % 12U) % 12U;
    if (!((scale_pitches(scale) >> pitch) & 1U)) {
      return false;
    }
  }
  return true;
}

/// Notes and verdict, all alike
static inline bool
phrase_is_same(const Phrase* const a, const Phrase* const b)
{
  if (a->n_notes != b->n_notes || a->n_bars != b->n_bars ||
      a->bar_ticks != b->bar_ticks || a->n_tries != b->n_tries ||
      a->n_rejected != b->n_rejected || a->n_scores != b->n_scores ||
      memcmp(a->scores, b->scores, a->n_scores * sizeof(a->scores[0])) != 0 ||
      memcmp(&a->score, &b->score, sizeof(a->score)) != 0) {
    return false;
  }
  for (uint32_t i = 0U; i < a->n_notes; ++i) {
    const Note* const x = &a->notes[i];
    const Note* const y = &b->notes[i];
    if (x->tick != y->tick || x->length != y->length || x->key != y->key ||
        x->velocity != y->velocity) {
      return false;
    }
  }
  return true;
}

/// Where in the song they stand, too
static inline bool
phrase_is_twin(const Phrase* const a, const Phrase* const b)
{
  return phrase_is_same(a, b) && a->section == b->section &&
         a->energy == b->energy && !memcmp(a->fill, b->fill, sizeof(a->fill));
}

#endif // PERPETUO_TESTS_VALID_PHRASE_H
