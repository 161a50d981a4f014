// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/tiny_models.h"

#include "base/rng.h"
#include "compose/gate.h"
#include "compose/vocab.h"
#include "music/style.h"
#include "nn/model_file.h"

#include <stdio.h>
#include <string.h>

#define MAX_TENSORS (5U * NET_MAX_LAYERS + 3U)

typedef struct {
  char       names[MAX_TENSORS][24];
  TensorSpec specs[MAX_TENSORS];
  uint32_t   n;
} List;

static void
add(List* const       list,
    const char* const name,
    const TensorType  type,
    const uint32_t    n_rows,
    const uint32_t    n_columns)
{
  TensorSpec* const spec = &list->specs[list->n];
  memset(spec, 0, sizeof(*spec));
  snprintf(list->names[list->n], sizeof(list->names[0]), "%s", name);
  spec->name     = list->names[list->n++];
  spec->type     = type;
  spec->rank     = n_columns ? 2U : 1U;
  spec->shape[0] = n_rows;
  spec->shape[1] = n_columns;
}

static void
add_rows(List* const       list,
         const char* const name,
         const uint32_t    n_rows,
         const uint32_t    n_columns)
{
  char scale[24];
  snprintf(scale, sizeof(scale), "%.16s.scale", name);
  add(list, name, TENSOR_I8, n_rows, n_columns);
  add(list, scale, TENSOR_F32, n_rows, 0U);
}

static void
add_all(List* const list, const NetShape* const shape)
{
  const uint32_t H = shape->n_hidden;
  const uint32_t I = shape->n_hot_inputs + shape->n_dense;
  char           name[24];
  list->n = 0U;
  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    snprintf(name, sizeof(name), "lstm%u.w_in", l);
    add_rows(list, name, 4U * H, l ? H : I);
    snprintf(name, sizeof(name), "lstm%u.w_hid", l);
    add_rows(list, name, 4U * H, H);
    snprintf(name, sizeof(name), "lstm%u.bias", l);
    add(list, name, TENSOR_F32, 4U * H, 0U);
  }
  add_rows(list, "out.w", shape->n_out, H);
  add(list, "out.bias", TENSOR_F32, shape->n_out, 0U);
}

/// Weights up to about 1.5 and biases up to 1, exact in floats
static void
fill(const Tensor* const tensor, const uint64_t key)
{
  const bool     is_scale = strstr(tensor->name, "scale");
  const uint32_t n        = (uint32_t)tensor_size(tensor);
  int8_t* const  whole    = (int8_t*)tensor->data;
  float* const   number   = (float*)tensor->data;

  for (uint32_t i = 0U; tensor->type == TENSOR_I8 && i < n; ++i) {
    whole[i] = (int8_t)((int32_t)rng_below(key, i, 255U) - 127);
  }
  for (uint32_t i = 0U; tensor->type == TENSOR_F32 && i < n / 4U; ++i) {
    const float part = (float)rng_below(key, i, 1U << 16U);
    number[i]        = is_scale ? (part + 32768.0f) / (16384.0f * 65536.0f)
                                : (part - 32768.0f) / 32768.0f;
  }
}

static void
list_styles(char* const to, const size_t room)
{
  size_t n = 0U;
  for (int i = 0; i < N_STYLES; ++i) {
    n += (size_t)snprintf(
      to + n, room - n, "%s%s", i ? "," : "", style_row((Style)i)->symbol);
  }
}

static const char*
either(const char* const given, const char* const right)
{
  return given ? given : right;
}

Status
tiny_model_write(const TinyModel* const tiny,
                 const char* const      path,
                 Trouble* const         trouble)
{
  const bool     is_gate = tiny->job == MODEL_GATE;
  const NetShape shape = {vocab_n_hot_inputs(tiny->part) + tiny->n_more_inputs,
                          vocab_n_hot(tiny->part),
                          N_DENSE,
                          tiny->n_layers ? tiny->n_layers : 1U,
                          tiny->n_hidden ? tiny->n_hidden : 24U,
                          is_gate ? (uint32_t)N_GATE_CLASSES
                                  : vocab_n_tokens(tiny->part)};

  List list;
  add_all(&list, &shape);

  const uint32_t sizes[6] = {shape.n_hot_inputs,
                             shape.n_hot,
                             shape.n_dense,
                             shape.n_layers,
                             shape.n_hidden,
                             shape.n_out};
  char           numbers[7][12];
  char           styles[512];
  list_styles(styles, sizeof(styles));
  for (uint32_t i = 0U; i < 6U; ++i) {
    snprintf(numbers[i], sizeof(numbers[i]), "%u", sizes[i]);
  }
  snprintf(numbers[6], sizeof(numbers[6]), "%u", VOCAB_VERSION);

  const ModelText texts[] = {
    {"n_hot_inputs", numbers[0]},
    {"n_hot", numbers[1]},
    {"n_dense", numbers[2]},
    {"n_layers", numbers[3]},
    {"n_hidden", numbers[4]},
    {"n_out", numbers[5]},
    {"kind", either(tiny->kind, is_gate ? "gate" : "generator")},
    {"part",
     either(tiny->part_name, tiny->part == PART_MELODY ? "melody" : "drums")},
    {"vocab_version", either(tiny->vocab_version, numbers[6])},
    {"styles", either(tiny->styles, styles)},
    {"card", "Random weights, for tests"},
  };

  Model* model = NULL;
  Status st    = model_new(
    list.specs, list.n, texts, sizeof(texts) / sizeof(texts[0]), &model);
  if (!st) {
    const uint64_t key = rng_key(rng_seed(tiny->seed), tiny->part);
    for (uint32_t i = 0U; i < list.n; ++i) {
      fill(model_tensor(model, i), rng_key(rng_key(key, tiny->job), i));
    }
    st = model_save(path, model, trouble);
  }
  model_free(model);
  return st;
}

Status
tiny_models_write(const char* const folder,
                  const uint64_t    seed,
                  Trouble* const    trouble)
{
  Status st = STATUS_SUCCESS;
  for (unsigned i = 0U; !st && i < N_PARTS * N_MODEL_JOBS; ++i) {
    const TinyModel tiny = {.job  = (ModelJob)(i / N_PARTS),
                            .part = (Part)(i % N_PARTS),
                            .seed = seed};
    char            name[MODEL_FOLDER_MAX_NAME];
    char            path[1024];
    model_folder_name(tiny.job, tiny.part, name);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    st = tiny_model_write(&tiny, path, trouble);
  }
  return st;
}
