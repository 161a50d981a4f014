// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A folder of models: finding the one that is wanted, and seeing that it fits.

   Files are named "<part>*.safetensors" and "gate_<part>*.safetensors"; the
   plain name is the newest model, others are older ones that a project may
   still ask for by id.  What is found is shared by all in the process who found
   the same (compose/shelf.h).
*/
#ifndef PERPETUO_COMPOSE_MODEL_FOLDER_H
#define PERPETUO_COMPOSE_MODEL_FOLDER_H

#include "base/status.h"
#include "compose/quotes.h"
#include "compose/shelf.h"
#include "music/part.h"
#include "nn/model.h"
#include "nn/net.h"

#include <stdbool.h>
#include <stdint.h>

/// What a model is for
typedef enum { MODEL_GENERATOR, MODEL_GATE, N_MODEL_JOBS } ModelJob;

/// A model that is ready for work, shared with others; given back by
/// loaded_clear()
typedef struct {
  Shelved*   shelved;
  const Net* net;
  uint64_t   id;
  Quotes     quotes; ///< Of a melody's gate; empty without
} Loaded;

/// Longest name of a model in a folder, with its ending
#define MODEL_FOLDER_MAX_NAME 64U

/// The plain file name of a model: "gate_drums.safetensors".
/// @param name (MODEL_FOLDER_MAX_NAME).
void
model_folder_name(ModelJob job, Part part, char* name);

/**
   Load a model file and check that it is for this job, part and vocabulary.

   @return STATUS_NO_FILE, STATUS_BAD_FILE, STATUS_MISMATCH or STATUS_NO_MEM,
   with the reason; `*loaded` is written only on success.
   Thread: worker, setup, tools.
*/
NODISCARD Status
model_folder_read(const char* path,
                  ModelJob    job,
                  Part        part,
                  Loaded*     loaded,
                  Trouble*    trouble);

/**
   Find the model that is `wanted` by id, or else the plain-named one.

   @param wanted 0 for the plain-named one.
   @return As model_folder_read() of the plain-named one; when a wanted one
   cannot be found, that is a success all the same, with another id.
*/
NODISCARD Status
model_folder_find(const char* folder,
                  ModelJob    job,
                  Part        part,
                  uint64_t    wanted,
                  Loaded*     loaded,
                  Trouble*    trouble);

/// Say in one sentence which models that a project names were not found.
/// @param ids (n), up to one for each job and part; for none nothing is said.
void
model_folder_say_missing(const char*     folder,
                         const uint64_t* ids,
                         uint32_t        n,
                         Trouble*        trouble);

/// Give back what was loaded; a zeroed one is allowed.  Thread: worker, setup,
/// tools.
void
loaded_clear(Loaded* loaded);

#endif // PERPETUO_COMPOSE_MODEL_FOLDER_H
