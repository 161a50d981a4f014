// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Everything that must survive when a training run is killed, as a file.

   The file is a safetensors file (nn/model_file.h), written whole or not at
   all.  A run that goes on from it ends at the same bits as one that was never
   interrupted.
*/
#ifndef PERPETUO_TOOLS_TRAIN_CHECKPOINT_H
#define PERPETUO_TOOLS_TRAIN_CHECKPOINT_H

#include "base/status.h"
#include "learn/blas.h"

#include <stddef.h>
#include <stdint.h>

/// Where a stream of training data has got to
typedef struct {
  uint32_t i_sequence; ///< In the Dataset
  uint32_t n_read;     ///< Steps of it that were read
  uint32_t n_drawn;    ///< Sequences this stream has begun
} Stream;

/// One line of the log
typedef struct {
  uint64_t n_steps;  ///< Optimiser steps made
  double   seconds;  ///< Of training, over all runs
  double   train;    ///< Mean training loss since the mark before
  double   held_out; ///< Nats per event, or negative where not measured
  double   weighted; ///< The same, events counted by their weight
  double   rate;     ///< Learning rate
} Mark;

/// A training run between two steps; owns its arrays
typedef struct {
  size_t   n_weights;
  uint32_t n_streams; ///< B
  uint32_t n_memory;  ///< L * H, what a stream remembers twice
  Real*    weights;   ///< (n_weights)
  Real*    average;   ///< (n_weights) of the weights of late steps
  Real*    best;      ///< (n_weights) with the lowest held-out loss so far
  Real*    first;     ///< (n_weights) first moments
  Real*    second;    ///< (n_weights) second moments
  Real*    hidden;    ///< (B, L, H)
  Real*    cell;      ///< (B, L, H)
  Stream*  stream;    ///< (B)
  uint64_t identity;  ///< Of data and options; a file of another is refused
  uint64_t n_steps;   ///< Optimiser steps made
  uint64_t best_step; ///< Where `best` is from; 0 for none yet
  uint64_t n_worse;   ///< Evaluations since then
  uint64_t n_events;  ///< Targets read in all
  uint64_t n_summed;  ///< Targets in `loss_sum`
  double   loss_sum;  ///< Training loss since the last mark
  double   best_loss; ///< What early stopping goes by
  double   seconds;   ///< Time spent
  uint64_t done;      ///< 1 when the run has come to its end
  Mark*    mark;      ///< (n_marks)
  uint32_t n_marks;
  uint32_t mark_room;
} Checkpoint;

/// A state of zeros.  STATUS_NO_MEM.
NODISCARD Status
checkpoint_init(Checkpoint* checkpoint,
                size_t      n_weights,
                uint32_t    n_streams,
                uint32_t    n_memory);

/// Free the arrays; a zeroed one is allowed
void
checkpoint_clear(Checkpoint* checkpoint);

/// Append a line of the log.  STATUS_NO_MEM.
NODISCARD Status
checkpoint_mark(Checkpoint* checkpoint, Mark mark);

/// STATUS_NO_WRITE or STATUS_NO_MEM
NODISCARD Status
checkpoint_save(const char*       path,
                const Checkpoint* checkpoint,
                Trouble*          trouble);

/**
   Read a state into `checkpoint`, whose sizes and identity say what is wanted.

   @return STATUS_NO_FILE, STATUS_BAD_FILE, or STATUS_MISMATCH when it is of a
   run with other data or options; `checkpoint` is changed only on success.
*/
NODISCARD Status
checkpoint_load(const char* path, Checkpoint* checkpoint, Trouble* trouble);

#endif // PERPETUO_TOOLS_TRAIN_CHECKPOINT_H
