// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// How well a gate tells real phrases from each kind of others
#ifndef PERPETUO_TOOLS_TRAIN_GATE_REPORT_H
#define PERPETUO_TOOLS_TRAIN_GATE_REPORT_H

#include "base/status.h"
#include "learn/dataset.h"
#include "nn/net.h"
#include "tools/train/gate_data.h"

#include <stdint.h>
#include <stdio.h>

/// Of one kind of phrase
typedef struct {
  uint32_t n;
  double   mean;   ///< Score
  double   passed; ///< Share with a score of .5 or more
  double   auc;    ///< Against the real ones; 0 where one of them is missing
} GateFigure;

/**
   Area under the curve: how often a real phrase scores above another one;
   equal scores count half.

   Source: the statistic of Mann and Whitney 1947.
   @param real, other Sorted in place.
   @return 0 .. 1, and 0 when one of them is empty.
*/
double
gate_auc(float* real, uint32_t n_real, float* other, uint32_t n_other);

/**
   Score the sequences of a split after their last step.

   @param figures (N_GATE_KINDS + 1); the last one is of all that is not real.
   @return STATUS_NO_MEM, or STATUS_MISMATCH when the net is not of the set's
   shape.
*/
NODISCARD Status
gate_measure(const Net*     net,
             const Dataset* set,
             Split          split,
             GateFigure*    figures);

/**
   Print a table of a gate's figures on what was held out; on what it learned
   from where nothing was, and say so.

   @param figures (N_GATE_KINDS + 1) the same, written on success.
   @return As model_load(), net_new() and gate_measure(), with the reason.
*/
NODISCARD Status
gate_report(const char*    model_path,
            const Dataset* set,
            GateFigure*    figures,
            FILE*          file,
            Trouble*       trouble);

#endif // PERPETUO_TOOLS_TRAIN_GATE_REPORT_H
