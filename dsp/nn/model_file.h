// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Model files: safetensors, read and written.

   The file is an 8-byte little-endian length N, N bytes of JSON, then data.
   The JSON is one object: for each tensor its "dtype" ("I8", "F32", "U64"),
   "shape" and "data_offsets" [begin, end) into the data, and under
   "__metadata__" texts by key.  Everything is checked before it is used: a
   file may come from anywhere.
*/
#ifndef PERPETUO_NN_MODEL_FILE_H
#define PERPETUO_NN_MODEL_FILE_H

#include "nn/model.h"

/// Largest file that is read, in bytes
#define MODEL_FILE_MAX (1U << 28U)

/**
   Read a model from bytes in memory (the fuzz target's way in).

   @return STATUS_BAD_FILE with the reason in `trouble`, or STATUS_NO_MEM;
   `*model` is written only on success.
   Thread: worker, tools.
*/
NODISCARD Status
model_parse(const uint8_t* bytes,
            size_t         n_bytes,
            Model**        model,
            Trouble*       trouble);

/// Read a model file.  As model_parse, and STATUS_NO_FILE; `trouble` names the
/// path.
NODISCARD Status
model_load(const char* path, Model** model, Trouble* trouble);

/// Write a model file, whole or not at all: a temporary file beside it is
/// written, synced and renamed.  @return STATUS_NO_WRITE or STATUS_NO_MEM.
NODISCARD Status
model_save(const char* path, const Model* model, Trouble* trouble);

#endif // PERPETUO_NN_MODEL_FILE_H
