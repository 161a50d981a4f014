// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/together.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

#define MIN_NOTES 4U ///< Of a melody in a phrase
#define MIN_HITS 8U  ///< Of drums in a phrase

typedef struct {
  uint32_t i_take;
  uint64_t onsets; ///< Bit s: the melody has an onset at step s of the phrase
  uint64_t hits;   ///< Bit s: there is a drum hit
} Phrase;

_Static_assert(PHRASE_STEPS == 64U, "A phrase has as many steps as bits");

static uint32_t
count_bits(uint64_t bits)
{
  uint32_t n = 0U;
  for (; bits; bits &= bits - 1U) {
    ++n;
  }
  return n;
}

/// Look at a phrase.  @return Whether it has both parts.
static bool
read_phrase(const Take* const take, const uint32_t i, Phrase* const phrase)
{
  const TakeLine* const line    = &take->line[0];
  const uint32_t        begin   = i * PHRASE_STEPS;
  uint32_t              n_notes = 0U;
  uint32_t              n_hits  = 0U;
  const uint32_t        note =
    take_notes_within(line, begin, begin + PHRASE_STEPS, &n_notes);
  const uint32_t hit =
    take_hits_within(take, begin, begin + PHRASE_STEPS, &n_hits);
  phrase->onsets = phrase->hits = 0U;
  for (uint32_t k = 0U; k < n_notes; ++k) {
    phrase->onsets |= UINT64_C(1) << (line->notes[note + k].step - begin);
  }
  for (uint32_t k = 0U; k < n_hits; ++k) {
    phrase->hits |= UINT64_C(1) << (take->hits[hit + k].step - begin);
  }
  return n_notes >= MIN_NOTES && n_hits >= MIN_HITS;
}

static uint32_t
list_phrases(const TakeSet* const set, Phrase* const phrases)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    const Take* const take = &set->takes[i];
    for (uint32_t k = 0U; take->n_lines && k < take->n_bars / PHRASE_BARS;
         ++k) {
      phrases[n].i_take = i;
      n += read_phrase(take, k, &phrases[n]);
    }
  }
  return n;
}

static double
agreement(const uint64_t onsets, const uint64_t hits)
{
  return (double)count_bits(onsets & hits) / count_bits(onsets);
}

/// Mean agreement of a phrase's melody with drums of others; below 0 when
/// there are none
static double
among_strangers(const Phrase* const phrases,
                const uint32_t      n,
                const uint32_t      i,
                const uint64_t      key)
{
  const bool is_one_take = phrases[0].i_take == phrases[n - 1U].i_take;
  double     sum         = 0.0;
  uint32_t   n_met       = 0U;
  for (uint32_t k = 0U; k < TOGETHER_STRANGERS; ++k) {
    const uint32_t other = rng_below(key, k, n);
    if (other != i &&
        (is_one_take || phrases[other].i_take != phrases[i].i_take)) {
      sum += agreement(phrases[i].onsets, phrases[other].hits);
      ++n_met;
    }
  }
  return n_met ? sum / n_met : -1.0;
}

Status
together_measure(const TakeSet* const set,
                 const uint64_t       key,
                 Together* const      together)
{
  size_t room = 1U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    room += set->takes[i].n_bars / PHRASE_BARS;
  }
  Phrase* const phrases = (Phrase*)calloc(room, sizeof(Phrase));
  if (!phrases) {
    return STATUS_NO_MEM;
  }

  const uint32_t n     = list_phrases(set, phrases);
  double         own   = 0.0;
  double         other = 0.0;
  uint32_t       n_met = 0U;
  for (uint32_t i = 0U; i < n; ++i) {
    const double strange = among_strangers(phrases, n, i, rng_key(key, i));
    if (strange >= 0.0) {
      own += agreement(phrases[i].onsets, phrases[i].hits);
      other += strange;
      ++n_met;
    }
  }
  together->n_phrases = n;
  together->own       = n_met ? own / n_met : (double)NAN;
  together->strangers = n_met ? other / n_met : (double)NAN;
  free(phrases);
  return STATUS_SUCCESS;
}
