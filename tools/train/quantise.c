// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/quantise.h"

#include "music/drum_map.h"
#include "music/metre.h"

#include <stdlib.h>

#define QUARTER ((int64_t)TICKS_PER_QUARTER)
#define GRID ((int64_t)TICKS_PER_GRID)

/// How far before a beat an onset still belongs to it
#define EARLY (QUARTER / 8)

#define MAX_LEAN 60
#define SIXTEENTH 6U
#define TRIPLET 8U
#define MAX_LENGTH ((uint32_t)UINT16_MAX)

/// A way to divide a beat: places in ticks, and the even grid they go to
typedef struct {
  uint32_t n_places;
  uint32_t step;      ///< Ticks between places
  bool     has_swing; ///< Every other place may be late
  uint8_t  grid[9];   ///< (n_places)
  int64_t  bias;      ///< Mean ticks of error that it must be better by
  int64_t  lone_bias; ///< The same for a beat with one onset only
} Division;

static const Division divisions[] = {
  {5U, 240U, true, {0U, 6U, 12U, 18U, 24U}, 0, 0},
  {4U, 320U, false, {0U, 8U, 16U, 24U}, 12, 36},
  {7U, 160U, false, {0U, 4U, 8U, 12U, 16U, 20U, 24U}, 40, 70},
  {9U, 120U, false, {0U, 2U, 6U, 8U, 12U, 14U, 18U, 20U, 24U}, 36, 70},
};

#define N_DIVISIONS (sizeof(divisions) / sizeof(divisions[0]))

/// Ticks of ours from the beginning of the stretch, rounded
static int64_t
fine_tick(const Stretch* const stretch, const uint32_t tick)
{
  const int64_t t       = (int64_t)tick - (int64_t)stretch->begin;
  const int64_t quarter = (int64_t)stretch->ticks_per_quarter;
  const int64_t doubled = t * 2 * QUARTER + (t < 0 ? -quarter : quarter);
  return doubled / (2 * quarter);
}

static int64_t
beat_of(const int64_t fine)
{
  return (fine + EARLY) / QUARTER;
}

/// Where a place is, with swing
static int64_t
place_tick(const Division* const division,
           const uint32_t        i,
           const int64_t         swing)
{
  const int64_t late = division->has_swing && i % 2U ? swing : 0;
  return (int64_t)(i * division->step) + late;
}

static int64_t
distance(const int64_t a, const int64_t b)
{
  return a > b ? a - b : b - a;
}

static uint32_t
nearest_place(const Division* const division,
              const int64_t         in_beat,
              const int64_t         swing)
{
  uint32_t best = 0U;
  for (uint32_t i = 1U; i < division->n_places; ++i) {
    if (distance(in_beat, place_tick(division, i, swing)) <
        distance(in_beat, place_tick(division, best, swing))) {
      best = i;
    }
  }
  return best;
}

/// The division that fits the onsets of one beat best
static const Division*
choose_division(const int64_t* const in_beat,
                const uint32_t       n,
                const int64_t        swing)
{
  const Division* best = divisions;
  int64_t         cost = INT64_MAX;
  for (size_t d = 0U; d < N_DIVISIONS; ++d) {
    const Division* const division = &divisions[d];
    int64_t error = (n == 1U ? division->lone_bias : division->bias) * n;
    for (uint32_t i = 0U; i < n; ++i) {
      const uint32_t place = nearest_place(division, in_beat[i], swing);
      error += distance(in_beat[i], place_tick(division, place, swing));
    }
    if (error < cost) {
      cost = error;
      best = division;
    }
  }
  return best;
}

/// Ticks after an eighth in which an onset may be a late sixteenth
#define OFF_BEGIN 192
#define OFF_END 352

/// Onsets that it takes to speak of swing, and how near to each other the most
/// of them must be
#define MIN_OFF_ONSETS 16U
#define SWING_SPREAD 40

/// How late the sixteenths between the eighths are, if they agree on that;
/// where there are triplets they do not
static int64_t
find_swing(const Stretch* const  stretch,
           const MidiNote* const notes,
           const uint32_t        n_notes)
{
  uint32_t count[QUARTER / 2] = {0U};
  uint32_t n                  = 0U; // Onsets that are on no eighth
  uint32_t n_off              = 0U; // Of these, possible late sixteenths
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const int64_t place = fine_tick(stretch, notes[i].tick) % (QUARTER / 2);
    ++count[place];
    n += place >= QUARTER / 12 && place < QUARTER * 5 / 12;
    n_off += place >= OFF_BEGIN && place < OFF_END;
  }
  if (n_off < MIN_OFF_ONSETS || n_off * 4U < n * 3U) {
    return 0;
  }

  // Their median, and how many are near it
  uint32_t n_below = 0U;
  int64_t  median  = OFF_BEGIN;
  while ((n_below += count[median]) * 2U < n_off) {
    ++median;
  }
  uint32_t n_near = 0U;
  for (int64_t k = median - SWING_SPREAD; k <= median + SWING_SPREAD; ++k) {
    n_near += k >= OFF_BEGIN && k < OFF_END ? count[k] : 0U;
  }
  const int64_t swing = median - QUARTER / 4;
  return n_near * 4U >= n_off * 3U && swing > 0 ? swing : 0;
}

/// Moments of one beat that are looked at; more than that are let be
#define MAX_MOMENTS 64U

/// The different moments among onsets of a beat: a chord counts once
static uint32_t
list_moments(const Stretch* const  stretch,
             const MidiNote* const notes,
             const uint32_t        n_notes,
             const int64_t         beat,
             int64_t* const        in_beat)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < n_notes && n < MAX_MOMENTS; ++i) {
    const int64_t place = fine_tick(stretch, notes[i].tick) - beat * QUARTER;
    if (!n || place > in_beat[n - 1U] + GRID / 2) {
      in_beat[n++] = place;
    }
  }
  return n;
}

void
quantise_onsets(const Stretch* const  stretch,
                const MidiNote* const notes,
                const uint32_t        n_notes,
                uint32_t* const       grid,
                int8_t* const         lean)
{
  const int64_t swing = find_swing(stretch, notes, n_notes);
  uint32_t      n     = 0U;
  for (uint32_t i = 0U; i < n_notes; i += n) {
    const int64_t beat = beat_of(fine_tick(stretch, notes[i].tick));
    n                  = 1U;
    while (i + n < n_notes &&
           beat_of(fine_tick(stretch, notes[i + n].tick)) == beat) {
      ++n;
    }

    int64_t        in_beat[MAX_MOMENTS];
    const uint32_t n_moments =
      list_moments(stretch, notes + i, n, beat, in_beat);
    const Division* const division = choose_division(in_beat, n_moments, swing);
    for (uint32_t k = i; k < i + n; ++k) {
      const int64_t  place = fine_tick(stretch, notes[k].tick) - beat * QUARTER;
      const uint32_t i_place = nearest_place(division, place, swing);
      const int64_t  left    = place - GRID * division->grid[i_place];
      grid[k] = (uint32_t)beat * GRIDS_PER_QUARTER + division->grid[i_place];
      lean[k] = (int8_t)(left < -MAX_LEAN  ? -MAX_LEAN
                         : left > MAX_LEAN ? MAX_LEAN
                                           : left);
    }
  }
}

/// An onset on the grid with what it came from
typedef struct {
  uint32_t grid;
  uint32_t end;  ///< Grid steps, rounded
  int      rank; ///< Of several at one moment the highest is kept
  GridNote note;
} Event;

static int
compare_events(const void* const a, const void* const b)
{
  const Event* const x = (const Event*)a;
  const Event* const y = (const Event*)b;
  return x->grid != y->grid ? (x->grid > y->grid) - (x->grid < y->grid)
                            : (x->rank > y->rank) - (x->rank < y->rank);
}

static uint32_t
nearest_multiple(const uint32_t value, const uint32_t step)
{
  return (value + step / 2U) / step * step;
}

/// Length of a note at `grid`, with `gap` to the next one
static uint16_t
fit_length(const uint32_t grid, const uint32_t length, const uint32_t gap)
{
  if (length + SIXTEENTH > gap) {
    return (uint16_t)(gap > MAX_LENGTH ? MAX_LENGTH : gap);
  }

  // In whole sixteenths, among triplets in theirs
  const uint32_t step  = grid % SIXTEENTH ? TRIPLET : SIXTEENTH;
  const uint32_t whole = nearest_multiple(length, step);
  const uint32_t least = whole < step ? step : whole;
  return (uint16_t)(least > gap          ? gap
                    : least > MAX_LENGTH ? MAX_LENGTH
                                         : least);
}

/// Whether a lower note is only part of the texture under a high one
static bool
is_under(const Event* const event, const Event* const top)
{
  return event->note.pitch < top->note.pitch &&
         top->end >= event->grid + SIXTEENTH;
}

/// Keep one event of each moment, and in place of chords their highest notes
static uint32_t
skyline(Event* const event, const uint32_t n_events, const bool is_chordal)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < n_events; ++i) {
    if (i + 1U < n_events && event[i + 1U].grid == event[i].grid) {
      continue; // A higher one follows
    }
    if (!is_chordal || !n || !is_under(&event[i], &event[n - 1U])) {
      event[n++] = event[i];
    }
  }
  return n;
}

Status
quantise_melody(const Stretch* const  stretch,
                const MidiNote* const notes,
                const uint32_t        n_notes,
                const bool            is_chordal,
                GridNote* const       out,
                uint32_t* const       n_out)
{
  *n_out = 0U;
  if (!n_notes) {
    return STATUS_SUCCESS;
  }

  uint32_t* const grid  = (uint32_t*)malloc(n_notes * sizeof(uint32_t));
  int8_t* const   lean  = (int8_t*)malloc(n_notes);
  Event* const    event = (Event*)malloc(n_notes * sizeof(Event));
  if (!grid || !lean || !event) {
    free(event);
    free(lean);
    free(grid);
    return STATUS_NO_MEM;
  }

  quantise_onsets(stretch, notes, n_notes, grid, lean);
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const MidiNote* const note = &notes[i];
    const int64_t         end =
      (fine_tick(stretch, note->tick + note->length) + GRID / 2) / GRID;
    const uint32_t end_grid = end <= (int64_t)grid[i] + 2 ? grid[i] + 2U
                              : end < INT32_MAX           ? (uint32_t)end
                                                          : INT32_MAX;
    const bool     is_grace = end_grid - grid[i] < 4U;
    event[i]                = (Event){grid[i],
                                      end_grid,
                                      note->key - (is_grace ? 128 : 0),
                                      {grid[i], 0U, (int8_t)note->key, note->velocity, 0}};
  }
  qsort(event, n_notes, sizeof(Event), compare_events);

  const uint32_t n = skyline(event, n_notes, is_chordal);
  for (uint32_t i = 0U; i < n; ++i) {
    const uint32_t length = event[i].end - event[i].grid;
    const uint32_t gap =
      i + 1U < n ? event[i + 1U].grid - event[i].grid : UINT32_MAX;
    out[i]        = event[i].note;
    out[i].length = fit_length(event[i].grid, length, gap);
  }
  *n_out = n;
  free(event);
  free(lean);
  free(grid);
  return STATUS_SUCCESS;
}

static int
compare_hits(const void* const a, const void* const b)
{
  const GridNote* const x = (const GridNote*)a;
  const GridNote* const y = (const GridNote*)b;
  return x->grid != y->grid     ? (x->grid > y->grid) - (x->grid < y->grid)
         : x->pitch != y->pitch ? x->pitch - y->pitch
                                : y->velocity - x->velocity;
}

/// Take off the median lean: a whole take that is early or late says how it was
/// recorded, not how it was played
static void
centre_leans(GridNote* const notes, const uint32_t n_notes)
{
  uint32_t count[2 * MAX_LEAN + 1] = {0U};
  for (uint32_t i = 0U; i < n_notes; ++i) {
    ++count[notes[i].lean + MAX_LEAN];
  }

  int      median = -MAX_LEAN;
  uint32_t n      = count[0];
  while (n * 2U < n_notes) {
    ++median;
    n += count[median + MAX_LEAN];
  }
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const int lean = notes[i].lean - median;
    notes[i].lean  = (int8_t)(lean < -MAX_LEAN  ? -MAX_LEAN
                              : lean > MAX_LEAN ? MAX_LEAN
                                                : lean);
  }
}

Status
quantise_drums(const Stretch* const  stretch,
               const MidiNote* const notes,
               const uint32_t        n_notes,
               GridNote* const       out,
               uint32_t* const       n_out)
{
  *n_out = 0U;
  if (!n_notes) {
    return STATUS_SUCCESS;
  }

  uint32_t* const grid = (uint32_t*)malloc(n_notes * sizeof(uint32_t));
  int8_t* const   lean = (int8_t*)malloc(n_notes);
  if (!grid || !lean) {
    free(lean);
    free(grid);
    return STATUS_NO_MEM;
  }

  quantise_onsets(stretch, notes, n_notes, grid, lean);
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < n_notes; ++i) {
    const int voice = drum_map_voice(notes[i].key);
    if (voice >= 0) {
      out[n++] = (GridNote){
        grid[i], SIXTEENTH, (int8_t)voice, notes[i].velocity, lean[i]};
    }
  }
  free(lean);
  free(grid);
  centre_leans(out, n);
  qsort(out, n, sizeof(GridNote), compare_hits);

  // The loudest of twins comes first and stays
  uint32_t n_kept = 0U;
  for (uint32_t i = 0U; i < n; ++i) {
    const GridNote* const last = n_kept ? &out[n_kept - 1U] : NULL;
    if (!last || last->grid != out[i].grid || last->pitch != out[i].pitch) {
      out[n_kept++] = out[i];
    }
  }
  *n_out = n_kept;
  return STATUS_SUCCESS;
}
