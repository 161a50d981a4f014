// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The chaos host: plays a session against the built plugin and holds every
   block against the laws.

   It drives the LV2 descriptor itself, so that it can do what no proper host
   does.  All that it does follows from the session; where a thread does work,
   its answer is waited for, so that the same session always goes the same way.
*/
#ifndef PERPETUO_TESTS_CHAOS_HOST_H
#define PERPETUO_TESTS_CHAOS_HOST_H

#include "compose/composer.h"
#include "tests/chaos_session.h"

#include <lv2/core/lv2.h>

#include <stdbool.h>
#include <stdint.h>

#define CHAOS_MAX_COMPOSERS 2U

/// What all sessions share
typedef struct {
  const LV2_Descriptor* (*descriptor)(uint32_t index); ///< Of the plugin
  const char* bundle; ///< With two sets of models: plain-named, and older
  const char* empty;  ///< A bundle without models
  ModelIds    older;
  uint32_t    n_composers;
  Composer*   composers[CHAOS_MAX_COMPOSERS]; ///< To compare with
} ChaosWorld;

/// What was lived through, as rows of chaos_counts
typedef enum {
  COUNT_SESSIONS,
  COUNT_BLOCKS,
  COUNT_EMPTY,
  COUNT_FRAMES,
  COUNT_NOTES,
  COUNT_PASSED,
  COUNT_BARS,
  COUNT_BAR_NOTES,
  COUNT_LOCATES,
  COUNT_WRAPS,
  COUNT_STARTS,
  COUNT_STOPS,
  COUNT_TEMPOS,
  COUNT_METRES,
  COUNT_CONTROLS,
  COUNT_PRESETS,
  COUNT_SWITCHES,
  COUNT_SAVES,
  COUNT_RESTORES,
  COUNT_DAMAGED,
  COUNT_LOADS,
  COUNT_PAUSES,
  COUNT_WORKS,
  COUNT_INSIDE,
  COUNT_LATE,
  COUNT_LOST,
  COUNT_REFUSED,
  COUNT_OVERLAPS,
  COUNT_TIGHT,
  COUNT_SAID,
  COUNT_NOISES,
  COUNT_LIES,
  N_COUNTS
} CountKind;

const char*
chaos_count_name(CountKind kind);

/// How a session went; lies in memory that outlives a crash
typedef struct {
  char     fault[256]; ///< Empty when all was well
  uint32_t i_action;   ///< Where it is, or ended
  uint32_t i_block;
  uint64_t counts[N_COUNTS];
} ChaosReport;

/// Play the actions of a session; false when something was wrong
bool
chaos_play(const ChaosWorld* world,
           const Setup*      setup,
           const Action*     actions,
           uint32_t          n_actions,
           ChaosReport*      report);

#endif // PERPETUO_TESTS_CHAOS_HOST_H
