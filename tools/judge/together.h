// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Do melody and drums listen to each other?

   The share of a phrase's melody onsets that fall on a drum hit, against the
   same melody over the drums of other phrases.
*/
#ifndef PERPETUO_TOOLS_JUDGE_TOGETHER_H
#define PERPETUO_TOOLS_JUDGE_TOGETHER_H

#include "base/status.h"
#include "tools/judge/takes.h"

#include <stdint.h>

#define TOGETHER_STRANGERS 16U ///< Other phrases that each melody is put over

typedef struct {
  uint32_t n_phrases; ///< With a melody and drums
  double   own;       ///< Share over its own drums; not a number without any
  double   strangers; ///< Share over other phrases'
} Together;

/**
   Measure the phrases of four bars of all takes.

   Strangers are phrases of other takes where there are any, else of the same.
   @param key Of the random numbers.
   @return STATUS_NO_MEM.
*/
NODISCARD Status
together_measure(const TakeSet* set, uint64_t key, Together* together);

#endif // PERPETUO_TOOLS_JUDGE_TOGETHER_H
