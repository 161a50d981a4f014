// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/loss.h"

#include "learn/curves.h"
#include "learn/dataset.h"

#include <math.h>
#include <string.h>

WIDE_LOOPS static void
exps(Real* const score, const Real top, const uint32_t V)
{
  for (uint32_t v = 0U; v < V; ++v) {
    score[v] = curve_exp(score[v] - top);
  }
}

static Real
row_loss(Real* const score, const uint32_t V, const uint16_t target)
{
  Real top = score[0];
  for (uint32_t v = 1U; v < V; ++v) {
    top = score[v] > top ? score[v] : top;
  }

  const Real wanted = score[target] - top;
  exps(score, top, V);

  double sum = 0.0;
  for (uint32_t v = 0U; v < V; ++v) {
    sum += (double)score[v];
  }

  const Real share = (Real)(1.0 / sum);
  for (uint32_t v = 0U; v < V; ++v) {
    score[v] *= share;
  }
  score[target] -= (Real)1;
  return (Real)(log(sum) - (double)wanted);
}

void
loss_softmax(const uint32_t        n_rows,
             const uint32_t        n_classes,
             Real* const           scores,
             const uint16_t* const target,
             Real* const           loss)
{
  const size_t V = n_classes;
  for (uint32_t i = 0U; i < n_rows; ++i) {
    if (target[i] == NO_TARGET) {
      memset(scores + i * V, 0, V * sizeof(Real));
      loss[i] = (Real)0;
    } else {
      loss[i] = row_loss(scores + i * V, n_classes, target[i]);
    }
  }
}
