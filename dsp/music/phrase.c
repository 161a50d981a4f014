// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "music/phrase.h"

void
phrase_init(Phrase* const  phrase,
            const uint32_t n_bars,
            const uint32_t bar_ticks)
{
  phrase->n_notes    = 0U;
  phrase->n_bars     = n_bars < 1U                ? 1U
                       : n_bars > PHRASE_MAX_BARS ? PHRASE_MAX_BARS
                                                  : n_bars;
  phrase->bar_ticks  = bar_ticks;
  phrase->score      = 0.0f;
  phrase->n_tries    = 0U;
  phrase->n_rejected = 0U;
  phrase->n_scores   = 0U;
  phrase->section    = 0U;
  phrase->energy     = 0U;
  for (uint32_t i = 0U; i < PHRASE_MAX_BARS; ++i) {
    phrase->fill[i] = 0U;
  }
}

static uint32_t
end_tick(const Phrase* const phrase)
{
  return phrase->n_bars * phrase->bar_ticks;
}

bool
phrase_add(Phrase* const phrase, const Note note)
{
  if (phrase->n_notes >= PHRASE_MAX_NOTES || note.tick >= end_tick(phrase) ||
      note.key >= N_KEYS) {
    return false;
  }

  Note* const n = &phrase->notes[phrase->n_notes++];
  *n            = note;
  n->length     = note.length ? note.length : 1U;
  n->velocity   = note.velocity < 1U     ? 1U
                  : note.velocity > 127U ? 127U
                                         : note.velocity;
  return true;
}

static bool
is_before(const Note a, const Note b)
{
  return a.tick != b.tick ? a.tick < b.tick : a.key < b.key;
}

/// Insertion keeps the order of equals, and notes come nearly sorted
static void
sort(Note* const notes, const uint32_t n_notes)
{
  for (uint32_t i = 1U; i < n_notes; ++i) {
    const Note note = notes[i];
    uint32_t   j    = i;
    for (; j && is_before(note, notes[j - 1U]); --j) {
      notes[j] = notes[j - 1U];
    }
    notes[j] = note;
  }
}

/// Of notes with the same tick and key keep one: the louder, and the longer
static uint32_t
merge_twins(Note* const notes, const uint32_t n_notes)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const Note  note = notes[i];
    Note* const last = n ? &notes[n - 1U] : notes;
    if (n && last->tick == note.tick && last->key == note.key) {
      last->length = note.length > last->length ? note.length : last->length;
      last->velocity =
        note.velocity > last->velocity ? note.velocity : last->velocity;
    } else {
      notes[n++] = note;
    }
  }
  return n;
}

void
phrase_finish(Phrase* const phrase)
{
  sort(phrase->notes, phrase->n_notes);
  phrase->n_notes = merge_twins(phrase->notes, phrase->n_notes);

  // From the end: where the next onset of each key is
  uint32_t next[N_KEYS];
  for (uint32_t key = 0U; key < N_KEYS; ++key) {
    next[key] = end_tick(phrase);
  }
  for (uint32_t i = phrase->n_notes; i-- > 0U;) {
    Note* const    note = &phrase->notes[i];
    const uint32_t room = next[note->key] - note->tick;
    note->length        = note->length > room ? room : note->length;
    next[note->key]     = note->tick;
  }
}

uint32_t
phrase_find(const Phrase* const phrase, const uint32_t tick)
{
  uint32_t begin = 0U;
  uint32_t end   = phrase->n_notes;
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2U;
    if (phrase->notes[middle].tick < tick) {
      begin = middle + 1U;
    } else {
      end = middle;
    }
  }
  return begin;
}
