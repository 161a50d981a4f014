// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/random_model.h"

#include "base/rng.h"
#include "tests/net_tensors.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
  NetTensors list;
  net_tensors_init(&list, shape);

  ModelText texts[NET_N_SIZES + 2U];
  memcpy(texts, list.sizes, sizeof(list.sizes));
  texts[list.n_sizes] = (ModelText){"part", "melody"};
  texts[list.n_sizes + 1U] =
    (ModelText){"card", "\"Random\"\\\n\t\x01 \xC3\xA9 weights"};

  Model* model = NULL;
  if (model_new(list.specs, list.n, texts, list.n_sizes + 2U, &model)) {
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
