// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "nn/net.h"

#include "nn/dense.h"
#include "nn/lstm.h"
#include "nn/norm.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Steps of 1/127 that a hot input counts for
#define HOT_STEPS 127

/// No gate and no logit may be able to grow beyond this
#define MAX_REACH 1e30

struct Net {
  NetShape shape;
  int16_t* hot_columns; ///< (n_hot_inputs, 4H): HOT_STEPS times the columns
  Product  dense;       ///< (4H, D): the dense columns of layer 0
  Lstm     lstm[NET_MAX_LAYERS];
  Dense    out;
};

struct NetState {
  uint32_t  room;     ///< Number of sequences there are,
  uint32_t  n;        ///< N, and of those that run
  uint32_t  n_layers; ///< L
  uint32_t  n_hidden; ///< H
  uint32_t  n_dense;  ///< D
  uint32_t  stride;   ///< Of hidden rows
  LstmState layer[NET_MAX_LAYERS];
  int8_t*   hidden;     ///< (L, N, stride)
  float*    cell;       ///< (L, N, H)
  int8_t*   dense;      ///< (D) with padding, scratch
  int32_t*  sums_dense; ///< (4H), what the dense inputs add
  int32_t*  sums_in;    ///< (N, 4H) scratch
  int32_t*  sums_hid;   ///< (N, 4H) scratch
  float*    gates;      ///< (4H) scratch
  int32_t*  sums_out;   ///< (N, V) scratch
  int8_t*   normed;     ///< (N, stride) what a layer hands up, scratch; null
                        ///< where that is its hidden units
};

/// What net_new works on
typedef struct {
  const Model* model;
  Net*         net;
  Trouble*     trouble;
} Builder;

static uint32_t
max_u32(const uint32_t a, const uint32_t b)
{
  return a > b ? a : b;
}

/* Sizes */

static const struct {
  const char* key;
  size_t      offset; ///< Of its field in a NetShape
  uint32_t    min;
  uint32_t    max;
  bool        is_optional; ///< And 0 when it is missing
} sizes[] = {
  {"n_hot_inputs",
   offsetof(NetShape, n_hot_inputs),
   0U,
   UINT16_MAX + 1U,
   false},
  {"n_hot", offsetof(NetShape, n_hot), 0U, UINT16_MAX + 1U, false},
  {"n_dense", offsetof(NetShape, n_dense), 0U, 1U << 20U, false},
  {"n_layers", offsetof(NetShape, n_layers), 1U, NET_MAX_LAYERS, false},
  {"n_hidden", offsetof(NetShape, n_hidden), 1U, NORM_MAX_UNITS, false},
  {"n_out", offsetof(NetShape, n_out), 1U, 1U << 20U, false},
  {"is_normed", offsetof(NetShape, is_normed), 0U, 1U, true},
};

static Status
read_shape(const Builder* const b)
{
  for (size_t i = 0U; i < sizeof(sizes) / sizeof(sizes[0]); ++i) {
    const char* const text = model_text(b->model, sizes[i].key);
    const uint32_t    size = !text && sizes[i].is_optional
                               ? 0U
                               : model_number(b->model, sizes[i].key, UINT32_MAX);
    if (size < sizes[i].min || size > sizes[i].max) {
      return trouble_say(b->trouble,
                         STATUS_BAD_FILE,
                         "The model's \"%s\" is %.24s, which should be a number"
                         " from %u to %u; train it again or take another",
                         sizes[i].key,
                         text ? text : "missing",
                         sizes[i].min,
                         sizes[i].max);
    }
    memcpy((char*)&b->net->shape + sizes[i].offset, &size, sizeof(size));
  }

  const NetShape* const s = &b->net->shape;
  if (!s->n_hot != !s->n_hot_inputs || !(s->n_hot + s->n_dense)) {
    return trouble_say(b->trouble,
                       STATUS_BAD_FILE,
                       "The model reads %u of %u hot inputs and %u dense ones,"
                       " which cannot be; train it again or take another",
                       s->n_hot,
                       s->n_hot_inputs,
                       s->n_dense);
  }
  return STATUS_SUCCESS;
}

/* Tensors */

/// Find a tensor of a given type and shape; `n_columns` is 0 for a vector
static Status
find(const Builder* const b,
     const char* const    name,
     const TensorType     type,
     const uint32_t       n_rows,
     const uint32_t       n_columns,
     const Tensor** const tensor)
{
  const Tensor* const t = model_find(b->model, name);
  if (!t) {
    return trouble_say(b->trouble,
                       STATUS_BAD_FILE,
                       "The model has no tensor \"%s\"; it is of another kind"
                       " or damaged",
                       name);
  }
  if (t->type != type || t->rank != (n_columns ? 2U : 1U) ||
      t->shape[0] != n_rows || (n_columns && t->shape[1] != n_columns)) {
    return trouble_say(b->trouble,
                       STATUS_BAD_FILE,
                       "The model's tensor \"%s\" is not of the type and shape"
                       " (%u, %u) that its sizes ask for; it is damaged",
                       name,
                       n_rows,
                       n_columns ? n_columns : 1U);
  }

  *tensor = t;
  return STATUS_SUCCESS;
}

static Status
find_floats(const Builder* const b,
            const char* const    name,
            const uint32_t       n,
            const float** const  floats)
{
  const Tensor* t  = NULL;
  const Status  st = find(b, name, TENSOR_F32, n, 0U, &t);
  if (st) {
    return st;
  }

  const float* const f = (const float*)t->data;
  for (uint32_t i = 0U; i < n; ++i) {
    if (!isfinite(f[i])) {
      return trouble_say(b->trouble,
                         STATUS_BAD_FILE,
                         "The model's tensor \"%s\" holds something at %u that"
                         " is not a finite number; it is damaged",
                         name,
                         i);
    }
  }

  *floats = f;
  return STATUS_SUCCESS;
}

static Status
build_product(const Builder* const b,
              Product* const       product,
              const char* const    name,
              const int8_t* const  w,
              const uint32_t       n_rows,
              const uint32_t       n_columns)
{
  const Status st = product_init(product, w, n_rows, n_columns);
  return !st ? st
         : st == STATUS_NO_MEM
           ? trouble_say(b->trouble, st, "%s", status_text(st))
           : trouble_say(b->trouble,
                         STATUS_BAD_FILE,
                         "A row of the model's tensor \"%s\" could overflow;"
                         " it is damaged",
                         name);
}

/// Check that no row of `scale * sum + ...` can leave the floats
static Status
check_reach(const Builder* const b, const char* const name, const double reach)
{
  return reach <= MAX_REACH
           ? STATUS_SUCCESS
           : trouble_say(b->trouble,
                         STATUS_BAD_FILE,
                         "The scales or biases of the model's \"%s\" are too"
                         " large to compute with; it is damaged",
                         name);
}

/// Largest magnitude that an affine row can reach
static double
reach(const float* const scale, const uint32_t n, const uint64_t largest_sum)
{
  double largest = 0.0;
  for (uint32_t i = 0U; i < n; ++i) {
    const double r = fabs((double)scale[i]) * (double)largest_sum;
    largest        = r > largest ? r : largest;
  }
  return largest;
}

/* Layers */

/// Split layer 0's input columns into a table for hot inputs and a product
static Status
build_input(const Builder* const b,
            const char* const    name,
            const int8_t* const  w)
{
  const NetShape* const s  = &b->net->shape;
  const size_t          G  = 4U * (size_t)s->n_hidden;
  const size_t          n  = s->n_hot_inputs;
  const size_t          I  = n + s->n_dense;
  Status                st = STATUS_SUCCESS;

  int8_t* const dense = (int8_t*)calloc(G, max_u32(s->n_dense, 1U));
  b->net->hot_columns = (int16_t*)calloc(n + 1U, G * sizeof(int16_t));
  if (!dense || !b->net->hot_columns) {
    free(dense);
    return trouble_say(
      b->trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
  }

  int largest = 0;
  for (size_t g = 0U; g < G; ++g) {
    for (size_t i = 0U; i < n; ++i) {
      const int weight = w[g * I + i];

      b->net->hot_columns[i * G + g] = (int16_t)(HOT_STEPS * weight);
      largest = abs(weight) > largest ? abs(weight) : largest;
    }
    memcpy(dense + g * s->n_dense, w + g * I + n, s->n_dense);
  }

  uint64_t bound = (uint64_t)largest * HOT_STEPS * s->n_hot;
  if (s->n_dense) {
    st = build_product(b, &b->net->dense, name, dense, (uint32_t)G, s->n_dense);
    bound += 128U * (uint64_t)b->net->dense.max_l1;
  }
  if (!st && bound > INT32_MAX) {
    st = trouble_say(b->trouble,
                     STATUS_BAD_FILE,
                     "A row of the model's tensor \"%s\" could overflow; it is"
                     " damaged",
                     name);
  }

  free(dense);
  return st;
}

static Status
build_layer(const Builder* const b, const uint32_t l)
{
  const NetShape* const s     = &b->net->shape;
  Lstm* const           lstm  = &b->net->lstm[l];
  const uint32_t        H     = s->n_hidden;
  const uint32_t        I     = l ? H : s->n_hot_inputs + s->n_dense;
  const Tensor*         w_in  = NULL;
  const Tensor*         w_hid = NULL;
  Status                st    = STATUS_SUCCESS;
  char                  name[5][24];

  static const char* const ends[5] = {
    "w_in", "w_in.scale", "w_hid", "w_hid.scale", "bias"};
  for (uint32_t i = 0U; i < 5U; ++i) {
    (void)snprintf(name[i], sizeof(name[i]), "lstm%u.%s", l, ends[i]);
  }

  lstm->n_hidden = H;
  if ((st = find(b, name[0], TENSOR_I8, 4U * H, I, &w_in)) ||
      (st = find_floats(b, name[1], 4U * H, &lstm->scale_in)) ||
      (st = find(b, name[2], TENSOR_I8, 4U * H, H, &w_hid)) ||
      (st = find_floats(b, name[3], 4U * H, &lstm->scale_hid)) ||
      (st = find_floats(b, name[4], 4U * H, &lstm->bias))) {
    return st;
  }

  const int8_t* const in = (const int8_t*)w_in->data;
  st = l ? build_product(b, &lstm->w_in, name[0], in, 4U * H, I)
         : build_input(b, name[0], in);
  if (!st) {
    st = build_product(
      b, &lstm->w_hid, name[2], (const int8_t*)w_hid->data, 4U * H, H);
  }
  return st ? st
            : check_reach(b,
                          name[4],
                          reach(lstm->bias, 4U * H, 1U) +
                            reach(lstm->scale_in, 4U * H, INT32_MAX) +
                            reach(lstm->scale_hid, 4U * H, INT32_MAX));
}

static Status
build_out(const Builder* const b)
{
  const uint32_t V   = b->net->shape.n_out;
  const uint32_t H   = b->net->shape.n_hidden;
  Dense* const   out = &b->net->out;
  const Tensor*  w   = NULL;
  Status         st  = STATUS_SUCCESS;

  if ((st = find(b, "out.w", TENSOR_I8, V, H, &w)) ||
      (st = find_floats(b, "out.w.scale", V, &out->scale)) ||
      (st = find_floats(b, "out.bias", V, &out->bias)) ||
      (st = build_product(b, &out->w, "out.w", (const int8_t*)w->data, V, H))) {
    return st;
  }
  return check_reach(
    b, "out", reach(out->bias, V, 1U) + reach(out->scale, V, INT32_MAX));
}

Status
net_new(const Model* const model, Net** const net, Trouble* const trouble)
{
  const Builder b = {model, (Net*)calloc(1U, sizeof(Net)), trouble};
  if (!b.net) {
    return trouble_say(
      trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
  }

  Status st = read_shape(&b);
  for (uint32_t l = 0U; !st && l < b.net->shape.n_layers; ++l) {
    st = build_layer(&b, l);
  }
  if (!st) {
    st = build_out(&b);
  }
  if (st) {
    net_free(b.net);
    return st;
  }

  *net = b.net;
  return STATUS_SUCCESS;
}

void
net_free(Net* const net)
{
  if (net) {
    product_clear(&net->out.w);
    for (uint32_t l = 0U; l < NET_MAX_LAYERS; ++l) {
      product_clear(&net->lstm[l].w_hid);
      product_clear(&net->lstm[l].w_in);
    }
    product_clear(&net->dense);
    free(net->hot_columns);
    free(net);
  }
}

const NetShape*
net_shape(const Net* const net)
{
  return &net->shape;
}

/* State */

NetState*
net_state_new(const Net* const net, const uint32_t n_sequences)
{
  const NetShape* const s = &net->shape;
  const size_t          N = n_sequences;
  const size_t          H = s->n_hidden;
  const size_t          L = s->n_layers;
  const size_t          G = 4U * H;

  NetState* const state = N ? (NetState*)calloc(1U, sizeof(NetState)) : NULL;
  if (!state) {
    return NULL;
  }

  state->room     = n_sequences;
  state->n        = n_sequences;
  state->n_layers = s->n_layers;
  state->n_hidden = s->n_hidden;
  state->n_dense  = s->n_dense;
  state->stride   = product_stride(s->n_hidden);

  state->hidden     = (int8_t*)calloc(L * N, state->stride);
  state->cell       = (float*)calloc(L * N, H * sizeof(float));
  state->dense      = (int8_t*)calloc(1U, product_stride(s->n_dense) + 1U);
  state->sums_dense = (int32_t*)calloc(G, sizeof(int32_t));
  state->sums_in    = (int32_t*)calloc(N, G * sizeof(int32_t));
  state->sums_hid   = (int32_t*)calloc(N, G * sizeof(int32_t));
  state->gates      = (float*)calloc(G, sizeof(float));
  state->sums_out   = (int32_t*)calloc(N, s->n_out * sizeof(int32_t));
  if (s->is_normed) {
    state->normed = (int8_t*)calloc(N, state->stride);
  }
  if (!state->hidden || !state->cell || !state->dense || !state->sums_dense ||
      !state->sums_in || !state->sums_hid || !state->gates ||
      !state->sums_out || (s->is_normed && !state->normed)) {
    net_state_free(state);
    return NULL;
  }

  for (size_t l = 0U; l < L; ++l) {
    state->layer[l].hidden = state->hidden + l * N * state->stride;
    state->layer[l].cell   = state->cell + l * N * H;
  }
  return state;
}

void
net_state_free(NetState* const state)
{
  if (state) {
    free(state->normed);
    free(state->sums_out);
    free(state->gates);
    free(state->sums_hid);
    free(state->sums_in);
    free(state->sums_dense);
    free(state->dense);
    free(state->cell);
    free(state->hidden);
    free(state);
  }
}

void
net_state_reset(NetState* const state)
{
  const size_t n_rows = (size_t)state->n_layers * state->room;

  state->n = state->room;
  memset(state->hidden, 0, n_rows * state->stride);
  memset(state->cell, 0, n_rows * state->n_hidden * sizeof(float));
}

void
net_state_keep(NetState* const state, const uint32_t n)
{
  state->n = n < 1U ? 1U : n < state->room ? n : state->room;
}

void
net_state_copy(NetState* const       to,
               const uint32_t        i_to,
               const NetState* const from,
               const uint32_t        i_from)
{
  const size_t H = from->n_hidden;
  for (uint32_t l = 0U; l < from->n_layers; ++l) {
    memmove(to->layer[l].hidden + (size_t)i_to * to->stride,
            from->layer[l].hidden + (size_t)i_from * from->stride,
            from->stride);
    memmove(to->layer[l].cell + i_to * H,
            from->layer[l].cell + i_from * H,
            H * sizeof(float));
  }
}

void
net_condition(const Net* const    net,
              NetState* const     state,
              const int8_t* const dense)
{
  if (net->shape.n_dense) {
    memcpy(state->dense, dense, net->shape.n_dense);
    product_multiply(&net->dense, state->dense, 1U, state->sums_dense);
  }
}

/// What comes into layer 0: the dense inputs' share and K columns of the table
static void
sum_input(const Net* const      net,
          const NetState* const state,
          const uint16_t* const hot,
          int32_t* const        sums)
{
  const size_t G = 4U * (size_t)net->shape.n_hidden;

  memcpy(sums, state->sums_dense, G * sizeof(*sums));
  for (uint32_t k = 0U; k < net->shape.n_hot; ++k) {
    const int16_t* const column = net->hot_columns + hot[k] * G;
    for (size_t g = 0U; g < G; ++g) {
      sums[g] += column[g];
    }
  }
}

/// What a layer hands up, which the next one overwrites where it is normed
static const int8_t*
hand_up(const NetState* const state, const uint32_t l)
{
  const int8_t* const hidden = state->layer[l].hidden;
  if (state->normed) {
    norm_rows(hidden, state->n, state->n_hidden, state->stride, state->normed);
    return state->normed;
  }
  return hidden;
}

void
net_step(const Net* const      net,
         NetState* const       state,
         const uint16_t* const hot,
         float* const          logits)
{
  const NetShape* const s = &net->shape;
  const size_t          G = 4U * (size_t)s->n_hidden;
  const uint32_t        L = s->n_layers;

  for (uint32_t i = 0U; i < state->n; ++i) {
    sum_input(net, state, hot + (size_t)i * s->n_hot, state->sums_in + i * G);
  }

  const int8_t* below = NULL;
  for (uint32_t l = 0U; l < L; ++l) {
    if (l) {
      product_multiply(&net->lstm[l].w_in, below, state->n, state->sums_in);
    }
    lstm_step(&net->lstm[l],
              &state->layer[l],
              state->n,
              state->sums_in,
              state->sums_hid,
              state->gates);
    below = hand_up(state, l);
  }

  dense_forward(&net->out, below, state->n, state->sums_out, logits);
}
