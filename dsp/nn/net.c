// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "nn/net.h"

#include "nn/dense.h"
#include "nn/lstm.h"
#include "nn/norm.h"
#include "nn/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// No gate and no logit may be able to grow beyond this
#define MAX_REACH 1e30

/// Blocks of memory begin at multiples of this, as products and caches like it
#define ALIGNMENT 64U

struct Net {
  NetShape shape;
  size_t   n_gates; ///< G, gates of a layer with padding
  int8_t*  columns; ///< (n_hot_inputs + 1, G): what nn/table.h sums up
  Product  dense;   ///< (G, D): the dense columns of layer 0
  Lstm     lstm[NET_MAX_LAYERS];
  Dense    out;
  float*   floats; ///< Scales and biases of all layers
};

struct NetState {
  uint32_t  room;     ///< Number of sequences there are,
  uint32_t  n;        ///< N, and of those that run
  uint32_t  n_layers; ///< L
  uint32_t  n_units;  ///< P, hidden units with padding
  uint32_t  stride;   ///< Of hidden rows
  LstmState layer[NET_MAX_LAYERS];
  int8_t*   hidden;     ///< (L, room, stride)
  float*    cell;       ///< (L, room, P)
  int8_t*   dense;      ///< (D) with padding, scratch
  int32_t*  sums_dense; ///< (G), what the dense inputs add
  int32_t*  sums;       ///< (side, G) or (side, padded V), scratch
  int8_t*   normed;     ///< (side, stride) what a layer hands up, scratch
  void*     below;      ///< What comes from the layer below, prepared, scratch
  void*     own;        ///< What a layer remembers, prepared, scratch
  void*     block;      ///< All of these
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
say_no_memory(const Builder* const b)
{
  return trouble_say(
    b->trouble, STATUS_NO_MEM, "%s", status_text(STATUS_NO_MEM));
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
           ? say_no_memory(b)
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

/// Rows of gates (4H, K) laid out by blocks; null when there is no memory
static int8_t*
lay_rows(const uint32_t H, const uint32_t K, const int8_t* const rows)
{
  int8_t* const laid = (int8_t*)malloc(4U * (size_t)lstm_padded(H) * K + 1U);
  if (laid) {
    lstm_lay_rows(H, K, rows, laid);
  }
  return laid;
}

/// Make a product of rows of gates
static Status
build_gates(const Builder* const b,
            Product* const       product,
            const char* const    name,
            const int8_t* const  rows,
            const uint32_t       n_columns)
{
  const uint32_t H    = b->net->shape.n_hidden;
  int8_t* const  laid = lay_rows(H, n_columns, rows);
  const Status   st =
    laid ? build_product(b, product, name, laid, 4U * lstm_padded(H), n_columns)
           : say_no_memory(b);
  free(laid);
  return st;
}

/// Turn the rows of a table into columns.  @return The largest magnitude.
static int
turn(const int8_t* const laid,
     const size_t        G,
     const size_t        I,
     const size_t        n,
     int8_t* const       columns)
{
  int largest = 0;
  for (size_t g = 0U; g < G; ++g) {
    for (size_t i = 0U; i < n; ++i) {
      const int weight = laid[g * I + i];

      columns[i * G + g] = (int8_t)weight;
      largest            = abs(weight) > largest ? abs(weight) : largest;
    }
  }
  return largest;
}

/// Split layer 0's input columns into a table for hot inputs and a product
static Status
build_input(const Builder* const b,
            const char* const    name,
            const int8_t* const  w)
{
  const NetShape* const s     = &b->net->shape;
  const size_t          G     = b->net->n_gates;
  const size_t          n     = s->n_hot_inputs;
  const size_t          I     = n + s->n_dense;
  int8_t* const         laid  = lay_rows(s->n_hidden, (uint32_t)I, w);
  int8_t* const         dense = (int8_t*)malloc(G * max_u32(s->n_dense, 1U));
  Status                st    = STATUS_SUCCESS;
  b->net->columns             = (int8_t*)calloc(n + 1U, G);
  if (!laid || !dense || !b->net->columns) {
    free(dense);
    free(laid);
    return say_no_memory(b);
  }

  uint64_t bound =
    TABLE_STEPS * s->n_hot * (uint64_t)turn(laid, G, I, n, b->net->columns);
  if (s->n_dense) {
    for (size_t g = 0U; g < G; ++g) {
      memcpy(dense + g * s->n_dense, laid + g * I + n, s->n_dense);
    }
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
  free(laid);
  return st;
}

/// Room for the scales and biases of all layers, as they are laid out
static Status
make_floats(const Builder* const b)
{
  Net* const   net      = b->net;
  const size_t G        = net->n_gates;
  const size_t V        = net->shape.n_out;
  const size_t n_floats = 3U * net->shape.n_layers * G + 2U * V;
  net->floats           = (float*)calloc(n_floats, sizeof(float));
  if (!net->floats) {
    return say_no_memory(b);
  }

  float* next = net->floats;
  for (uint32_t l = 0U; l < net->shape.n_layers; ++l) {
    net->lstm[l].scale_in  = next;
    net->lstm[l].scale_hid = next + G;
    net->lstm[l].bias      = next + 2U * G;
    next += 3U * G;
  }
  net->out.scale = next;
  net->out.bias  = next + V;
  return STATUS_SUCCESS;
}

static Status
build_layer(const Builder* const b, const uint32_t l)
{
  const NetShape* const s         = &b->net->shape;
  Lstm* const           lstm      = &b->net->lstm[l];
  const uint32_t        H         = s->n_hidden;
  const uint32_t        I         = l ? H : s->n_hot_inputs + s->n_dense;
  const Tensor*         w_in      = NULL;
  const Tensor*         w_hid     = NULL;
  const float*          scale_in  = NULL;
  const float*          scale_hid = NULL;
  const float*          bias      = NULL;
  Status                st        = STATUS_SUCCESS;
  char                  name[5][24];

  static const char* const ends[5] = {
    "w_in", "w_in.scale", "w_hid", "w_hid.scale", "bias"};
  for (uint32_t i = 0U; i < 5U; ++i) {
    (void)snprintf(name[i], sizeof(name[i]), "lstm%u.%s", l, ends[i]);
  }

  lstm->n_hidden = H;
  if ((st = find(b, name[0], TENSOR_I8, 4U * H, I, &w_in)) ||
      (st = find_floats(b, name[1], 4U * H, &scale_in)) ||
      (st = find(b, name[2], TENSOR_I8, 4U * H, H, &w_hid)) ||
      (st = find_floats(b, name[3], 4U * H, &scale_hid)) ||
      (st = find_floats(b, name[4], 4U * H, &bias))) {
    return st;
  }

  lstm_lay_floats(H, scale_in, lstm->scale_in);
  lstm_lay_floats(H, scale_hid, lstm->scale_hid);
  lstm_lay_floats(H, bias, lstm->bias);

  const int8_t* const in = (const int8_t*)w_in->data;
  st                     = l ? build_gates(b, &lstm->w_in, name[0], in, I)
                             : build_input(b, name[0], in);
  if (!st) {
    st = build_gates(b, &lstm->w_hid, name[2], (const int8_t*)w_hid->data, H);
  }
  return st ? st
            : check_reach(b,
                          name[4],
                          reach(bias, 4U * H, 1U) +
                            reach(scale_in, 4U * H, INT32_MAX) +
                            reach(scale_hid, 4U * H, INT32_MAX));
}

static Status
build_out(const Builder* const b)
{
  const uint32_t V     = b->net->shape.n_out;
  const uint32_t H     = b->net->shape.n_hidden;
  Dense* const   out   = &b->net->out;
  const Tensor*  w     = NULL;
  const float*   scale = NULL;
  const float*   bias  = NULL;
  Status         st    = STATUS_SUCCESS;

  if ((st = find(b, "out.w", TENSOR_I8, V, H, &w)) ||
      (st = find_floats(b, "out.w.scale", V, &scale)) ||
      (st = find_floats(b, "out.bias", V, &bias)) ||
      (st = build_product(b, &out->w, "out.w", (const int8_t*)w->data, V, H))) {
    return st;
  }
  memcpy(out->scale, scale, V * sizeof(float));
  memcpy(out->bias, bias, V * sizeof(float));
  return check_reach(b, "out", reach(bias, V, 1U) + reach(scale, V, INT32_MAX));
}

Status
net_new(const Model* const model, Net** const net, Trouble* const trouble)
{
  const Builder b = {model, (Net*)calloc(1U, sizeof(Net)), trouble};
  if (!b.net) {
    return say_no_memory(&b);
  }

  Status st = read_shape(&b);
  if (!st) {
    b.net->n_gates = 4U * (size_t)lstm_padded(b.net->shape.n_hidden);
    st             = make_floats(&b);
  }
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
    free(net->columns);
    free(net->floats);
    free(net);
  }
}

const NetShape*
net_shape(const Net* const net)
{
  return &net->shape;
}

/* State */

/// Take `n_bytes` of a block that begins at `base`; only counts if that is null
static void*
take(char* const base, size_t* const n_taken, const size_t n_bytes)
{
  char* const taken = base ? base + *n_taken : NULL;
  *n_taken += (n_bytes + ALIGNMENT - 1U) / ALIGNMENT * ALIGNMENT;
  return taken;
}

/// Say where everything is in a block.  @return The block's size.
static size_t
lay_state(const Net* const net, NetState* const state, char* const base)
{
  const NetShape* const s       = &net->shape;
  const size_t          L       = s->n_layers;
  const size_t          P       = state->n_units;
  const size_t          G       = net->n_gates;
  const size_t          room    = state->room;
  const size_t          stride  = state->stride;
  const size_t          side    = room < LSTM_MAX_SIDE ? room : LSTM_MAX_SIDE;
  const size_t          V       = product_padded(s->n_out);
  const size_t          widest  = G > V ? G : V;
  const uint32_t        n_side  = (uint32_t)side;
  const size_t          D       = product_stride(s->n_dense);
  const size_t          for_hid = product_prepared_size(s->n_hidden, n_side);
  const size_t          for_in  = product_prepared_size(s->n_dense, 1U);
  size_t                n       = 0U;

  state->hidden     = (int8_t*)take(base, &n, L * room * stride);
  state->cell       = (float*)take(base, &n, L * room * P * sizeof(float));
  state->dense      = (int8_t*)take(base, &n, D);
  state->sums_dense = (int32_t*)take(base, &n, G * sizeof(int32_t));
  state->sums       = (int32_t*)take(base, &n, side * widest * sizeof(int32_t));
  state->normed     = (int8_t*)take(base, &n, side * stride);
  state->own        = take(base, &n, for_hid);
  state->below      = take(base, &n, for_hid > for_in ? for_hid : for_in);
  for (size_t l = 0U; base && l < L; ++l) {
    state->layer[l].hidden = state->hidden + l * room * stride;
    state->layer[l].cell   = state->cell + l * room * P;
  }
  return n;
}

NetState*
net_state_new(const Net* const net, const uint32_t n_sequences)
{
  NetState* const state =
    n_sequences ? (NetState*)calloc(1U, sizeof(NetState)) : NULL;
  if (!state) {
    return NULL;
  }

  state->room     = n_sequences;
  state->n        = n_sequences;
  state->n_layers = net->shape.n_layers;
  state->n_units  = lstm_padded(net->shape.n_hidden);
  state->stride   = product_stride(net->shape.n_hidden);
  state->block    = calloc(1U, lay_state(net, state, NULL) + ALIGNMENT);
  if (!state->block) {
    free(state);
    return NULL;
  }

  const size_t past = (uintptr_t)state->block % ALIGNMENT;
  (void)lay_state(
    net, state, (char*)state->block + (past ? ALIGNMENT - past : 0U));
  return state;
}

void
net_state_free(NetState* const state)
{
  if (state) {
    free(state->block);
    free(state);
  }
}

void
net_state_reset(NetState* const state)
{
  const size_t n_rows = (size_t)state->n_layers * state->room;

  state->n = state->room;
  memset(state->hidden, 0, n_rows * state->stride);
  memset(state->cell, 0, n_rows * state->n_units * sizeof(float));
}

void
net_state_keep(NetState* const state, const uint32_t n)
{
  state->n = n < 1U ? 1U : n < state->room ? n : state->room;
}

uint32_t
net_state_n(const NetState* const state)
{
  return state->n;
}

void
net_state_copy(NetState* const       to,
               const uint32_t        i_to,
               const NetState* const from,
               const uint32_t        i_from)
{
  const size_t P = from->n_units;
  for (uint32_t l = 0U; l < from->n_layers; ++l) {
    memmove(to->layer[l].hidden + (size_t)i_to * to->stride,
            from->layer[l].hidden + (size_t)i_from * from->stride,
            from->stride);
    memmove(to->layer[l].cell + i_to * P,
            from->layer[l].cell + i_from * P,
            P * sizeof(float));
  }
}

void
net_condition(const Net* const    net,
              NetState* const     state,
              const int8_t* const dense)
{
  if (net->shape.n_dense) {
    memcpy(state->dense, dense, net->shape.n_dense);
    product_multiply(
      &net->dense, state->dense, 1U, state->below, state->sums_dense);
  }
}

/// What comes into layer 0: the dense inputs' share and K columns of the table
static LstmInput
sum_input(const Net* const      net,
          const NetState* const state,
          const uint32_t        n,
          const uint16_t* const hot)
{
  const size_t    G  = net->n_gates;
  const uint32_t  K  = net->shape.n_hot;
  const LstmInput in = {NULL, state->sums};
  for (size_t i = 0U; i < n; ++i) {
    table_sum(net->columns,
              net->shape.n_hot_inputs,
              G,
              hot + i * K,
              K,
              state->sums_dense,
              state->sums + i * G);
  }
  return in;
}

/// Prepare what a layer hands up
static LstmInput
hand_up(const Net* const            net,
        const ProductBackend* const backend,
        const NetState* const       state,
        const uint32_t              n,
        const int8_t* const         hidden)
{
  const int8_t* above = hidden;
  if (net->shape.is_normed) {
    norm_rows(hidden, n, net->shape.n_hidden, state->stride, state->normed);
    above = state->normed;
  }
  backend->prepare(above, n, state->stride, state->below);

  const LstmInput in = {state->below, NULL};
  return in;
}

/// Advance sequences `first` to `first + n`, n being at most LSTM_MAX_SIDE
static void
step_side(const Net* const      net,
          const NetState* const state,
          const uint32_t        first,
          const uint32_t        n,
          const uint16_t* const hot,
          float* const          logits)
{
  const ProductBackend* const backend = product_in_use();
  const size_t                stride  = state->stride;
  const size_t                P       = state->n_units;
  LstmInput                   in      = sum_input(net, state, n, hot);
  for (uint32_t l = 0U; l < state->n_layers; ++l) {
    const LstmState side = {state->layer[l].hidden + first * stride,
                            state->layer[l].cell + first * P};
    lstm_step(&net->lstm[l], backend, &side, n, in, state->own);
    in = hand_up(net, backend, state, n, side.hidden);
  }
  dense_forward(&net->out, backend, in.prepared, n, state->sums, logits);
}

void
net_step(const Net* const      net,
         NetState* const       state,
         const uint16_t* const hot,
         float* const          logits)
{
  const NetShape* const s = &net->shape;
  for (uint32_t first = 0U; first < state->n; first += LSTM_MAX_SIDE) {
    const uint32_t left = state->n - first;
    step_side(net,
              state,
              first,
              left < LSTM_MAX_SIDE ? left : LSTM_MAX_SIDE,
              hot + (size_t)first * s->n_hot,
              logits + (size_t)first * s->n_out);
  }
}
