// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A song's map of tempo and metre, and its two units: frames and (bar, tick).

   Bar 0 begins at frame 0; bars and frames may be negative.  Tempo and metre
   change at bar lines only.  What lies before the first point of a map is as
   that point says.
*/
#ifndef PERPETUO_TOOLS_TIMELINE_H
#define PERPETUO_TOOLS_TIMELINE_H

#include "base/status.h"
#include "music/metre.h"

#include <stdint.h>

#define TIMELINE_MAX_SPANS 64U

/// Bars of one tempo and one metre
typedef struct {
  int32_t bar;   ///< The first bar
  double  frame; ///< Where it begins
  double  bpm;   ///< Quarter notes per minute
  Metre   metre;
} TimelineSpan;

typedef struct {
  double       rate_hz;
  uint32_t     n_spans; ///< At least 1
  TimelineSpan spans[TIMELINE_MAX_SPANS];
} Timeline;

/// A place in a song
typedef struct {
  int32_t bar;
  double  tick; ///< Ticks after the bar line, TICKS_PER_QUARTER to the quarter
} TimelinePlace;

/// One tempo and one metre, for ever.  Thread: any.
Timeline
timeline(double rate_hz, double bpm, Metre metre);

/// Change the tempo from `bar` on.  STATUS_FULL, or STATUS_BAD_ARG.
Status
timeline_set_tempo(Timeline* self, int32_t bar, double bpm);

/// Change the metre from `bar` on.  STATUS_FULL, or STATUS_BAD_ARG.
Status
timeline_set_metre(Timeline* self, int32_t bar, Metre metre);

/// The span in which a frame lies
const TimelineSpan*
timeline_span(const Timeline* self, double frame);

/// The span in which a bar lies
const TimelineSpan*
timeline_span_of_bar(const Timeline* self, int32_t bar);

/// Frames in one tick of a span
double
timeline_tick_frames(const Timeline* self, const TimelineSpan* span);

/// Where in the song a frame is
TimelinePlace
timeline_place(const Timeline* self, double frame);

/// The frame, with its fraction, of a place; `tick` may pass the bar's end
double
timeline_frame(const Timeline* self, int32_t bar, double tick);

/// The first whole frame after `frame` at which another span has begun, or
/// INT64_MAX
int64_t
timeline_next_change(const Timeline* self, int64_t frame);

#endif // PERPETUO_TOOLS_TIMELINE_H
