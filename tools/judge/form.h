// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What a melody does over phrases of four bars: does a theme come back, and do
   phrases come to rest?
*/
#ifndef PERPETUO_TOOLS_JUDGE_FORM_H
#define PERPETUO_TOOLS_JUDGE_FORM_H

#include "base/status.h"
#include "tools/judge/takes.h"

#include <stdint.h>

#define FORM_MEMORY 8U    ///< Phrases back that a theme may return from
#define FORM_MIN_NOTES 3U ///< A phrase with fewer is none

/**
   How alike two phrases of a line are, 0 .. 1: twice the notes that agree in
   place and pitch, over the notes of both.

   @param a, b Steps at which they begin.
*/
double
form_likeness(const TakeLine* line, uint32_t a, uint32_t b);

/// Mean over the phrases of all takes' first lines, from the second on, of the
/// largest likeness to one of the FORM_MEMORY before.  Not a number without
/// such phrases.
double
form_theme_return(const TakeSet* set);

/// Share of phrases whose last note is degree 1, 3 or 5 and lasts for at least
/// `least` steps.  Not a number without phrases.
double
form_cadences(const TakeSet* set, double least);

/// The median length of the notes of all first lines, steps; 0 without any
double
form_median_length(const TakeSet* set);

#endif // PERPETUO_TOOLS_JUDGE_FORM_H
