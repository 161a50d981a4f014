// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   One LSTM layer, for several sequences in lock-step.

   With whole-number sums of what comes in and of what is remembered, the gates
   of every unit are, in this order of operations,

     gate = (bias + scale_in * sum_in) + scale_hid * sum_hid

   and then, with i, f, c, o the gates in the order in which they are stored,

     cell   = sigmoid(f) * cell + sigmoid(i) * tanh(c)
     hidden = round(127 * (sigmoid(o) * tanh(cell)))

   A cell whose magnitude is below LSTM_MIN_CELL is set to zero, so that
   subnormal numbers decide nothing.

   Letters: N sequences, I inputs, H hidden units.
   Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers,
   Schmidhuber and Cummins 2000; no peepholes.
*/
#ifndef PERPETUO_NN_LSTM_H
#define PERPETUO_NN_LSTM_H

#include "nn/product.h"

#include <stdint.h>

#define LSTM_MIN_CELL 1e-20f

/// A layer; scales and biases are views of arrays that a Model owns
typedef struct {
  uint32_t     n_hidden;  ///< H
  Product      w_in;      ///< (4H, I); empty where a table stands for it
  Product      w_hid;     ///< (4H, H)
  const float* scale_in;  ///< (4H), what one step of a sum is worth
  const float* scale_hid; ///< (4H)
  const float* bias;      ///< (4H)
} Lstm;

/// What N sequences remember of one layer; views of a block that the net owns
typedef struct {
  int8_t* hidden; ///< (N, stride of w_hid), in steps of 1/127
  float*  cell;   ///< (N, H)
} LstmState;

/**
   Advance N sequences by one step, in place.

   @param sums_in (N, 4H) what comes in.
   @param sums_hid (N, 4H) scratch.
   @param gates (4H) scratch.
   Thread: any.  Memory: none allocated.
*/
void
lstm_step(const Lstm*      lstm,
          const LstmState* state,
          uint32_t         n,
          const int32_t*   sums_in,
          int32_t*         sums_hid,
          float*           gates);

#endif // PERPETUO_NN_LSTM_H
