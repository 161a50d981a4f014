// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/spoil.h"

#include "base/rng.h"
#include "music/drum_map.h"
#include "music/scale.h"

#define SIXTEENTH (GRIDS_PER_QUARTER / 4U)

/// Lengths of notes of no sense, in sixteenths
#define MAX_NOISE_LENGTH 4U

static uint32_t
end_grid(const Spoil* const spoil)
{
  return spoil->n_bars * spoil->bar_grids;
}

static bool
is_before(const GridNote* const a, const GridNote* const b)
{
  return a->grid != b->grid ? a->grid < b->grid : a->pitch < b->pitch;
}

static void
sort(Sketch* const sketch)
{
  for (uint32_t i = 1U; i < sketch->n_notes; ++i) {
    const GridNote note = sketch->notes[i];
    uint32_t       k    = i;
    for (; k && is_before(&note, &sketch->notes[k - 1U]); --k) {
      sketch->notes[k] = sketch->notes[k - 1U];
    }
    sketch->notes[k] = note;
  }
}

void
spoil_bars(const Spoil* const spoil, Sketch* const to)
{
  uint32_t place[PHRASE_MAX_BARS];
  for (uint32_t i = 0U; i < spoil->n_bars; ++i) {
    place[i] = i;
  }
  for (uint32_t i = spoil->n_bars; i > 1U; --i) {
    const uint32_t k    = rng_below(spoil->key, i, i);
    const uint32_t kept = place[i - 1U];
    place[i - 1U]       = place[k];
    place[k]            = kept;
  }

  to->n_notes = 0U;
  for (uint32_t i = 0U; i < spoil->sketch->n_notes; ++i) {
    GridNote       note = spoil->sketch->notes[i];
    const uint32_t bar  = note.grid / spoil->bar_grids;
    note.grid = note.grid % spoil->bar_grids + place[bar] * spoil->bar_grids;
    (void)sketch_add(to, note, end_grid(spoil));
  }
  sort(to);
}

/// The lowest and highest pitch, and some room
static void
find_range(const Sketch* const sketch, int* const low, int* const high)
{
  *low  = MELODY_MAX_PITCH;
  *high = MELODY_MIN_PITCH;
  for (uint32_t i = 0U; i < sketch->n_notes; ++i) {
    const int pitch = sketch->notes[i].pitch;
    *low            = pitch < *low ? pitch : *low;
    *high           = pitch > *high ? pitch : *high;
  }
  *low  = *low - 3 > MELODY_MIN_PITCH ? *low - 3 : MELODY_MIN_PITCH;
  *high = *high + 3 < MELODY_MAX_PITCH - 1 ? *high + 3 : MELODY_MAX_PITCH - 1;
}

static int8_t
random_pitch(const Spoil* const spoil,
             const uint32_t     i,
             const int          low,
             const int          high)
{
  if (spoil->part == PART_DRUMS) {
    return (int8_t)rng_below(spoil->key, i, N_DRUM_VOICES);
  }
  const Scale scale = spoil->mode < 0 ? SCALE_NATURAL_MINOR : SCALE_MAJOR;
  const int   n     = high > low ? high - low + 1 : 1;
  const int   pitch = low + (int)rng_below(spoil->key, i, (uint32_t)n);
  return (int8_t)scale_snap(scale, pitch);
}

void
spoil_pitches(const Spoil* const spoil, Sketch* const to)
{
  int low  = 0;
  int high = 0;
  find_range(spoil->sketch, &low, &high);
  *to = *spoil->sketch;
  for (uint32_t i = 0U; i < to->n_notes; ++i) {
    to->notes[i].pitch = random_pitch(spoil, i, low, high);
  }
  sort(to);
}

void
spoil_rhythm(const Spoil* const spoil, Sketch* const to)
{
  const uint32_t n_places =
    spoil->bar_grids / SIXTEENTH ? spoil->bar_grids / SIXTEENTH : 1U;
  *to = *spoil->sketch;
  for (uint32_t i = 0U; i < to->n_notes; ++i) {
    GridNote* const note = &to->notes[i];
    note->grid -= note->grid % spoil->bar_grids;
    note->grid += SIXTEENTH * rng_below(spoil->key, 2U * i, n_places);
    note->length =
      (uint16_t)(SIXTEENTH + SIXTEENTH * rng_below(spoil->key,
                                                   2U * i + 1U,
                                                   MAX_NOISE_LENGTH));
  }
  sort(to);
}

/// By how many semitones: 1 .. 6, up or down
static int
transposition(const uint64_t key)
{
  const int by = 1 + (int)rng_below(key, 0U, 6U);
  return rng_below(key, 1U, 2U) ? by : -by;
}

static int8_t
transposed(const int pitch, const int by)
{
  const int p = pitch + by;
  return (int8_t)(p > MELODY_MAX_PITCH   ? p - 12
                  : p < MELODY_MIN_PITCH ? p + 12
                                         : p);
}

void
spoil_half(const Spoil* const spoil, Sketch* const to)
{
  const uint32_t half  = end_grid(spoil) / 2U;
  const uint32_t shift = SIXTEENTH * (1U + rng_below(spoil->key, 0U, 3U));
  const int      by    = transposition(spoil->key);
  *to                  = *spoil->sketch;
  for (uint32_t i = 0U; i < to->n_notes; ++i) {
    GridNote* const note = &to->notes[i];
    if (note->grid >= half && spoil->part == PART_MELODY) {
      note->pitch = transposed(note->pitch, by);
    } else if (note->grid >= half) {
      const uint32_t place = note->grid % spoil->bar_grids;
      note->grid += (place + shift) % spoil->bar_grids - place;
    }
  }
  sort(to);
}

void
spoil_all(const Spoil* const spoil, Sketch* const to)
{
  const uint32_t n_parts = spoil->n_bars > 1U ? spoil->n_bars : 2U;
  const uint32_t length  = end_grid(spoil) / n_parts;
  const uint32_t n_grids = length / SIXTEENTH ? length / SIXTEENTH : 1U;
  const uint32_t mean    = (spoil->sketch->n_notes + n_parts / 2U) / n_parts;
  const uint32_t n       = mean ? mean : 1U;

  int low  = 0;
  int high = 0;
  find_range(spoil->sketch, &low, &high);
  to->n_notes = 0U;
  for (uint32_t part = 0U; part < n_parts; ++part) {
    for (uint32_t i = 0U; i < n; ++i) {
      const uint64_t key  = rng_key(spoil->key, i);
      const GridNote note = {
        part * length + SIXTEENTH * rng_below(key, 0U, n_grids),
        (uint16_t)(SIXTEENTH +
                   SIXTEENTH * rng_below(key, 1U, MAX_NOISE_LENGTH)),
        random_pitch(spoil, 1000U + i, low, high),
        (uint8_t)(40U + rng_below(key, 2U, 80U)),
        0};
      (void)sketch_add(to, note, end_grid(spoil));
    }
  }
  sort(to);
}
