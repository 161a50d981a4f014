// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Lie to the reader of model files, and to what makes a net of what it read.

   With clang -fsanitize=fuzzer and -DFUZZING it is a libFuzzer target; else a
   program that reads the files it is given once, such as those of models/.
*/

#include "tests/check.h"
#include "tests/fuzz.h"

#include "nn/model_file.h"
#include "nn/net.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// Nets of more numbers than this are made, but not run
#define MAX_RUN 20000U

/// What holds of every model that was read
static void
check_model(const Model* const model, const size_t n_bytes)
{
  size_t n_data = 0U;
  for (uint32_t i = 0U; i < model_n_tensors(model); ++i) {
    const Tensor* const t = model_tensor(model, i);
    CHECK(t->rank && t->rank <= MODEL_MAX_RANK && tensor_size(t));
    CHECK((unsigned)t->type < N_TENSOR_TYPES);
    CHECK(model_find(model, t->name) == t);
    CHECK(tensor_size(t) <= n_bytes - n_data);
    n_data += tensor_size(t);
    for (uint32_t k = 0U; t->type == TENSOR_F32 && k < tensor_size(t) / 4U;
         ++k) {
      CHECK(isfinite(((const float*)t->data)[k]));
    }
  }
  for (uint32_t i = 0U; i < model_n_texts(model); ++i) {
    const ModelText text = model_text_at(model, i);
    CHECK(model_text(model, text.key) == text.text);
  }
  CHECK(model_id(model));
}

/// One step with the last of the hot inputs
static void
run_net(const Net* const net)
{
  const NetShape* const shape  = net_shape(net);
  NetState* const       state  = net_state_new(net, 1U);
  uint16_t* const       hot    = (uint16_t*)calloc(shape->n_hot + 1U, 2U);
  int8_t* const         dense  = (int8_t*)calloc(shape->n_dense + 1U, 1U);
  float* const          logits = (float*)calloc(shape->n_out, sizeof(float));
  CHECK(state && hot && dense && logits);
  for (uint32_t i = 0U; i < shape->n_hot; ++i) {
    hot[i] = (uint16_t)(shape->n_hot_inputs - 1U);
  }
  memset(dense, -128, shape->n_dense);
  net_condition(net, state, dense);
  net_step(net, state, hot, logits);
  net_step(net, state, hot, logits);
  for (uint32_t v = 0U; v < shape->n_out; ++v) {
    CHECK(isfinite(logits[v]));
  }
  free(logits);
  free(dense);
  free(hot);
  net_state_free(state);
}

static void
use_model(const Model* const model)
{
  Trouble      trouble = {""};
  Net*         net     = NULL;
  const Status st      = net_new(model, &net, &trouble);
  CHECK(st ? !net && trouble.text[0] : net != NULL);
  if (!st) {
    const NetShape* const s = net_shape(net);
    if (s->n_hot < MAX_RUN && s->n_dense < MAX_RUN && s->n_out < MAX_RUN &&
        s->n_hot_inputs < UINT16_MAX) {
      run_net(net);
    }
  }
  net_free(net);
}

int
LLVMFuzzerTestOneInput(const uint8_t* const bytes, const size_t n_bytes)
{
  Trouble      trouble = {""};
  Model*       model   = NULL;
  const Status st      = model_parse(bytes, n_bytes, &model, &trouble);
  CHECK(st ? !model && trouble.text[0] : model != NULL);
  if (!st) {
    check_model(model, n_bytes);
    use_model(model);
  }
  model_free(model);
  if (check_n_failed || check_n_bad) {
    abort();
  }
  return 0;
}
