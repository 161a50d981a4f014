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

   Units are worked on in blocks of 16, all that is to be done of them at once.
   What is stored by gates is therefore laid out by blocks: the gates i, f, c
   and o of the first 16 units, each a tile of a Product, then those of the
   next. The last block is padded with units that stay at zero.

   Letters: N sequences, I inputs, H hidden units, P of those with padding, G =
   4P gates.
   Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers,
   Schmidhuber and Cummins 2000; no peepholes.
*/
#ifndef PERPETUO_NN_LSTM_H
#define PERPETUO_NN_LSTM_H

#include "nn/product.h"

#include <stdint.h>

#define LSTM_MIN_CELL 1e-20f

/// Units of a block
#define LSTM_BLOCK PRODUCT_TILE

/// Most sequences that go in lock-step through lstm_step
#define LSTM_MAX_SIDE 8U

/// A layer.  The products are the caller's to make, of rows that
/// lstm_lay_rows() has laid out, and to clear.
typedef struct {
  uint32_t n_hidden;  ///< H
  Product  w_in;      ///< (G, I); empty where a table stands for it
  Product  w_hid;     ///< (G, H)
  float*   scale_in;  ///< (G), what one step of a sum is worth
  float*   scale_hid; ///< (G)
  float*   bias;      ///< (G)
} Lstm;

/// What N sequences remember of one layer
typedef struct {
  int8_t* hidden; ///< (N, stride of w_hid), in steps of 1/127
  float*  cell;   ///< (N, P)
} LstmState;

/// What comes in at a step, one way or the other
typedef struct {
  const void*    prepared; ///< For w_in, by the product's backend; or null, and
  const int32_t* sums;     ///< (N, G)
} LstmInput;

/// P of H
uint32_t
lstm_padded(uint32_t n_hidden);

/// Lay out rows (4H, K) by blocks, (G, K), with rows of zeros as padding
void
lstm_lay_rows(uint32_t      n_hidden,
              uint32_t      n_columns,
              const int8_t* rows,
              int8_t*       laid);

/// Lay out what is said of each gate (4H), (G) with padding
void
lstm_lay_floats(uint32_t n_hidden, const float* floats, float* laid);

/**
   Advance N sequences by one step, in place.

   @param backend What `in` was prepared for.
   @param n N, at most LSTM_MAX_SIDE.
   @param prepared Scratch (product_prepared_size(H, N)), not that of `in`.
   Thread: any.  Memory: none allocated.
*/
void
lstm_step(const Lstm*           lstm,
          const ProductBackend* backend,
          const LstmState*      state,
          uint32_t              n,
          LstmInput             in,
          void*                 prepared);

/// The last part of a step alone, for benchmarks: curves and cells of N
/// sequences, whose sums in and of hidden units are `sums` (N, G)
void
lstm_update(const Lstm*      lstm,
            const LstmState* state,
            uint32_t         n,
            const int32_t*   sums);

#endif // PERPETUO_NN_LSTM_H
