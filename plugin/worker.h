// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The line between threads: a job goes out, exactly one answer comes back.

   A job is small: it names a slot of the plan, in which the request already
   lies and into which the phrase is written.  The composer lives on this side
   of the line only.  The audio thread sends a job when no other is out, so two
   works at once are rare (an export that begins while a phrase is composed);
   then one waits for the other.
*/
#ifndef PERPETUO_PLUGIN_WORKER_H
#define PERPETUO_PLUGIN_WORKER_H

#include "base/status.h"
#include "compose/composer.h"
#include "play/plan.h"
#include "plugin/box.h"
#include "plugin/log.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
  JOB_COMPOSE, ///< Compose what slot `i_slot` asks for
  JOB_LOAD     ///< Load the models `wanted`; keep the old ones if that fails
} JobKind;

typedef struct {
  uint32_t kind;
  uint32_t i_slot;
  uint32_t serial;
  uint32_t unused; ///< Always 0
  ModelIds wanted;
} Job;

typedef struct {
  uint32_t kind;
  uint32_t i_slot;
  uint32_t serial;
  uint32_t status; ///< A Status
} Answer;

/// Words of a Trouble, in a Box
#define WORKER_TROUBLE_N_WORDS ((uint32_t)(sizeof(Trouble) / 4U))

typedef struct {
  const Log*  log;
  char*       folder;   ///< Of the models
  Composer*   composer; ///< Null when there is none; whoever is busy has it
  atomic_flag is_busy;
  atomic_uint n_out;   ///< Jobs handed to the host and not done
  Box         in_use;  ///< ModelIds of `composer`, for anyone to read
  Trouble     said;    ///< Of the last loading; whoever is busy has it
  Box         trouble; ///< The same as a whole sentence, for anyone to read
} Worker;

/**
   Load the newest models of a folder.

   Without them the worker still stands, and says why in the log.
   @return STATUS_NO_MEM when it does not even stand.
   Thread: setup.
*/
NODISCARD Status
worker_init(Worker* worker, const char* bundle, const Log* log);

/**
   Let go of everything, once no job is out any more.

   One host frees an instance while it works, or is about to.  What is being
   done is waited for, and so is for a moment what has not begun: hosts that end
   their worker first never begin it.
   Thread: setup.
*/
void
worker_free(Worker* worker);

/// A job is about to be handed to the host (or was not taken).  Thread: audio.
REALTIME void
worker_count(Worker* worker, bool is_out);

/// Do a job.  Thread: worker, or the audio thread in an export.
Answer
worker_work(Worker* worker, Plan* plan, const Job* job);

/// The ids of the models in use, all 0 when there are none; false when they
/// are being changed just now.  Thread: any.
REALTIME bool
worker_models(Worker* worker, ModelIds* ids);

#endif // PERPETUO_PLUGIN_WORKER_H
