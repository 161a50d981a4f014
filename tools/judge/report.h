// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The judge's findings for people: a table in plain text, and a page with
   pictures that needs no other file.
*/
#ifndef PERPETUO_TOOLS_JUDGE_REPORT_H
#define PERPETUO_TOOLS_JUDGE_REPORT_H

#include "base/status.h"
#include "tools/judge/by_style.h"
#include "tools/judge/figures.h"
#include "tools/judge/guesses.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define REPORT_MAX_SETS FIGURES_MAX_SETS

/// What is reported.  Borrows all.
typedef struct {
  const char*    real_folder;
  const char*    styles;  ///< As asked for, or null for all
  uint32_t       n_known; ///< Pieces to learn from
  const Figures* real;
  uint32_t       n_sets;
  const Figures* sets;                     ///< Baselines first, then folders
  const char*    folders[REPORT_MAX_SETS]; ///< Of each set, null for baselines
  uint32_t       n_baselines;

  // Asked for by style; the tables' sets are the folders
  uint32_t          n_styles;
  const StyleTable* by_style; ///< (n_styles)
  const Guesses*    guesses;  ///< (N_VIEWS), or null

  // One of the sets may be what no gate has judged
  bool     has_ungated;
  uint32_t i_ungated;
} Report;

/// How many real pieces make figures that can be relied on
#define REPORT_ENOUGH_PIECES 20U

/// The rows of a report as text
void
report_text(const Report* report, FILE* file);

/// A page of its own
void
report_html(const Report* report, FILE* file);

#endif // PERPETUO_TOOLS_JUDGE_REPORT_H
