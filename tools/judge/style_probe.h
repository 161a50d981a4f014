// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Which style is it?  A plain classifier that learned from real music alone.

   It looks at windows of two bars through the judge's own features, of the
   melody, of the drums (means of both bars), or of both where both play.
   Styles count alike, however much music there is of each.
   Source: linear discriminant analysis (Fisher 1936): means of classes, one
   covariance for all, drawn a little towards independence (Friedman 1989).
*/
#ifndef PERPETUO_TOOLS_JUDGE_STYLE_PROBE_H
#define PERPETUO_TOOLS_JUDGE_STYLE_PROBE_H

#include "base/status.h"
#include "music/style.h"
#include "tools/judge/drum_features.h"
#include "tools/judge/melody_features.h"
#include "tools/judge/samples.h"
#include "tools/judge/takes.h"

#include <stdbool.h>
#include <stdint.h>

#define PROBE_COLUMNS ((uint32_t)N_MELODY_FEATURES + (uint32_t)N_DRUM_FEATURES)
#define PROBE_LEAST_PIECES 10U ///< To learn a style from
#define PROBE_LEAST_STYLES 2U  ///< To tell apart

/// What it looks at
typedef enum { VIEW_MELODY, VIEW_DRUMS, VIEW_BOTH, N_VIEWS } View;

/// A plain value
typedef struct {
  View     view;
  uint32_t n_columns;
  uint32_t n_styles; ///< That it tells apart; 0 when there were too few
  Style    style[N_STYLES];
  double   mean[PROBE_COLUMNS];
  double   scale[PROBE_COLUMNS]; ///< One over the deviation; 0 for constants
  double   weight[N_STYLES][PROBE_COLUMNS];
  double   bias[N_STYLES];
} StyleProbe;

/// What the probe took windows of one style for
typedef struct {
  uint32_t n_windows;
  uint32_t n_as[N_STYLES]; ///< Taken for which style
} ProbeCount;

/// Over the styles that it knows and of which both sides have windows
typedef struct {
  uint32_t n_styles;
  double   accuracy; ///< Mean over these styles; not a number without any
  double   real;     ///< As much, of real music
  double   chance;   ///< One over the number of styles it tells apart
} ProbeResult;

/// What a view is called in a report
const char*
view_name(View view);

/// Measure the window that begins at a step.  @param row (PROBE_COLUMNS).
/// @return Whether there is anything in it that the view can see.
bool
view_measure(View view, const Take* take, uint32_t begin, double* row);

/// The windows of all takes through a view.  STATUS_NO_MEM.  `samples` is to be
/// cleared in any case.
NODISCARD Status
view_samples(View view, const TakeSet* set, Samples* samples);

/**
   Learn to tell styles apart.

   @param sets (N_STYLES) takes of each style; those with fewer than
   PROBE_LEAST_PIECES pieces in the view are left out.
   @param styles Bit s for Style s: which may be learned.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
style_probe_learn(View           view,
                  const TakeSet* sets,
                  uint32_t       styles,
                  StyleProbe*    probe);

/// How likely each style is, for a row of its view.
/// @param likely (probe->n_styles), with a sum of 1.
void
style_probe_ask(const StyleProbe* probe, const double* row, double* likely);

/// The number of a style in a probe, or -1
int
style_probe_find(const StyleProbe* probe, Style style);

/// Show it a set.  STATUS_NO_MEM.
NODISCARD Status
style_probe_count(const StyleProbe* probe,
                  const TakeSet*    set,
                  ProbeCount*       count);

/// Sum up.  @param own, real (N_STYLES) counts of the sets of each style.
ProbeResult
style_probe_result(const StyleProbe* probe,
                   const ProbeCount* own,
                   const ProbeCount* real);

#endif // PERPETUO_TOOLS_JUDGE_STYLE_PROBE_H
