// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "nn/model.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// Tensors begin at multiples of this: a cache line, and any vector register
#define ALIGNMENT 64U

struct Model {
  uint32_t   n_tensors;
  uint32_t   n_texts;
  Tensor*    tensors; ///< (n_tensors)
  ModelText* texts;   ///< (n_texts)
  char*      names;   ///< All names, keys and texts, one after the other
  void**     blocks;  ///< (n_tensors) in which the data lies
};

static const size_t element_sizes[N_TENSOR_TYPES] = {
  [TENSOR_I8]  = 1U,
  [TENSOR_F32] = 4U,
  [TENSOR_U64] = 8U,
};

size_t
tensor_size(const Tensor* const tensor)
{
  size_t size = element_sizes[tensor->type];
  for (uint32_t d = 0U; d < tensor->rank; ++d) {
    size *= tensor->shape[d];
  }
  return size;
}

/// Whether a tensor can be; its number of bytes, rounded up to whole lines
static bool
spec_size(const TensorSpec* const spec, size_t* const size)
{
  if (!spec->name || (unsigned)spec->type >= N_TENSOR_TYPES || !spec->rank ||
      spec->rank > MODEL_MAX_RANK) {
    return false;
  }

  size_t product = element_sizes[spec->type];
  for (uint32_t d = 0U; d < spec->rank; ++d) {
    if (!spec->shape[d] || product > (SIZE_MAX / 4U) / spec->shape[d]) {
      return false;
    }
    product *= spec->shape[d];
  }

  *size = (product + ALIGNMENT - 1U) / ALIGNMENT * ALIGNMENT;
  return true;
}

/// Sum up what names and texts need; false when there can be no such model
static bool
measure(const TensorSpec* const tensors,
        const uint32_t          n_tensors,
        const ModelText* const  texts,
        const uint32_t          n_texts,
        size_t* const           n_names)
{
  size_t n_data = 0U;
  *n_names      = 1U;
  for (uint32_t i = 0U; i < n_tensors; ++i) {
    size_t size = 0U;
    if (!spec_size(&tensors[i], &size) || size > SIZE_MAX / 2U - n_data) {
      return false;
    }
    for (uint32_t j = 0U; j < i; ++j) {
      if (!strcmp(tensors[i].name, tensors[j].name)) {
        return false;
      }
    }
    n_data += size;
    *n_names += strlen(tensors[i].name) + 1U;
  }

  for (uint32_t i = 0U; i < n_texts; ++i) {
    if (!texts[i].key || !texts[i].text) {
      return false;
    }
    for (uint32_t j = 0U; j < i; ++j) {
      if (!strcmp(texts[i].key, texts[j].key)) {
        return false;
      }
    }
    *n_names += strlen(texts[i].key) + strlen(texts[i].text) + 2U;
  }
  return true;
}

/// Append a copy of `text` at `*end` and move that on
static const char*
keep_text(char** const end, const char* const text)
{
  char* const  copy = *end;
  const size_t size = strlen(text) + 1U;
  memcpy(copy, text, size);
  *end += size;
  return copy;
}

/// Zeros for a tensor, aligned; false when there is no memory
static bool
make_room(Tensor* const tensor, void** const block)
{
  *block = calloc(1U, tensor_size(tensor) + ALIGNMENT);
  if (!*block) {
    return false;
  }
  const uintptr_t past = (uintptr_t)*block % ALIGNMENT;
  tensor->data         = (char*)*block + (past ? ALIGNMENT - past : 0U);
  return true;
}

/// False when there is no memory
static bool
fill(Model* const            model,
     const TensorSpec* const tensors,
     const ModelText* const  texts)
{
  char* name = model->names;
  for (uint32_t i = 0U; i < model->n_tensors; ++i) {
    const TensorSpec* const spec   = &tensors[i];
    Tensor* const           tensor = &model->tensors[i];

    tensor->name = keep_text(&name, spec->name);
    tensor->type = spec->type;
    tensor->rank = spec->rank;
    memcpy(tensor->shape, spec->shape, spec->rank * sizeof(spec->shape[0]));
    if (!make_room(tensor, &model->blocks[i])) {
      return false;
    }
  }

  for (uint32_t i = 0U; i < model->n_texts; ++i) {
    model->texts[i].key  = keep_text(&name, texts[i].key);
    model->texts[i].text = keep_text(&name, texts[i].text);
  }
  return true;
}

Status
model_new(const TensorSpec* const tensors,
          const uint32_t          n_tensors,
          const ModelText* const  texts,
          const uint32_t          n_texts,
          Model** const           model)
{
  size_t n_names = 0U;
  if (!measure(tensors, n_tensors, texts, n_texts, &n_names)) {
    return STATUS_BAD_ARG;
  }

  Model* const fresh = (Model*)calloc(1U, sizeof(Model));
  if (!fresh) {
    return STATUS_NO_MEM;
  }

  fresh->n_tensors = n_tensors;
  fresh->n_texts   = n_texts;
  fresh->tensors   = (Tensor*)calloc((size_t)n_tensors + 1U, sizeof(Tensor));
  fresh->texts  = (ModelText*)calloc((size_t)n_texts + 1U, sizeof(ModelText));
  fresh->names  = (char*)calloc(1U, n_names);
  fresh->blocks = (void**)calloc((size_t)n_tensors + 1U, sizeof(void*));
  if (!fresh->tensors || !fresh->texts || !fresh->names || !fresh->blocks ||
      !fill(fresh, tensors, texts)) {
    model_free(fresh);
    return STATUS_NO_MEM;
  }

  *model = fresh;
  return STATUS_SUCCESS;
}

void
model_free(Model* const model)
{
  if (model) {
    for (uint32_t i = 0U; model->blocks && i < model->n_tensors; ++i) {
      free(model->blocks[i]);
    }
    free(model->blocks);
    free(model->names);
    free(model->texts);
    free(model->tensors);
    free(model);
  }
}

uint32_t
model_n_tensors(const Model* const model)
{
  return model->n_tensors;
}

void
model_drop(Model* const model, const uint32_t i)
{
  free(model->blocks[i]);
  model->blocks[i]       = NULL;
  model->tensors[i].data = NULL;
}

const Tensor*
model_tensor(const Model* const model, const uint32_t i)
{
  return &model->tensors[i];
}

const Tensor*
model_find(const Model* const model, const char* const name)
{
  for (uint32_t i = 0U; i < model->n_tensors; ++i) {
    if (!strcmp(model->tensors[i].name, name)) {
      return &model->tensors[i];
    }
  }
  return NULL;
}

uint32_t
model_n_texts(const Model* const model)
{
  return model->n_texts;
}

ModelText
model_text_at(const Model* const model, const uint32_t i)
{
  return model->texts[i];
}

const char*
model_text(const Model* const model, const char* const key)
{
  for (uint32_t i = 0U; i < model->n_texts; ++i) {
    if (!strcmp(model->texts[i].key, key)) {
      return model->texts[i].text;
    }
  }
  return NULL;
}

uint32_t
model_number(const Model* const model,
             const char* const  key,
             const uint32_t     fallback)
{
  const char* const text = model_text(model, key);
  if (!text || !text[0]) {
    return fallback;
  }

  uint64_t number = 0U;
  for (const char* c = text; *c; ++c) {
    if (*c < '0' || *c > '9') {
      return fallback;
    }
    number = number * 10U + (uint64_t)(*c - '0');
    if (number > UINT32_MAX) {
      return fallback;
    }
  }
  return (uint32_t)number;
}

/* The id: FNV-1a (Fowler, Noll and Vo), 64 bits, over
     for each tensor, by name:  name, 0, type, rank, shape (4 bytes each), data
     for each text, by key:     key, 0, text, 0
   with numbers as little-endian bytes, and 0 replaced by 1. */

#define FNV_BASIS UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x00000100000001B3)

static uint64_t
hash_bytes(uint64_t hash, const void* const bytes, const size_t n_bytes)
{
  const uint8_t* const b = (const uint8_t*)bytes;
  for (size_t i = 0U; i < n_bytes; ++i) {
    hash = (hash ^ b[i]) * FNV_PRIME;
  }
  return hash;
}

/// Hash the `size` low bytes of a number, the lowest first
static uint64_t
hash_number(uint64_t hash, uint64_t number, const size_t size)
{
  for (size_t i = 0U; i < size; ++i) {
    hash = (hash ^ (number & 0xFFU)) * FNV_PRIME;
    number >>= 8U;
  }
  return hash;
}

static uint64_t
hash_data(uint64_t hash, const Tensor* const tensor)
{
  const size_t size = element_sizes[tensor->type];
  const size_t n    = tensor_size(tensor) / size;
  if (tensor->type == TENSOR_I8) {
    return hash_bytes(hash, tensor->data, n);
  }

  const char* const data = (const char*)tensor->data;
  for (size_t i = 0U; i < n; ++i) {
    uint32_t low  = 0U;
    uint64_t wide = 0U;
    if (size == sizeof(low)) {
      memcpy(&low, data + i * size, sizeof(low));
      wide = low;
    } else {
      memcpy(&wide, data + i * size, sizeof(wide));
    }
    hash = hash_number(hash, wide, size);
  }
  return hash;
}

static uint64_t
hash_tensor(uint64_t hash, const Tensor* const tensor)
{
  hash = hash_bytes(hash, tensor->name, strlen(tensor->name) + 1U);
  hash = hash_number(hash, (uint64_t)tensor->type, 1U);
  hash = hash_number(hash, tensor->rank, 1U);
  for (uint32_t d = 0U; d < tensor->rank; ++d) {
    hash = hash_number(hash, tensor->shape[d], sizeof(tensor->shape[d]));
  }
  return hash_data(hash, tensor);
}

static uint64_t
hash_text(uint64_t hash, const ModelText* const text)
{
  hash = hash_bytes(hash, text->key, strlen(text->key) + 1U);
  return hash_bytes(hash, text->text, strlen(text->text) + 1U);
}

/// The tensor whose name comes next after `last` (null: the first), or null
static const Tensor*
next_tensor(const Model* const model, const Tensor* const last)
{
  const Tensor* next = NULL;
  for (uint32_t i = 0U; i < model->n_tensors; ++i) {
    const Tensor* const t = &model->tensors[i];
    if ((!last || strcmp(t->name, last->name) > 0) &&
        (!next || strcmp(t->name, next->name) < 0)) {
      next = t;
    }
  }
  return next;
}

/// The text that decides music whose key comes next after `last`, or null
static const ModelText*
next_text(const Model* const model, const ModelText* const last)
{
  const ModelText* next = NULL;
  for (uint32_t i = 0U; i < model->n_texts; ++i) {
    const ModelText* const t = &model->texts[i];
    if (strncmp(t->key, "card", 4U) &&
        (!last || strcmp(t->key, last->key) > 0) &&
        (!next || strcmp(t->key, next->key) < 0)) {
      next = t;
    }
  }
  return next;
}

uint64_t
model_id(const Model* const model)
{
  uint64_t hash = FNV_BASIS;
  for (const Tensor* t = NULL; (t = next_tensor(model, t));) {
    hash = hash_tensor(hash, t);
  }
  for (const ModelText* t = NULL; (t = next_text(model, t));) {
    hash = hash_text(hash, t);
  }
  return hash ? hash : 1U;
}
