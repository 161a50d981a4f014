// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What the trainer learns from: sequences of steps, already as numbers.

   A step has K hot inputs (nn/net.h), a row of D dense inputs, and a target
   class, or NO_TARGET where nothing is to be predicted.  The trainer knows no
   music: the corpus reader fills this in.
*/
#ifndef PERPETUO_LEARN_DATASET_H
#define PERPETUO_LEARN_DATASET_H

#include "base/status.h"

#include <stdint.h>

#define NO_TARGET UINT16_MAX

typedef enum { SPLIT_TRAIN, SPLIT_HELD_OUT, N_SPLITS } Split;

/// One run of steps; a net starts it with an empty memory
typedef struct {
  uint32_t i_step;  ///< Its first step in the arrays of the Dataset
  uint32_t n_steps; ///< At least 1
  uint32_t i_piece; ///< The piece it is from: no piece is in both splits
  uint16_t group;   ///< What held-out loss is listed by (the style)
  uint8_t  split;   ///< A Split
  float    weight;  ///< How often it is drawn in training, relative to others
} Sequence;

/// A growing set of sequences; owns its arrays
typedef struct {
  uint32_t  n_hot_inputs; ///< As in NetShape
  uint32_t  n_hot;        ///< K
  uint32_t  n_dense;      ///< D
  uint32_t  n_classes;    ///< V, number of targets
  uint32_t  n_steps;
  uint32_t  n_rows;
  uint32_t  n_sequences;
  uint16_t* hot;      ///< (n_steps, K)
  uint16_t* target;   ///< (n_steps), below n_classes, or NO_TARGET
  uint32_t* row;      ///< (n_steps), which row of `dense` holds at the step
  int8_t*   dense;    ///< (n_rows, D), steps of 1/127
  Sequence* sequence; ///< (n_sequences)
  uint32_t  step_room, row_room, sequence_room; ///< Allocated lengths
} Dataset;

/// An empty set of those sizes; no memory is taken yet
void
dataset_init(Dataset* set,
             uint32_t n_hot_inputs,
             uint32_t n_hot,
             uint32_t n_dense,
             uint32_t n_classes);

/// Free the arrays; a zeroed set is allowed
void
dataset_clear(Dataset* set);

/// Append a dense row, or find it again if it equals the last one;
/// `*i_row` says where it is.  STATUS_NO_MEM.
NODISCARD Status
dataset_add_row(Dataset* set, const int8_t* dense, uint32_t* i_row);

/// Append one step.  @param hot (K).  STATUS_NO_MEM, STATUS_BAD_ARG when an
/// index is too large.
NODISCARD Status
dataset_add_step(Dataset*        set,
                 const uint16_t* hot,
                 uint32_t        i_row,
                 uint16_t        target);

/// Make a sequence of the last `n_steps` steps.  STATUS_NO_MEM.
NODISCARD Status
dataset_add_sequence(Dataset* set, Sequence sequence);

#endif // PERPETUO_LEARN_DATASET_H
