// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A float net of the kind in nn/net.h, forward and backward through time.

   Works on windows of T steps of B streams at once.  Memory (hidden, cell) is
   handed in and out, so that a sequence may run on from one window to the next
   while its gradient stops at the window's edge (truncated backpropagation).

   All weights lie in one block; a Layout says where each tensor is.  Gradients
   and the optimiser's moments are further blocks of the same layout.

   Letters: T steps, B streams, K hot inputs, D dense inputs, I = n_hot_inputs
   + D, L layers, H hidden units, V outputs.  A "row" is one step of one
   stream; row (t, b) is number t * B + b.
*/
#ifndef PERPETUO_LEARN_LSTM_TRAIN_H
#define PERPETUO_LEARN_LSTM_TRAIN_H

#include "base/status.h"
#include "learn/blas.h"
#include "nn/net.h"

#include <stddef.h>
#include <stdint.h>

#define LAYOUT_MAX_TENSORS (3U * NET_MAX_LAYERS + 2U)

/// One tensor in a block of weights
typedef struct {
  char     name[16]; ///< As in nn/net.h
  size_t   begin;    ///< Its first number in the block
  uint32_t n_rows;
  uint32_t n_columns;
} LayoutTensor;

/**
   Where everything is in a block of weights.

   Layer 0's "lstm0.w_in" is stored transposed, (I, 4H), so that a hot input is
   a row; all others are as in nn/net.h.  Biases are (1, n).
*/
typedef struct {
  NetShape     shape;
  size_t       n_weights;
  uint32_t     n_tensors;
  size_t       w_in[NET_MAX_LAYERS];
  size_t       w_hid[NET_MAX_LAYERS];
  size_t       bias[NET_MAX_LAYERS];
  size_t       out_w;
  size_t       out_bias;
  LayoutTensor tensor[LAYOUT_MAX_TENSORS];
} Layout;

/// STATUS_BAD_ARG for sizes out of range or a block too large
NODISCARD Status
layout_init(Layout* layout, const NetShape* shape);

/// Fill a block with random weights; the forget gates' biases are 1.
/// A function of `seed`.  @param weights (layout->n_weights).
void
weights_init(const Layout* layout, uint64_t seed, Real* weights);

/// What T steps of B streams are told; a view of arrays of the caller
typedef struct {
  uint32_t        n_steps;   ///< T
  uint32_t        n_streams; ///< B
  const uint16_t* hot;       ///< (T, B, K)
  const Real*     dense;     ///< (T, B, D)
  const uint16_t* target;    ///< (T, B), NO_TARGET for no loss
  const uint8_t*  reset;     ///< (T, B), 1 where a sequence begins
  const Real*     mask;      ///< (L, T, B, H) what each layer's output is
                             ///< multiplied by, once normalised if it is;
                             ///< null for ones
} Window;

/// What the streams remember between windows
typedef struct {
  Real* hidden; ///< (L, B, H)
  Real* cell;   ///< (L, B, H)
} Memory;

/// What a forward pass keeps for the backward pass
typedef struct LstmTrain LstmTrain;

/// Room for windows of up to (T, B); null when there is no memory
LstmTrain*
lstm_train_new(const Layout* layout, uint32_t n_steps, uint32_t n_streams);

/// Null is allowed
void
lstm_train_free(LstmTrain* train);

/**
   Run the net over a window.

   Where the shape is normed, each layer's output goes up as nn/norm.h says
   (Ba, Kiros and Hinton 2016), while memory keeps what it was before.

   @param memory Read at the start, written at the end.
   @param loss (T, B) nats for each row, 0 where there is no target.
   Memory: none allocated.  Thread: any, one at a time for each LstmTrain.
   Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers,
   Schmidhuber and Cummins 2000.
*/
void
lstm_train_forward(LstmTrain*    train,
                   const Real*   weights,
                   const Window* window,
                   Memory        memory,
                   Real*         loss);

/**
   Add the gradient of `scale` times the summed loss of the last forward pass.

   The window and weights must be those of that pass, which is used up.
   @param gradient (layout->n_weights), added to.
   Source: Werbos 1990, truncated as in Williams and Peng 1990.
*/
void
lstm_train_backward(LstmTrain*    train,
                    const Real*   weights,
                    const Window* window,
                    Real          scale,
                    Real*         gradient);

#endif // PERPETUO_LEARN_LSTM_TRAIN_H
