// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/baselines.h"

#include "base/rng.h"
#include "music/drum_map.h"
#include "music/scale.h"
#include "tools/judge/chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_STEPS (BASELINE_BARS * BAR_STEPS)
#define LOWEST_PITCH (-3) ///< Of random notes; up to two octaves above
#define N_PITCHES 25U
#define MAX_GAP 64U ///< Longer ones count as this, steps
#define PITCH_ROOM 128
#define PLAIN_VELOCITY 90U

const char*
baseline_name(const Baseline baseline)
{
  static const char* const names[N_BASELINES] = {
    "random", "Markov 1", "Markov 3"};
  return names[baseline];
}

/// How often things happen in the source
typedef struct {
  double onset;              ///< Melody onsets in a step
  double hit[N_DRUM_VOICES]; ///< Hits in a step, by voice
  double minor;              ///< Share of pieces that are not in major
  bool   has_part[N_PARTS];
} Habits;

static Habits
learn_habits(const TakeSet* const source)
{
  Habits   habits           = {0.0, {0.0}, 0.0, {false, false}};
  double   n_steps[N_PARTS] = {0.0, 0.0};
  uint32_t n_minor          = 0U;
  for (uint32_t i = 0U; i < source->n_takes; ++i) {
    const Take* const take  = &source->takes[i];
    const double      steps = (double)take->n_bars * BAR_STEPS;
    n_minor += take->mode < 0;
    if (take->n_lines) {
      habits.onset += take->line[0].n_notes;
      n_steps[PART_MELODY] += steps;
    }
    for (uint32_t k = 0U; k < take->n_hits; ++k) {
      habits.hit[take->hits[k].voice] += 1.0;
    }
    n_steps[PART_DRUMS] += take->n_hits ? steps : 0.0;
  }

  for (uint32_t part = 0U; part < N_PARTS; ++part) {
    habits.has_part[part] = n_steps[part] > 0.0;
  }
  habits.onset /= habits.has_part[PART_MELODY] ? n_steps[PART_MELODY] : 1.0;
  for (uint32_t v = 0U; v < N_DRUM_VOICES; ++v) {
    habits.hit[v] /= habits.has_part[PART_DRUMS] ? n_steps[PART_DRUMS] : 1.0;
  }
  habits.minor = source->n_takes ? (double)n_minor / source->n_takes : 0.0;
  return habits;
}

static bool
happens(const uint64_t key, const uint32_t i, const double probability)
{
  return rng_u32(key, i) < probability * 4294967296.0;
}

/// A piece with room for all its notes, without any
static Status
blank_take(const Habits* const habits,
           const char* const   name,
           const uint32_t      i,
           Take* const         take)
{
  memset(take, 0, sizeof(*take));
  snprintf(take->name, sizeof(take->name), "%s %u", name, i + 1U);
  take->style         = -1;
  take->n_bars        = BASELINE_BARS;
  take->n_lines       = habits->has_part[PART_MELODY];
  take->line[0].notes = (TakeNote*)calloc(N_STEPS + 1U, sizeof(TakeNote));
  take->hits =
    (TakeHit*)calloc((size_t)N_STEPS * N_DRUM_VOICES + 1U, sizeof(TakeHit));
  if (!take->line[0].notes || !take->hits) {
    take_clear(take);
    return STATUS_NO_MEM;
  }
  return STATUS_SUCCESS;
}

static void
add_note(TakeLine* const line, const TakeNote note)
{
  if (note.step < N_STEPS) {
    line->notes[line->n_notes++] = note;
  }
}

/// A pitch of the scale, all as likely
static int
random_pitch(const uint64_t key, const uint32_t i, const Scale scale)
{
  int      pitches[N_PITCHES];
  uint32_t n = 0U;
  for (int pitch = LOWEST_PITCH; pitch < LOWEST_PITCH + (int)N_PITCHES;
       ++pitch) {
    if (scale_pitches(scale) >> (unsigned)((pitch + 12) % 12) & 1U) {
      pitches[n++] = pitch;
    }
  }
  return pitches[rng_below(key, i, n)];
}

static void
fill_random(const Habits* const habits, const uint64_t key, Take* const take)
{
  TakeLine* const line  = &take->line[0];
  const bool      minor = happens(key, 0U, habits->minor);
  const Scale     scale = minor ? SCALE_NATURAL_MINOR : SCALE_MAJOR;
  const uint64_t  when  = rng_key(key, 1U);
  const uint64_t  what  = rng_key(key, 2U);
  const uint64_t  drum  = rng_key(key, 3U);
  take->mode            = minor ? -1 : 1;
  for (uint32_t step = 0U; step < N_STEPS; ++step) {
    if (happens(when, step, habits->onset)) {
      if (line->n_notes) {
        TakeNote* const last = &line->notes[line->n_notes - 1U];
        last->length         = step - last->step;
      }
      add_note(line, (TakeNote){step, 1U, random_pitch(what, step, scale)});
    }
    for (uint32_t v = 0U; v < N_DRUM_VOICES; ++v) {
      if (happens(drum, step * N_DRUM_VOICES + v, habits->hit[v])) {
        take->hits[take->n_hits++] =
          (TakeHit){step, (uint8_t)v, PLAIN_VELOCITY, 0.0};
      }
    }
  }
}

/// The source as words, and where each word is from
typedef struct {
  uint32_t         n;
  uint16_t*        words;
  const TakeNote** note; ///< Of a melody: the note
  const Take**     take; ///< Of drums: the take
  uint32_t*        step; ///< Of drums: the step
  Chain*           chain;
} Text;

static void
clear_text(Text* const text)
{
  chain_free(text->chain);
  free(text->step);
  free(text->take);
  free(text->note);
  free(text->words);
}

static Status
make_text(Text* const text, const size_t room)
{
  memset(text, 0, sizeof(*text));
  text->words = (uint16_t*)calloc(room + 1U, sizeof(uint16_t));
  text->note  = (const TakeNote**)calloc(room + 1U, sizeof(TakeNote*));
  text->take  = (const Take**)calloc(room + 1U, sizeof(Take*));
  text->step  = (uint32_t*)calloc(room + 1U, sizeof(uint32_t));
  return text->words && text->note && text->take && text->step ? STATUS_SUCCESS
                                                               : STATUS_NO_MEM;
}

static uint32_t
gap_after(const TakeNote* const note)
{
  const uint32_t gap = note[1].step - note[0].step;
  return gap < MAX_GAP ? gap : MAX_GAP;
}

/// First lines as words of pitch and onset to onset; the last note is dropped
static Status
read_melodies(const TakeSet* const source, Text* const text)
{
  size_t room = 0U;
  for (uint32_t i = 0U; i < source->n_takes; ++i) {
    room += source->takes[i].line[0].n_notes + 1U;
  }
  const Status st = make_text(text, room);
  for (uint32_t i = 0U; !st && i < source->n_takes; ++i) {
    const TakeLine* const line = &source->takes[i].line[0];
    for (uint32_t k = 0U; k + 1U < line->n_notes; ++k) {
      const TakeNote* const note = &line->notes[k];
      text->words[text->n] =
        (uint16_t)((uint32_t)(note->pitch + PITCH_ROOM) * (MAX_GAP + 1U) +
                   gap_after(note));
      text->note[text->n++] = note;
    }
    text->words[text->n++] = CHAIN_END;
  }
  return st;
}

/// Drums as words of the voices that are hit in a step
static Status
read_drums(const TakeSet* const source, Text* const text)
{
  size_t room = 0U;
  for (uint32_t i = 0U; i < source->n_takes; ++i) {
    const Take* const take = &source->takes[i];
    room += take->n_hits ? (size_t)take->n_bars * BAR_STEPS + 1U : 0U;
  }
  const Status st = make_text(text, room);
  for (uint32_t i = 0U; !st && i < source->n_takes; ++i) {
    const Take* const take = &source->takes[i];
    uint32_t          hit  = 0U;
    for (uint32_t s = 0U; take->n_hits && s < take->n_bars * BAR_STEPS; ++s) {
      uint32_t voices = 0U;
      for (; hit < take->n_hits && take->hits[hit].step == s; ++hit) {
        voices |= 1U << take->hits[hit].voice;
      }
      text->words[text->n]  = (uint16_t)(voices + 1U);
      text->take[text->n]   = take;
      text->step[text->n++] = s;
    }
    if (take->n_hits) {
      text->words[text->n++] = CHAIN_END;
    }
  }
  return st;
}

/// Where one stands in a text that is being made up
typedef struct {
  const Text* text;
  uint64_t    key;
  uint32_t    i;
  uint16_t    last[CHAIN_MAX_ORDER];
} Walk;

/// The next place, from a beginning where nothing follows; CHAIN_NONE only
/// when the text is empty
static uint32_t
walk_on(Walk* const walk)
{
  const Chain* const chain = walk->text->chain;
  uint32_t place = chain_next(chain, walk->last, rng_u32(walk->key, walk->i++));
  if (place == CHAIN_NONE) {
    memset(walk->last, 0, sizeof(walk->last));
    place = chain_next(chain, walk->last, rng_u32(walk->key, walk->i++));
  }
  if (place != CHAIN_NONE) {
    walk->last[0] = walk->last[1];
    walk->last[1] = walk->last[2];
    walk->last[2] = walk->text->words[place];
  }
  return place;
}

static void
walk_melody(const Text* const text, const uint64_t key, TakeLine* const line)
{
  Walk     walk = {text, key, 0U, {CHAIN_END, CHAIN_END, CHAIN_END}};
  uint32_t step = 0U;
  while (step < N_STEPS) {
    const uint32_t place = walk_on(&walk);
    if (place == CHAIN_NONE) {
      return;
    }
    const TakeNote* const from = text->note[place];
    const uint32_t        gap  = gap_after(from);
    add_note(
      line,
      (TakeNote){step, from->length < gap ? from->length : gap, from->pitch});
    step += gap;
  }
}

static void
walk_drums(const Text* const text, const uint64_t key, Take* const take)
{
  Walk walk = {text, key, 0U, {CHAIN_END, CHAIN_END, CHAIN_END}};
  for (uint32_t step = 0U; step < N_STEPS; ++step) {
    const uint32_t place = walk_on(&walk);
    if (place == CHAIN_NONE) {
      return;
    }
    const Take* const from = text->take[place];
    const uint32_t    at   = text->step[place];
    uint32_t          n    = 0U;
    const uint32_t    i    = take_hits_within(from, at, at + 1U, &n);
    for (uint32_t k = i; k < i + n; ++k) {
      take->hits[take->n_hits]        = from->hits[k];
      take->hits[take->n_hits++].step = step;
    }
  }
}

/// What a Markov chain needs of both parts
static Status
learn_texts(const TakeSet* const source,
            const uint32_t       order,
            Text                 texts[N_PARTS])
{
  Status st = read_melodies(source, &texts[PART_MELODY]);
  st        = st ? st : read_drums(source, &texts[PART_DRUMS]);
  for (uint32_t part = 0U; !st && part < N_PARTS; ++part) {
    Text* const text = &texts[part];
    st               = chain_new(text->words, text->n, order, &text->chain);
  }
  return st;
}

Status
baseline_make(const TakeSet* const source,
              const Baseline       baseline,
              const uint32_t       n_takes,
              const uint64_t       key,
              TakeSet* const       set)
{
  static const uint32_t orders[N_BASELINES] = {0U, 1U, 3U};

  const Habits habits = learn_habits(source);
  TakeSet      fresh  = {0U, 0U, NULL};
  Text         texts[N_PARTS];
  memset(texts, 0, sizeof(texts));
  Status st = orders[baseline] ? learn_texts(source, orders[baseline], texts)
                               : STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < n_takes; ++i) {
    const uint64_t own = rng_key(key, i);
    Take           take;
    st = blank_take(&habits, baseline_name(baseline), i, &take);
    if (!st) {
      if (orders[baseline]) {
        walk_melody(&texts[PART_MELODY], rng_key(own, 0U), &take.line[0]);
        walk_drums(&texts[PART_DRUMS], rng_key(own, 1U), &take);
      } else {
        fill_random(&habits, own, &take);
      }
      st = takes_add(&fresh, &take);
      if (st) {
        take_clear(&take);
      }
    }
  }
  for (uint32_t part = 0U; part < N_PARTS; ++part) {
    clear_text(&texts[part]);
  }
  if (st) {
    takes_clear(&fresh);
  } else {
    *set = fresh;
  }
  return st;
}
