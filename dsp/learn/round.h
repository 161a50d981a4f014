// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Rounding: a trained float net becomes the int8 net of nn/net.h, and what
   that costs is measured by the engine that plays it.
*/
#ifndef PERPETUO_LEARN_ROUND_H
#define PERPETUO_LEARN_ROUND_H

#include "base/status.h"
#include "learn/dataset.h"
#include "learn/held_out.h"
#include "learn/lstm_train.h"
#include "nn/model.h"
#include "nn/net.h"

#include <stddef.h>
#include <stdint.h>

/**
   Round one row to whole numbers, -127 .. 127.

   The step is searched for: a little less than what the largest number needs
   may clip that one and still leave the smallest summed squared error.

   @param stride Distance between the row's numbers in `row`.
   @param rounded (n).
   @return what one step is worth; a row of zeros has steps of 0.
*/
double
round_row(const Real* row, size_t stride, uint32_t n, int8_t* rounded);

/**
   Round a net, and name its parts as nn/net.h does.

   A net that is not normed says nothing of that: its file is the same as before
   there were any.

   @param texts Metadata to add to the shape's own keys.
   @return STATUS_NO_MEM, or STATUS_BAD_ARG when a weight is no number or a key
   is given twice.
*/
NODISCARD Status
round_net(const Layout*    layout,
          const Real*      weights,
          const ModelText* texts,
          uint32_t         n_texts,
          Model**          model);

/**
   Set the LSTM layers of a float net to what a rounded one has, so that it can
   begin where that one ended; its output layer stays as it is.

   @return STATUS_MISMATCH when inputs or hidden units differ, or only one of
   them is normed, in which case nothing was written.
*/
NODISCARD Status
round_back(const Layout* layout, const Model* model, Real* weights);

/**
   Measure an int8 net on a list of sequences, each from empty memory.

   @param n_threads How many may work at once; the figures do not depend on it.
   @return STATUS_NO_MEM, or STATUS_MISMATCH when net and set differ in shape.
*/
NODISCARD Status
round_evaluate(const Net*      net,
               const Dataset*  set,
               const uint32_t* list,
               uint32_t        n_list,
               uint32_t        n_threads,
               Score*          score);

#endif // PERPETUO_LEARN_ROUND_H
