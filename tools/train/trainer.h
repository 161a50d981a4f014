// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The training run: streams of music into windows, windows into steps, steps
   into a net; held-out loss now and then; checkpoints on the way.

   A run is a function of data, options and seed.  What it does does not depend
   on when it was interrupted, and with the same number of threads it ends at
   the same bits.
*/
#ifndef PERPETUO_TOOLS_TRAIN_TRAINER_H
#define PERPETUO_TOOLS_TRAIN_TRAINER_H

#include "base/status.h"
#include "learn/dataset.h"
#include "learn/held_out.h"
#include "learn/lstm_train.h"
#include "nn/model.h"
#include "tools/train/checkpoint.h"
#include "tools/train/progress.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint32_t n_hidden;  ///< H
  uint32_t n_layers;  ///< L
  uint32_t is_normed; ///< 1 to normalise what each layer hands up
  uint32_t n_streams; ///< B, sequences side by side
  uint32_t n_window;  ///< T, steps that a gradient reaches back
  uint64_t n_steps;   ///< Planned optimiser steps; 0 to go by n_epochs
  double   n_epochs;  ///< Readings of the training split
  double   rate;      ///< Highest learning rate
  double   floor;     ///< Share of the rate that is left at the end
  uint64_t n_warmup;  ///< Steps of rising rate
  double   decay;     ///< Weight decay
  double   clip;      ///< Largest norm of a gradient
  double   dropout;   ///< Share of each layer's outputs that are left out
  double   average;   ///< Share of the average that a step leaves; 0 for none
  uint64_t seed;
  uint32_t n_threads;
  uint64_t n_patience;   ///< Evaluations without a better loss; 0 for no end
  uint64_t n_evaluate;   ///< Steps between evaluations; 0 to choose
  uint64_t n_held_out;   ///< Most held-out steps that an evaluation reads
  double   checkpoint_s; ///< Seconds between checkpoints
} TrainOptions;

/// What a musician need not think about
TrainOptions
train_options_default(void);

/// STATUS_BAD_ARG with a sentence when an option is outside of its range
NODISCARD Status
train_options_check(const TrainOptions* options, Trouble* trouble);

/// Where a run leaves its traces; null paths leave none
typedef struct {
  const char* checkpoint; ///< File to save to, and to go on from
  const char* log;        ///< train.tsv
  const char* curve;      ///< A picture of the losses
  const char* title;      ///< Written above the picture
  double      trigram;    ///< Held-out loss to compare with; 0 for none
  double      fivegram;
} TrainerTraces;

/// Why trainer_run came back
typedef enum {
  END_PLANNED,     ///< All planned steps were made
  END_PATIENCE,    ///< Held-out loss has stopped falling
  END_INTERRUPTED, ///< `*stop` was set; the run can go on later
} TrainerEnd;

typedef struct Trainer Trainer;

/**
   A trainer for `set`, which must outlive it.

   @return STATUS_BAD_ARG with a sentence when an option or the set cannot be
   used (an index out of range, nothing to learn from), or STATUS_NO_MEM.
*/
NODISCARD Status
trainer_new(const Dataset*      set,
            const TrainOptions* options,
            Trainer**           trainer,
            Trouble*            trouble);

/**
   Begin where a rounded model ended, in all but the output layer, which is new.

   To be called before anything is learned or resumed.
   @return STATUS_MISMATCH with a sentence when it is of other sizes.
*/
NODISCARD Status
trainer_begin_from(Trainer* trainer, const Model* model, Trouble* trouble);

/// Null is allowed
void
trainer_free(Trainer* trainer);

/// Steps that the run plans to make
uint64_t
trainer_n_steps(const Trainer* trainer);

/// The state of the run; valid until the next call
const Checkpoint*
trainer_state(const Trainer* trainer);

const Layout*
trainer_layout(const Trainer* trainer);

/// The held-out sequences that evaluations read
const uint32_t*
trainer_held_out(const Trainer* trainer, uint32_t* n);

/// Go on from a checkpoint file.  As checkpoint_load.
NODISCARD Status
trainer_resume(Trainer* trainer, const char* path, Trouble* trouble);

/// Make one optimiser step.  @return its mean training loss, in nats.
double
trainer_step(Trainer* trainer);

/// Measure `weights` (trainer_layout) on a list of sequences, without dropout
void
trainer_evaluate(Trainer*        trainer,
                 const Real*     weights,
                 const uint32_t* list,
                 uint32_t        n_list,
                 Score*          score);

/**
   Train to the end, or until `*stop` is not 0.

   A checkpoint is saved every `checkpoint_s` seconds, when stopped, and at the
   end.  @return STATUS_NO_WRITE, STATUS_NO_MEM, or STATUS_REJECTED when losses
   are no longer numbers.
*/
NODISCARD Status
trainer_run(Trainer*                     trainer,
            const TrainerTraces*         traces,
            Progress*                    progress,
            const volatile sig_atomic_t* stop,
            TrainerEnd*                  end,
            Trouble*                     trouble);

#endif // PERPETUO_TOOLS_TRAIN_TRAINER_H
