// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/capture.h"

#include "music/note.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// The note that sounds for a channel and key: its index + 1, 0 for silence
typedef struct {
  size_t sounding[N_CHANNELS][N_KEYS];
} Keyboard;

bool
capture_add(Capture* const self, const CaptureEvent* const event)
{
  if (self->n_events == self->n_room) {
    const size_t        n_room = self->n_room ? self->n_room * 2U : 1024U;
    CaptureEvent* const events =
      (CaptureEvent*)realloc(self->events, n_room * sizeof(*events));
    if (!events) {
      return false;
    }
    self->events = events;
    self->n_room = n_room;
  }
  self->events[self->n_events++] = *event;
  return true;
}

void
capture_clear(Capture* const self)
{
  self->n_events = 0U;
}

void
capture_free(Capture* const self)
{
  free(self->events);
  memset(self, 0, sizeof(*self));
}

/// A note as its onset says, on the nearest tick
static CaptureNote
note_of(const CaptureEvent* const on, const Timeline* const timeline)
{
  const TimelineSpan* const span =
    timeline_span_of_bar(timeline, on->place.bar);

  CaptureNote note = {on->place.bar,
                      (uint32_t)lround(on->place.tick),
                      on->bytes[0] & 0x0FU,
                      on->bytes[1] & 0x7FU,
                      on->bytes[2] & 0x7FU,
                      false,
                      0U,
                      on->frame};

  if (note.tick >= metre_bar_ticks(span->metre)) {
    ++note.bar;
    note.tick = 0U;
  }
  return note;
}

/// Ticks from a note's onset to a place, whatever tempo and metre between
static double
ticks_until(const CaptureNote* const   note,
            const TimelinePlace* const end,
            const Timeline* const      timeline)
{
  double ticks = end->tick - (double)note->tick;
  for (int32_t bar = note->bar; bar < end->bar; ++bar) {
    ticks += metre_bar_ticks(timeline_span_of_bar(timeline, bar)->metre);
  }
  return ticks;
}

/// What the off of a note tells about it
static void
end_note(CaptureNote* const        note,
         const CaptureEvent* const on,
         const CaptureEvent* const off,
         const Timeline* const     timeline)
{
  note->is_whole = on->i_jump == off->i_jump && off->is_rolling;
  note->length =
    (uint32_t)lround(fmax(0.0, ticks_until(note, &off->place, timeline)));
}

static int
compare_notes(const void* const left, const void* const right)
{
  const CaptureNote* const a = (const CaptureNote*)left;
  const CaptureNote* const b = (const CaptureNote*)right;

  const int64_t differences[] = {(int64_t)a->bar - b->bar,
                                 (int64_t)a->tick - b->tick,
                                 (int64_t)a->channel - b->channel,
                                 (int64_t)a->key - b->key,
                                 a->frame < b->frame ? -1
                                                     : a->frame > b->frame};
  for (size_t i = 0U; i < sizeof(differences) / sizeof(differences[0]); ++i) {
    if (differences[i]) {
      return differences[i] < 0 ? -1 : 1;
    }
  }
  return 0;
}

Status
capture_notes(const Capture* const  self,
              const Timeline* const timeline,
              CaptureNote** const   notes,
              size_t* const         n_notes,
              CaptureFaults* const  faults)
{
  CaptureFaults      found = {0U, 0U, 0U, 0U, 0U, 0U};
  size_t             n     = 0U;
  CaptureNote* const made =
    (CaptureNote*)calloc(self->n_events + 1U, sizeof(CaptureNote));
  const CaptureEvent** const onsets =
    (const CaptureEvent**)calloc(self->n_events + 1U, sizeof(*onsets));
  Keyboard* const keyboard = (Keyboard*)calloc(1U, sizeof(Keyboard));
  if (!made || !onsets || !keyboard) {
    free(keyboard);
    free((void*)onsets);
    free(made);
    return STATUS_NO_MEM;
  }

  for (size_t i = 0U; i < self->n_events; ++i) {
    const CaptureEvent* const event = &self->events[i];
    const unsigned            kind  = event->bytes[0] & 0xF0U;
    size_t* const             sounding =
      &keyboard->sounding[event->bytes[0] & 0x0FU][event->bytes[1] & 0x7FU];

    found.n_backwards += i && event->frame < self->events[i - 1U].frame;
    if (event->size != 3U || (kind != 0x80U && kind != 0x90U)) {
      continue;
    }

    if (kind == 0x90U && event->bytes[2]) {
      found.n_doubled += *sounding != 0U;
      found.n_stopped += !event->is_rolling;
      onsets[n] = event;
      made[n]   = note_of(event, timeline);
      *sounding = ++n;
    } else if (*sounding) {
      found.n_zero += event->frame == onsets[*sounding - 1U]->frame;
      end_note(&made[*sounding - 1U], onsets[*sounding - 1U], event, timeline);
      *sounding = 0U;
    } else {
      ++found.n_orphans;
    }
  }

  for (size_t i = 0U; i < N_CHANNELS * (size_t)N_KEYS; ++i) {
    found.n_hanging += (&keyboard->sounding[0][0])[i] != 0U;
  }
  free(keyboard);
  free((void*)onsets);

  if (faults) {
    *faults = found;
  }
  if (!notes) {
    free(made);
    return STATUS_SUCCESS;
  }
  qsort(made, n, sizeof(*made), compare_notes);
  *notes   = made;
  *n_notes = n;
  return STATUS_SUCCESS;
}

size_t
capture_n_faults(const CaptureFaults* const faults)
{
  return faults->n_doubled + faults->n_orphans + faults->n_hanging +
         faults->n_stopped + faults->n_backwards;
}
