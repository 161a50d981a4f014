// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A net in double precision, slow, written from the formulas.

     i, f, o = sigmoid(W x + U h + b),  c~ = tanh(W x + U h + b)
     c = f c + i c~,  h = o tanh(c),  logits = V h + b
   and where the net is normed, the layer above and the output read, of H units,

     n = (h - mean(h)) / sqrt(mean(h^2) - mean(h)^2 + 1 / 127^2)

   Source: Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000;
   Ba, Kiros and Hinton 2016.

   It reads the weights of a Model as numbers (whole number times scale times
   the steps in one) and may round what it remembers to steps of 1/127, and n to
   steps of 1/24, as the engine does.
*/
#ifndef PERPETUO_TESTS_REFERENCE_LSTM_H
#define PERPETUO_TESTS_REFERENCE_LSTM_H

#include "nn/model.h"
#include "nn/net.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  const Model* model;
  NetShape     shape;
  bool         rounds; ///< Whether hidden units are rounded
  double*      hidden; ///< (L, H)
  double*      cell;   ///< (L, H)
  double*      up;     ///< (H), what the last layer handed up
} Reference;

/// Ends the program when there is no memory
void
reference_init(Reference*      reference,
               const Model*    model,
               const NetShape* shape,
               bool            rounds);

void
reference_clear(Reference* reference);

/**
   One step of one sequence.

   @param hot (K), @param dense (D) in steps of 1/127, @param logits (V).
*/
void
reference_step(Reference*      reference,
               const uint16_t* hot,
               const int8_t*   dense,
               double*         logits);

#endif // PERPETUO_TESTS_REFERENCE_LSTM_H
