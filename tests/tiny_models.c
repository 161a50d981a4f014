// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/tiny_models.h"

#include "base/rng.h"
#include "compose/gate.h"
#include "compose/vocab.h"
#include "music/style.h"
#include "nn/model_file.h"
#include "tests/net_tensors.h"

#include <stdio.h>
#include <string.h>

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
                                  : vocab_n_tokens(tiny->part),
                          0U};

  NetTensors list;
  char       styles[512];
  char       version[12];
  net_tensors_init(&list, &shape);
  list_styles(styles, sizeof(styles));
  snprintf(version, sizeof(version), "%u", VOCAB_VERSION);

  ModelText texts[NET_N_SIZES + 5U] = {
    {"kind", either(tiny->kind, is_gate ? "gate" : "generator")},
    {"part",
     either(tiny->part_name, tiny->part == PART_MELODY ? "melody" : "drums")},
    {"vocab_version", either(tiny->vocab_version, version)},
    {"styles", either(tiny->styles, styles)},
    {"card", "Random weights, for tests"},
  };
  memcpy(texts + 5U, list.sizes, sizeof(list.sizes));

  Model* model = NULL;
  Status st = model_new(list.specs, list.n, texts, 5U + list.n_sizes, &model);
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
