// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/takes.h"

#include "music/metre.h"
#include "midi/midi_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRIDS_PER_STEP (GRIDS_PER_QUARTER / BEAT_STEPS)
#define MAX_PATH_BYTES 4096U
#define PLAIN_BPM 120.0

void
take_clear(Take* const take)
{
  for (uint32_t i = 0U; i < TAKE_LINES; ++i) {
    free(take->line[i].notes);
  }
  free(take->hits);
}

void
takes_clear(TakeSet* const set)
{
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    take_clear(&set->takes[i]);
  }
  free(set->takes);
  memset(set, 0, sizeof(*set));
}

Status
takes_add(TakeSet* const set, const Take* const take)
{
  if (set->n_takes == set->room) {
    const uint32_t room = set->room ? set->room * 2U : 64U;
    Take* const    more = (Take*)realloc(set->takes, room * sizeof(Take));
    if (!more) {
      return STATUS_NO_MEM;
    }
    set->takes = more;
    set->room  = room;
  }
  set->takes[set->n_takes++] = *take;
  return STATUS_SUCCESS;
}

/// The step that is nearest; halfway between two it is the later one
static uint32_t
step_of(const uint32_t grid)
{
  return (grid + GRIDS_PER_STEP / 2U) / GRIDS_PER_STEP;
}

/// A melody on the steps.  Of two notes that meet at a step, the longer stays.
static Status
read_melody(const Line* const line, TakeLine* const to)
{
  TakeNote* const notes =
    (TakeNote*)malloc((line->n_notes + 1U) * sizeof(TakeNote));
  if (!notes) {
    return STATUS_NO_MEM;
  }

  uint32_t n = 0U;
  for (uint32_t i = 0U; i < line->n_notes; ++i) {
    const GridNote* const from   = &line->notes[i];
    const uint32_t        step   = step_of(from->grid);
    const uint32_t        length = step_of(from->length);
    const TakeNote        note   = {step, length ? length : 1U, from->pitch};
    if (n && notes[n - 1U].step == step) {
      notes[n - 1U] = length > notes[n - 1U].length ? note : notes[n - 1U];
    } else {
      notes[n++] = note;
    }
  }
  for (uint32_t i = 0U; i + 1U < n; ++i) {
    const uint32_t gap = notes[i + 1U].step - notes[i].step;
    notes[i].length    = notes[i].length < gap ? notes[i].length : gap;
  }
  to->n_notes = n;
  to->notes   = notes;
  return STATUS_SUCCESS;
}

/// The first tempo of a piece's file
static double
find_bpm(const char* const folder, const char* const path)
{
  char      full[MAX_PATH_BYTES];
  MidiSong* song = NULL;
  double    bpm  = PLAIN_BPM;
  if (folder &&
      snprintf(full, sizeof(full), "%s/%s", folder, path) < (int)sizeof(full) &&
      !midi_file_load(full, &song, NULL)) {
    if (song->n_tempos) {
      bpm = 60e6 / (double)song->tempos[0].us_per_quarter;
    }
    midi_song_free(song);
  }
  return bpm;
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

/// Drums on the steps.  Of twins the louder stays.
static Status
read_drums(const Line* const line, const double bpm, Take* const take)
{
  TakeHit* const hits =
    (TakeHit*)malloc((line->n_notes + 1U) * sizeof(TakeHit));
  if (!hits) {
    return STATUS_NO_MEM;
  }

  const double tick_ms = 60e3 / (bpm * TICKS_PER_QUARTER);
  for (uint32_t i = 0U; i < line->n_notes; ++i) {
    const GridNote* const from = &line->notes[i];
    hits[i]                    = (TakeHit){step_of(from->grid),
                                           (uint8_t)from->pitch,
                                           from->velocity,
                                           from->lean * tick_ms};
  }
  qsort(hits, line->n_notes, sizeof(TakeHit), compare_hits);

  uint32_t n = 0U;
  for (uint32_t i = 0U; i < line->n_notes; ++i) {
    if (!n || hits[n - 1U].step != hits[i].step ||
        hits[n - 1U].voice != hits[i].voice) {
      hits[n++] = hits[i];
    }
  }
  take->n_hits = n;
  take->hits   = hits;
  return STATUS_SUCCESS;
}

static Status
read_take(const Piece* const piece, const char* const folder, Take* const take)
{
  Status st = STATUS_SUCCESS;
  memset(take, 0, sizeof(*take));
  snprintf(take->name, sizeof(take->name), "%s", piece->path);
  take->style  = piece->style;
  take->mode   = piece->mode;
  take->n_bars = piece->n_bars;
  for (uint32_t i = 0U; !st && i < piece->n_lines; ++i) {
    const Line* const line = &piece->lines[i];
    if (line->part == PART_DRUMS && !take->hits) {
      st = read_drums(line, find_bpm(folder, piece->path), take);
    } else if (line->part == PART_MELODY && take->n_lines < TAKE_LINES) {
      st = read_melody(line, &take->line[take->n_lines++]);
    }
  }
  return st;
}

static bool
is_wanted(const Piece* const piece, const TakeFilter* const filter)
{
  const bool is_of_split =
    filter->split == ANY_SPLIT || filter->split == (int)piece->split;
  const bool is_of_style =
    filter->styles == ANY_STYLE ||
    (piece->style >= 0 && (filter->styles >> (unsigned)piece->style & 1U));
  return is_of_split && is_of_style &&
         (!filter->is_in_four ||
          metre_bar_grids(piece->metre) == BAR_STEPS * GRIDS_PER_STEP);
}

Status
takes_read(const Corpus* const     corpus,
           const TakeFilter* const filter,
           TakeSet* const          set)
{
  TakeSet fresh = {0U, 0U, NULL};
  Status  st    = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < corpus->n_pieces; ++i) {
    if (is_wanted(&corpus->pieces[i], filter)) {
      Take take;
      st = read_take(&corpus->pieces[i], filter->folder, &take);
      st = st ? st : takes_add(&fresh, &take);
      if (st) {
        take_clear(&take);
      }
    }
  }
  if (st) {
    takes_clear(&fresh);
  } else {
    *set = fresh;
  }
  return st;
}

Status
takes_lend_more(const TakeSet* const all, const int style, TakeSet* const lent)
{
  Status st = STATUS_SUCCESS;
  for (uint32_t i = 0U; !st && i < all->n_takes; ++i) {
    if (all->takes[i].style == style) {
      st = takes_add(lent, &all->takes[i]);
    }
  }
  return st;
}

Status
takes_lend(const TakeSet* const all, const int style, TakeSet* const lent)
{
  memset(lent, 0, sizeof(*lent));
  return takes_lend_more(all, style, lent);
}

void
takes_give_back(TakeSet* const lent)
{
  free(lent->takes);
  memset(lent, 0, sizeof(*lent));
}

/// The first of `n` things with a step that is not below `step`
static uint32_t
lower_bound(const uint32_t* const first_step,
            const size_t          stride,
            const uint32_t        n,
            const uint32_t        step)
{
  uint32_t low  = 0U;
  uint32_t high = n;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2U;
    const uint32_t at =
      *(const uint32_t*)((const char*)first_step + middle * stride);
    if (at < step) {
      low = middle + 1U;
    } else {
      high = middle;
    }
  }
  return low;
}

uint32_t
take_notes_within(const TakeLine* const line,
                  const uint32_t        begin,
                  const uint32_t        end,
                  uint32_t* const       n_notes)
{
  const uint32_t  n     = line->n_notes;
  const uint32_t* steps = n ? &line->notes->step : NULL;
  const uint32_t  first = lower_bound(steps, sizeof(TakeNote), n, begin);
  *n_notes              = lower_bound(steps, sizeof(TakeNote), n, end) - first;
  return first;
}

uint32_t
take_hits_within(const Take* const take,
                 const uint32_t    begin,
                 const uint32_t    end,
                 uint32_t* const   n_hits)
{
  const uint32_t  n     = take->n_hits;
  const uint32_t* steps = n ? &take->hits->step : NULL;
  const uint32_t  first = lower_bound(steps, sizeof(TakeHit), n, begin);
  *n_hits               = lower_bound(steps, sizeof(TakeHit), n, end) - first;
  return first;
}
