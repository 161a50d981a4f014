// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/sweep/played.h"

#include "music/drum_map.h"
#include "music/scale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKS_PER_STEP (TICKS_PER_QUARTER / BEAT_STEPS)
#define TICKS_PER_TRIPLET (TICKS_PER_QUARTER / 3U)
#define PLAIN_BPM 120.0
#define MIDDLE_C 60

Status
played_begin(const Style style, const uint32_t n_phrases, Take* const take)
{
  const size_t room = (size_t)n_phrases * PHRASE_MAX_NOTES + 1U;
  memset(take, 0, sizeof(*take));
  snprintf(take->name, sizeof(take->name), "%s", style_row(style)->symbol);
  take->style         = (int)style;
  take->n_lines       = 1U;
  take->n_bars        = 0U;
  take->line[0].notes = (TakeNote*)calloc(room, sizeof(TakeNote));
  take->hits          = (TakeHit*)calloc(room, sizeof(TakeHit));
  if (!take->line[0].notes || !take->hits) {
    take_clear(take);
    return STATUS_NO_MEM;
  }
  return STATUS_SUCCESS;
}

static uint32_t
nearest(const uint32_t tick, const uint32_t unit)
{
  return (tick + unit / 2U) / unit;
}

/// How late a tick is on the grid of sixteenths and triplets, whichever is
/// nearer
static int
lateness(const uint32_t tick)
{
  const int straight =
    (int)tick - (int)(nearest(tick, TICKS_PER_STEP) * TICKS_PER_STEP);
  const int triplet =
    (int)tick - (int)(nearest(tick, TICKS_PER_TRIPLET) * TICKS_PER_TRIPLET);
  return abs(straight) <= abs(triplet) ? straight : triplet;
}

/// Of two notes that meet at a step, the longer stays, as where files are read
static void
add_note(TakeLine* const line, const TakeNote note)
{
  const uint32_t n = line->n_notes;
  if (!n || line->notes[n - 1U].step < note.step) {
    line->notes[line->n_notes++] = note;
  } else if (note.length > line->notes[n - 1U].length) {
    line->notes[n - 1U] = note;
  }
}

static void
add_melody(const Phrase* const phrase,
           const uint32_t      begin,
           const int           tonic,
           TakeLine* const     line)
{
  for (uint32_t i = 0U; i < phrase->n_notes; ++i) {
    const Note* const note   = &phrase->notes[i];
    const uint32_t    length = nearest(note->length, TICKS_PER_STEP);
    add_note(line,
             (TakeNote){begin + nearest(note->tick, TICKS_PER_STEP),
                        length ? length : 1U,
                        note->key - tonic});
  }
  for (uint32_t i = 0U; i + 1U < line->n_notes; ++i) {
    const uint32_t gap = line->notes[i + 1U].step - line->notes[i].step;
    line->notes[i].length =
      line->notes[i].length < gap ? line->notes[i].length : gap;
  }
}

static void
add_hits(const Phrase* const phrase, const uint32_t begin, Take* const take)
{
  const double tick_ms = 60e3 / (PLAIN_BPM * TICKS_PER_QUARTER);
  for (uint32_t i = 0U; i < phrase->n_notes; ++i) {
    const Note* const note  = &phrase->notes[i];
    const int         voice = drum_map_voice(note->key);
    if (voice >= 0) {
      take->hits[take->n_hits++] =
        (TakeHit){begin + nearest(note->tick, TICKS_PER_STEP),
                  (uint8_t)voice,
                  note->velocity,
                  lateness(note->tick) * tick_ms};
    }
  }
}

void
played_write(const Phrase* const phrase,
             const Part          part,
             const int           tonic,
             Take* const         take)
{
  const uint32_t begin = take->n_bars * BAR_STEPS;
  if (part == PART_MELODY) {
    add_melody(phrase, begin, tonic, &take->line[0]);
  } else {
    add_hits(phrase, begin, take);
  }
}

static int
compare_hits(const void* const a, const void* const b)
{
  const TakeHit* const x = (const TakeHit*)a;
  const TakeHit* const y = (const TakeHit*)b;
  return x->step != y->step     ? (x->step < y->step ? -1 : 1)
         : x->voice != y->voice ? (x->voice < y->voice ? -1 : 1)
                                : (int)y->velocity - (int)x->velocity;
}

void
played_end(Take* const take)
{
  uint32_t n = 0U;
  qsort(take->hits, take->n_hits, sizeof(TakeHit), compare_hits);
  for (uint32_t i = 0U; i < take->n_hits; ++i) {
    const TakeHit* const hit = &take->hits[i];
    if (!n || take->hits[n - 1U].step != hit->step ||
        take->hits[n - 1U].voice != hit->voice) {
      take->hits[n++] = *hit;
    }
  }
  take->n_hits = n;
}

void
played_count(const Phrase* const phrase,
             const Part          part,
             const Mix* const    mix,
             Sums* const         sums)
{
  const uint32_t pitches = scale_pitches((Scale)mix->scale);
  for (uint32_t i = 0U; i < phrase->n_notes; ++i) {
    const Note* const note = &phrase->notes[i];
    if (part == PART_MELODY) {
      sums->n_in_scale +=
        pitches >> ((note->key + 12U - mix->key % 12U) % 12U) & 1U;
      sums->pitches += note->key;
      ++sums->n_notes;
    } else {
      sums->velocities += note->velocity;
      ++sums->n_hits;
    }
  }
}

static void
compose(Composer* const  composer,
        const Mix* const mix,
        const Part       part,
        const uint32_t   i_phrase,
        Phrase* const    phrase)
{
  const Request request = {part, (int32_t)i_phrase, {4U, 4U}, 0U, *mix};
  composer_compose(composer, &request, phrase);
}

void
played_add(Composer* const  composer,
           const Mix* const mix,
           const uint32_t   i_phrase,
           Take* const      take)
{
  Phrase phrase;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    compose(composer, mix, (Part)part, i_phrase, &phrase);
    played_write(&phrase, (Part)part, MIDDLE_C + mix->key % 12, take);
  }
  take->n_bars += phrase.n_bars;
}

void
played_sum(Composer* const  composer,
           const Mix* const mix,
           const uint32_t   n_bars,
           const bool       has_drums,
           Sums* const      sums)
{
  Phrase phrase;
  memset(sums, 0, sizeof(*sums));
  for (uint32_t i = 0U; i < n_bars / mix->phrase_bars; ++i) {
    compose(composer, mix, PART_MELODY, i, &phrase);
    played_count(&phrase, PART_MELODY, mix, sums);
    if (has_drums) {
      compose(composer, mix, PART_DRUMS, i, &phrase);
      played_count(&phrase, PART_DRUMS, mix, sums);
    }
    sums->n_bars += mix->phrase_bars;
  }
}

Mix
played_mix(const Style style, const uint32_t seed)
{
  Mix mix;
  mix_init(&mix);
  memset(mix.style, 0, sizeof(mix.style));
  mix.style[style] = 100U;
  mix.seed         = seed;
  mix.form         = FORM_STEADY;
  return mix;
}
