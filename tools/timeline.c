// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/timeline.h"

#include <math.h>
#include <string.h>

/// A frame this near to a bar line is on it: what is left of rounding
#define NEARLY 1e-6

static double
bar_frames(const Timeline* const self, const TimelineSpan* const span)
{
  return timeline_tick_frames(self, span) * metre_bar_ticks(span->metre);
}

/// Work out anew where every span begins, from the one that holds bar 0
static void
place_spans(Timeline* const self)
{
  TimelineSpan* const s = self->spans;
  uint32_t            i = 0U;
  while (i + 1U < self->n_spans && s[i + 1U].bar <= 0) {
    ++i;
  }

  s[i].frame = s[i].bar * bar_frames(self, &s[i]);
  for (uint32_t j = i + 1U; j < self->n_spans; ++j) {
    const int32_t n_bars = s[j].bar - s[j - 1U].bar;
    s[j].frame = s[j - 1U].frame + n_bars * bar_frames(self, &s[j - 1U]);
  }
  for (uint32_t j = i; j-- > 0U;) {
    const int32_t n_bars = s[j + 1U].bar - s[j].bar;
    s[j].frame           = s[j + 1U].frame - n_bars * bar_frames(self, &s[j]);
  }
}

/// The span that begins at `bar`, made if there is none; null when full
static TimelineSpan*
span_at(Timeline* const self, const int32_t bar)
{
  uint32_t i = 0U;
  while (i < self->n_spans && self->spans[i].bar < bar) {
    ++i;
  }
  if (i < self->n_spans && self->spans[i].bar == bar) {
    return &self->spans[i];
  }
  if (self->n_spans == TIMELINE_MAX_SPANS) {
    return NULL;
  }

  TimelineSpan* const span = &self->spans[i];
  const TimelineSpan  old  = self->spans[i ? i - 1U : 0U];
  memmove(span + 1, span, (self->n_spans - i) * sizeof(*span));
  ++self->n_spans;
  *span     = old;
  span->bar = bar;
  return span;
}

Timeline
timeline(const double rate_hz, const double bpm, const Metre metre)
{
  Timeline self = {rate_hz, 1U, {{0, 0.0, bpm, metre}}};
  return self;
}

Status
timeline_set_tempo(Timeline* const self, const int32_t bar, const double bpm)
{
  if (!(bpm > 0.0 && bpm < 10000.0)) {
    return STATUS_BAD_ARG;
  }
  const double        old  = timeline_span_of_bar(self, bar)->bpm;
  TimelineSpan* const span = span_at(self, bar);
  if (!span) {
    return STATUS_FULL;
  }
  // What follows keeps its tempo only where it had another one
  for (uint32_t i = (uint32_t)(span - self->spans);
       i < self->n_spans && self->spans[i].bpm == old;
       ++i) {
    self->spans[i].bpm = bpm;
  }
  span->bpm = bpm;
  place_spans(self);
  return STATUS_SUCCESS;
}

Status
timeline_set_metre(Timeline* const self, const int32_t bar, const Metre metre)
{
  if (!metre.n_beats || !metre.unit) {
    return STATUS_BAD_ARG;
  }
  const Metre         old  = timeline_span_of_bar(self, bar)->metre;
  TimelineSpan* const span = span_at(self, bar);
  if (!span) {
    return STATUS_FULL;
  }
  for (uint32_t i = (uint32_t)(span - self->spans);
       i < self->n_spans && self->spans[i].metre.n_beats == old.n_beats &&
       self->spans[i].metre.unit == old.unit;
       ++i) {
    self->spans[i].metre = metre;
  }
  span->metre = metre;
  place_spans(self);
  return STATUS_SUCCESS;
}

const TimelineSpan*
timeline_span(const Timeline* const self, const double frame)
{
  uint32_t i = self->n_spans - 1U;
  while (i && self->spans[i].frame > frame + NEARLY) {
    --i;
  }
  return &self->spans[i];
}

const TimelineSpan*
timeline_span_of_bar(const Timeline* const self, const int32_t bar)
{
  uint32_t i = self->n_spans - 1U;
  while (i && self->spans[i].bar > bar) {
    --i;
  }
  return &self->spans[i];
}

double
timeline_tick_frames(const Timeline* const self, const TimelineSpan* const span)
{
  return self->rate_hz * 60.0 / span->bpm / TICKS_PER_QUARTER;
}

TimelinePlace
timeline_place(const Timeline* const self, const double frame)
{
  const TimelineSpan* const span = timeline_span(self, frame);
  const double              n_bars =
    floor((frame - span->frame + NEARLY) / bar_frames(self, span));
  const TimelinePlace place = {
    span->bar + (int32_t)n_bars,
    fmax(0.0,
         (frame - span->frame - n_bars * bar_frames(self, span)) /
           timeline_tick_frames(self, span))};
  return place;
}

double
timeline_frame(const Timeline* const self, const int32_t bar, const double tick)
{
  const TimelineSpan* const span = timeline_span_of_bar(self, bar);
  return span->frame + (bar - span->bar) * bar_frames(self, span) +
         tick * timeline_tick_frames(self, span);
}

int64_t
timeline_next_change(const Timeline* const self, const int64_t frame)
{
  for (uint32_t i = 1U; i < self->n_spans; ++i) {
    const double begin = ceil(self->spans[i].frame - NEARLY);
    if (begin > (double)frame) {
      return (int64_t)begin;
    }
  }
  return INT64_MAX;
}
