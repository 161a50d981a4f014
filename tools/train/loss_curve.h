// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The losses of a training run as a picture
#ifndef PERPETUO_TOOLS_TRAIN_LOSS_CURVE_H
#define PERPETUO_TOOLS_TRAIN_LOSS_CURVE_H

#include "base/status.h"
#include "tools/train/checkpoint.h"

#include <stdint.h>

typedef struct {
  const char* title;
  const Mark* mark; ///< (n_marks), in order of steps
  uint32_t    n_marks;
  uint64_t    n_steps; ///< Where the axis ends
  double      trigram; ///< Losses to draw a line at; 0 for none
  double      fivegram;
} LossCurve;

/// Draw a PNG, whole or not at all.  STATUS_NO_WRITE.
NODISCARD Status
loss_curve_draw(const char* path, const LossCurve* curve, Trouble* trouble);

#endif // PERPETUO_TOOLS_TRAIN_LOSS_CURVE_H
