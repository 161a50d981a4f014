// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   All marks, one line each: what was reached, or which command measures it.

   A mark that holds per style counts as reached when every style that can be
   measured reaches it; then the worst of them is named.
*/
#ifndef PERPETUO_TOOLS_JUDGE_SUMMARY_H
#define PERPETUO_TOOLS_JUDGE_SUMMARY_H

#include "tools/judge/report.h"

#include <stdint.h>

#define SUMMARY_TEXT_ROOM 240U

typedef struct {
  const char* number;
  const char* must;
  const char* aim;
  Mark        mark;
  char        value[SUMMARY_TEXT_ROOM]; ///< Or which command measures it
} SummaryLine;

/// How many lines there are
uint32_t
summary_n_lines(void);

/// A line of the summary of a set, which is a folder's
SummaryLine
summary_line(const Report* report, uint32_t i_set, uint32_t i_line);

/// In words what became of a mark
const char*
summary_verdict(const SummaryLine* line);

#endif // PERPETUO_TOOLS_JUDGE_SUMMARY_H
