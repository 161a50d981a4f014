// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the sweeps found: a table, JSON for programs, and a page with pictures
#ifndef PERPETUO_TOOLS_SWEEP_SWEEP_REPORT_H
#define PERPETUO_TOOLS_SWEEP_SWEEP_REPORT_H

#include "tools/judge/guesses.h"
#include "tools/sweep/knobs.h"
#include "tools/sweep/morph.h"

#include <stdint.h>
#include <stdio.h>

/// Borrows all
typedef struct {
  const Sweep*     sweep;
  const ScaleLock* lock;
  const Guesses*   guesses; ///< (N_VIEWS), or null: without real music
  uint32_t         n_morphs;
  const Morph*     morphs;
  uint32_t         n_morph_seeds;
} SweepReport;

void
sweep_report_text(const SweepReport* report, FILE* file);

void
sweep_report_json(const SweepReport* report, FILE* file);

void
sweep_report_html(const SweepReport* report, FILE* file);

#endif // PERPETUO_TOOLS_SWEEP_SWEEP_REPORT_H
