// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/random_model.h"

#include "base/rng.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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

/// A product's weights and their scales
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
fill(const Tensor* const tensor, const uint64_t seed)
{
  const uint64_t key     = rng_key(seed, tensor->name[4]);
  const bool     is_bias = strstr(tensor->name, "bias");
  int8_t* const  whole   = (int8_t*)tensor->data;
  float* const   number  = (float*)tensor->data;
  const uint32_t n       = (uint32_t)tensor_size(tensor);

  if (tensor->type == TENSOR_I8) {
    for (uint32_t i = 0U; i < n; ++i) {
      whole[i] = (int8_t)((int32_t)rng_below(key, i, 255U) - 127);
    }
    return;
  }

  // A weight is up to about 0.25, a bias up to 1; exact in floats
  for (uint32_t i = 0U; i < n / 4U; ++i) {
    const float part = (float)rng_below(key, i, 1U << 16U);

    number[i] = is_bias ? (part - 32768.0f) / 32768.0f
                        : (part + 32768.0f) / (98304.0f * 65536.0f);
  }
}

Model*
random_model(const NetShape* const shape, const uint64_t seed)
{
  const uint32_t H = shape->n_hidden;
  const uint32_t I = shape->n_hot_inputs + shape->n_dense;

  List list;
  char name[24];
  list.n = 0U;
  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    snprintf(name, sizeof(name), "lstm%u.w_in", l);
    add_rows(&list, name, 4U * H, l ? H : I);
    snprintf(name, sizeof(name), "lstm%u.w_hid", l);
    add_rows(&list, name, 4U * H, H);
    snprintf(name, sizeof(name), "lstm%u.bias", l);
    add(&list, name, TENSOR_F32, 4U * H, 0U);
  }
  add_rows(&list, "out.w", shape->n_out, H);
  add(&list, "out.bias", TENSOR_F32, shape->n_out, 0U);

  const uint32_t sizes[6] = {shape->n_hot_inputs,
                             shape->n_hot,
                             shape->n_dense,
                             shape->n_layers,
                             shape->n_hidden,
                             shape->n_out};
  char           numbers[6][12];
  ModelText      texts[] = {{"n_hot_inputs", numbers[0]},
                            {"n_hot", numbers[1]},
                            {"n_dense", numbers[2]},
                            {"n_layers", numbers[3]},
                            {"n_hidden", numbers[4]},
                            {"n_out", numbers[5]},
                            {"part", "melody"},
                            {"card", "\"Random\"\\\n\t\x01 \xC3\xA9 weights"}};
  for (uint32_t i = 0U; i < 6U; ++i) {
    snprintf(numbers[i], sizeof(numbers[i]), "%u", sizes[i]);
  }

  Model* model = NULL;
  if (model_new(list.specs, list.n, texts, 8U, &model)) {
    fprintf(stderr, "No memory for a model\n");
    abort();
  }
  for (uint32_t i = 0U; i < list.n; ++i) {
    fill(model_tensor(model, i), rng_key(rng_seed(seed), i));
  }
  return model;
}

void
random_hot(const NetShape* const shape,
           const uint64_t        seed,
           const uint32_t        n_steps,
           uint16_t* const       hot)
{
  for (uint32_t i = 0U; i < n_steps * shape->n_hot; ++i) {
    hot[i] = (uint16_t)rng_below(rng_seed(seed), i, shape->n_hot_inputs);
  }
}

void
random_dense(const NetShape* const shape,
             const uint64_t        seed,
             int8_t* const         dense)
{
  for (uint32_t d = 0U; d < shape->n_dense; ++d) {
    dense[d] = (int8_t)((int32_t)rng_below(rng_seed(seed), d, 255U) - 127);
  }
  if (shape->n_dense > 1U) {
    dense[0] = 127;
    dense[1] = -127;
  }
}
