// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The tensors and the sizes that a net's model has, for tests that make some
#ifndef PERPETUO_TESTS_NET_TENSORS_H
#define PERPETUO_TESTS_NET_TENSORS_H

#include "nn/model.h"
#include "nn/net.h"

#include <stdio.h>
#include <string.h>

#define NET_MAX_TENSORS (5U * NET_MAX_LAYERS + 3U)
#define NET_N_SIZES 7U

typedef struct {
  char       names[NET_MAX_TENSORS][24];
  TensorSpec specs[NET_MAX_TENSORS];
  uint32_t   n;
  uint32_t   n_sizes; ///< One less for a net that is not normed
  char       numbers[NET_N_SIZES][12];
  ModelText  sizes[NET_N_SIZES]; ///< As metadata; views of `numbers`
} NetTensors;

static inline void
net_tensors_add(NetTensors* const self,
                const char* const name,
                const TensorType  type,
                const uint32_t    n_rows,
                const uint32_t    n_columns)
{
  TensorSpec* const spec = &self->specs[self->n];

  memset(spec, 0, sizeof(*spec));
  snprintf(self->names[self->n], sizeof(self->names[0]), "%s", name);
  spec->name     = self->names[self->n++];
  spec->type     = type;
  spec->rank     = n_columns ? 2U : 1U;
  spec->shape[0] = n_rows;
  spec->shape[1] = n_columns;
}

/// A product's weights and their scales
static inline void
net_tensors_add_rows(NetTensors* const self,
                     const char* const name,
                     const uint32_t    n_rows,
                     const uint32_t    n_columns)
{
  char scale[24];
  snprintf(scale, sizeof(scale), "%.16s.scale", name);
  net_tensors_add(self, name, TENSOR_I8, n_rows, n_columns);
  net_tensors_add(self, scale, TENSOR_F32, n_rows, 0U);
}

/// All that a net of a shape has.  Not to be moved afterwards.
static inline void
net_tensors_init(NetTensors* const self, const NetShape* const shape)
{
  const uint32_t H = shape->n_hidden;
  const uint32_t I = shape->n_hot_inputs + shape->n_dense;
  char           name[24];
  self->n = 0U;
  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    snprintf(name, sizeof(name), "lstm%u.w_in", l);
    net_tensors_add_rows(self, name, 4U * H, l ? H : I);
    snprintf(name, sizeof(name), "lstm%u.w_hid", l);
    net_tensors_add_rows(self, name, 4U * H, H);
    snprintf(name, sizeof(name), "lstm%u.bias", l);
    net_tensors_add(self, name, TENSOR_F32, 4U * H, 0U);
  }
  net_tensors_add_rows(self, "out.w", shape->n_out, H);
  net_tensors_add(self, "out.bias", TENSOR_F32, shape->n_out, 0U);

  const struct {
    const char* key;
    uint32_t    size;
  } rows[NET_N_SIZES] = {{"n_hot_inputs", shape->n_hot_inputs},
                         {"n_hot", shape->n_hot},
                         {"n_dense", shape->n_dense},
                         {"n_layers", shape->n_layers},
                         {"n_hidden", shape->n_hidden},
                         {"n_out", shape->n_out},
                         {"is_normed", shape->is_normed}};

  self->n_sizes = NET_N_SIZES - !shape->is_normed;
  for (uint32_t i = 0U; i < NET_N_SIZES; ++i) {
    snprintf(self->numbers[i], sizeof(self->numbers[i]), "%u", rows[i].size);
    self->sizes[i] = (ModelText){rows[i].key, self->numbers[i]};
  }
}

#endif // PERPETUO_TESTS_NET_TENSORS_H
