// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Small models of the right shapes and random contents, for tests that need
   something to compose with.

   They are functions of their seed alone, the same on every machine.  What
   they compose is no music, but it is valid, varied and quickly there.
*/
#ifndef PERPETUO_TESTS_TINY_MODELS_H
#define PERPETUO_TESTS_TINY_MODELS_H

#include "base/status.h"
#include "compose/model_folder.h"

#include <stdint.h>

/// A model file; zeros and nulls stand for what is right
typedef struct {
  ModelJob    job;
  Part        part;
  uint64_t    seed;
  uint32_t    n_layers;      ///< 1
  uint32_t    n_hidden;      ///< 24
  uint32_t    n_more_inputs; ///< More hot inputs than the vocabulary has
  const char* kind;
  const char* part_name;
  const char* vocab_version;
  const char* styles;
} TinyModel;

/// Write one model file
NODISCARD Status
tiny_model_write(const TinyModel* tiny, const char* path, Trouble* trouble);

/// Write melody.safetensors, drums.safetensors, gate_melody.safetensors and
/// gate_drums.safetensors into a folder that is there
NODISCARD Status
tiny_models_write(const char* folder, uint64_t seed, Trouble* trouble);

#endif // PERPETUO_TESTS_TINY_MODELS_H
