// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A model: named tensors, each a block of memory, and named texts.

   It comes from a safetensors file (nn/model_file.h) or is put together by
   the trainer; who computes with it takes views of its tensors.
*/
#ifndef PERPETUO_NN_MODEL_H
#define PERPETUO_NN_MODEL_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define MODEL_MAX_RANK 4U

typedef enum { TENSOR_I8, TENSOR_F32, TENSOR_U64, N_TENSOR_TYPES } TensorType;

/// A named array of numbers, row-major; `data` belongs to its Model, and is
/// null once it was dropped
typedef struct {
  const char* name;
  TensorType  type;
  uint32_t    rank;
  uint32_t    shape[MODEL_MAX_RANK];
  void*       data;
} Tensor;

typedef struct Model Model;

/// What model_new makes a tensor from
typedef struct {
  const char* name;
  TensorType  type;
  uint32_t    rank;
  uint32_t    shape[MODEL_MAX_RANK];
} TensorSpec;

/// A metadata entry: a key and its text
typedef struct {
  const char* key;
  const char* text;
} ModelText;

/**
   A model of zeros with those tensors and texts, all copied.

   @return STATUS_NO_MEM, or STATUS_BAD_ARG for a name twice, an empty shape or
   a size that overflows.
*/
NODISCARD Status
model_new(const TensorSpec* tensors,
          uint32_t          n_tensors,
          const ModelText*  texts,
          uint32_t          n_texts,
          Model**           model);

/// Null is allowed
void
model_free(Model* model);

uint32_t
model_n_tensors(const Model* model);

/// Free the data of the `i`th tensor, of which there is a copy elsewhere.  The
/// model has no id after that.
void
model_drop(Model* model, uint32_t i);

const Tensor*
model_tensor(const Model* model, uint32_t i);

/// The tensor of that name, or null
const Tensor*
model_find(const Model* model, const char* name);

uint32_t
model_n_texts(const Model* model);

/// The `i`th metadata entry
ModelText
model_text_at(const Model* model, uint32_t i);

/// The text of that key, or null
const char*
model_text(const Model* model, const char* key);

/// The whole number that a metadata key states, or `fallback`
uint32_t
model_number(const Model* model, const char* key, uint32_t fallback);

/// Number of bytes of a tensor's data
size_t
tensor_size(const Tensor* tensor);

/**
   A model's id: a hash of all tensors (names, types, shapes, data) and of the
   metadata that decides music (all but `card` texts: keys that begin with
   "card"); the same for any order of tensors in the file.
*/
uint64_t
model_id(const Model* model);

#endif // PERPETUO_NN_MODEL_H
