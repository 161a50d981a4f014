// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/round.h"

#include "learn/crew.h"
#include "nn/norm.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STEP 127
#define N_TRIES 24U
#define NARROWER 0.015 ///< How much of the widest step each try takes away
#define N_SHAPE_TEXTS 7U
#define MAX_ROUND_TENSORS (5U * NET_MAX_LAYERS + 3U)

/// What a whole number that is remembered or comes in is worth (nn/net.h)
#define ACTIVATION_STEP (1.0 / 127.0)

/// What one is worth that a layer hands up
static double
step_above(const NetShape* const shape)
{
  return shape->is_normed ? 1.0 / NORM_STEPS : ACTIVATION_STEP;
}

static double
round_with(const Real* const row,
           const size_t      stride,
           const uint32_t    n,
           const double      step,
           int8_t* const     rounded)
{
  double error = 0.0;
  for (uint32_t i = 0U; i < n; ++i) {
    const double value = (double)row[i * stride];
    const double whole = rint(value / step);
    const double kept  = fmax(-MAX_STEP, fmin(MAX_STEP, whole));
    const double off   = value - kept * step;
    error += off * off;
    rounded[i] = (int8_t)kept;
  }
  return error;
}

double
round_row(const Real* const row,
          const size_t      stride,
          const uint32_t    n,
          int8_t* const     rounded)
{
  double top = 0.0;
  for (uint32_t i = 0U; i < n; ++i) {
    top = fmax(top, fabs((double)row[i * stride]));
  }
  if (!(top > 0.0)) {
    memset(rounded, 0, n);
    return 0.0;
  }

  const double widest = top / MAX_STEP;
  double       best   = widest;
  double       least  = INFINITY;
  for (uint32_t i = 0U; i < N_TRIES; ++i) {
    const double step  = widest * (1.0 - NARROWER * i);
    const double error = round_with(row, stride, n, step, rounded);
    if (error < least) {
      least = error;
      best  = step;
    }
  }
  round_with(row, stride, n, best, rounded);
  return best;
}

/// A float tensor to be rounded: one scale for each of its `n_rows`
typedef struct {
  const Real* from;
  size_t      row_stride;
  size_t      column_stride;
  uint32_t    n_rows;
  uint32_t    n_columns;
  double      step; ///< Of what they are multiplied by
} Rows;

static void
round_rows(Model* const model, const char* const name, const Rows rows)
{
  char scale_name[32];
  snprintf(scale_name, sizeof(scale_name), "%s.scale", name);
  int8_t* const to    = (int8_t*)model_find(model, name)->data;
  float* const  scale = (float*)model_find(model, scale_name)->data;
  for (uint32_t i = 0U; i < rows.n_rows; ++i) {
    const double step = round_row(rows.from + i * rows.row_stride,
                                  rows.column_stride,
                                  rows.n_columns,
                                  to + (size_t)i * rows.n_columns);
    scale[i]          = (float)(step * rows.step);
  }
}

static void
copy_bias(Model* const model, const char* const name, const Real* const from)
{
  const Tensor* const tensor = model_find(model, name);
  float* const        to     = (float*)tensor->data;
  for (uint32_t i = 0U; i < tensor->shape[0]; ++i) {
    to[i] = (float)from[i];
  }
}

/// The names of a net's tensors have to live until the model is made
typedef struct {
  char       name[MAX_ROUND_TENSORS][32];
  TensorSpec spec[MAX_ROUND_TENSORS];
  uint32_t   n;
} Specs;

static void
add_spec(Specs* const      specs,
         const char* const stem,
         const char* const leaf,
         const TensorType  type,
         const uint32_t    n_rows,
         const uint32_t    n_columns)
{
  const TensorSpec spec = {specs->name[specs->n],
                           type,
                           n_columns ? 2U : 1U,
                           {n_rows, n_columns, 0U, 0U}};
  snprintf(specs->name[specs->n], sizeof(specs->name[0]), "%s.%s", stem, leaf);
  specs->spec[specs->n++] = spec;
}

static void
list_specs(const NetShape* const shape, Specs* const specs)
{
  const uint32_t H = shape->n_hidden;
  const uint32_t I = shape->n_hot_inputs + shape->n_dense;
  specs->n         = 0U;
  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    char stem[16];
    snprintf(stem, sizeof(stem), "lstm%u", l);
    add_spec(specs, stem, "w_in", TENSOR_I8, 4U * H, l ? H : I);
    add_spec(specs, stem, "w_in.scale", TENSOR_F32, 4U * H, 0U);
    add_spec(specs, stem, "w_hid", TENSOR_I8, 4U * H, H);
    add_spec(specs, stem, "w_hid.scale", TENSOR_F32, 4U * H, 0U);
    add_spec(specs, stem, "bias", TENSOR_F32, 4U * H, 0U);
  }
  add_spec(specs, "out", "w", TENSOR_I8, shape->n_out, H);
  add_spec(specs, "out", "w.scale", TENSOR_F32, shape->n_out, 0U);
  add_spec(specs, "out", "bias", TENSOR_F32, shape->n_out, 0U);
}

static Status
make_model(const NetShape* const  shape,
           const ModelText* const texts,
           const uint32_t         n_texts,
           Model** const          model)
{
  const struct {
    const char* key;
    uint32_t    value;
  } numbers[N_SHAPE_TEXTS] = {
    {"n_hot_inputs", shape->n_hot_inputs},
    {"n_hot", shape->n_hot},
    {"n_dense", shape->n_dense},
    {"n_layers", shape->n_layers},
    {"n_hidden", shape->n_hidden},
    {"n_out", shape->n_out},
    {"is_normed", shape->is_normed},
  };

  // The last is only said where it is so
  const uint32_t   n_numbers = N_SHAPE_TEXTS - !shape->is_normed;
  ModelText* const all =
    (ModelText*)calloc(n_texts + n_numbers, sizeof(ModelText));
  if (!all) {
    return STATUS_NO_MEM;
  }

  char digits[N_SHAPE_TEXTS][16];
  for (uint32_t i = 0U; i < n_numbers; ++i) {
    snprintf(digits[i], sizeof(digits[i]), "%u", numbers[i].value);
    all[i].key  = numbers[i].key;
    all[i].text = digits[i];
  }
  if (n_texts) {
    memcpy(all + n_numbers, texts, n_texts * sizeof(*texts));
  }

  Specs specs;
  list_specs(shape, &specs);
  const Status st =
    model_new(specs.spec, specs.n, all, n_texts + n_numbers, model);
  free(all);
  return st;
}

Status
round_net(const Layout* const    layout,
          const Real* const      weights,
          const ModelText* const texts,
          const uint32_t         n_texts,
          Model** const          model)
{
  for (size_t i = 0U; i < layout->n_weights; ++i) {
    if (!isfinite(weights[i])) {
      return STATUS_BAD_ARG;
    }
  }

  const NetShape* const shape = &layout->shape;
  Model*                fresh = NULL;
  const Status          st    = make_model(shape, texts, n_texts, &fresh);
  if (st) {
    return st;
  }

  const uint32_t H     = shape->n_hidden;
  const uint32_t I     = shape->n_hot_inputs + shape->n_dense;
  const double   above = step_above(shape);
  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    // Layer 0's table is kept by columns in training
    const double own = ACTIVATION_STEP;
    const Rows w_in0 = {weights + layout->w_in[0], 1U, 4U * H, 4U * H, I, own};
    const Rows w_in  = {weights + layout->w_in[l], H, 1U, 4U * H, H, above};
    const Rows w_hid = {weights + layout->w_hid[l], H, 1U, 4U * H, H, own};
    char       name[24];
    snprintf(name, sizeof(name), "lstm%u.w_in", l);
    round_rows(fresh, name, l ? w_in : w_in0);
    snprintf(name, sizeof(name), "lstm%u.w_hid", l);
    round_rows(fresh, name, w_hid);
    snprintf(name, sizeof(name), "lstm%u.bias", l);
    copy_bias(fresh, name, weights + layout->bias[l]);
  }
  const Rows out = {weights + layout->out_w, H, 1U, shape->n_out, H, above};
  round_rows(fresh, "out.w", out);
  copy_bias(fresh, "out.bias", weights + layout->out_bias);
  *model = fresh;
  return STATUS_SUCCESS;
}

/// Rows of a model, as numbers
static void
unround_rows(const Model* const model,
             const char* const  name,
             const Rows* const  rows,
             Real* const        to)
{
  char scale_name[32];
  snprintf(scale_name, sizeof(scale_name), "%s.scale", name);
  const int8_t* const from  = (const int8_t*)model_find(model, name)->data;
  const float* const  scale = (const float*)model_find(model, scale_name)->data;
  for (uint32_t i = 0U; i < rows->n_rows; ++i) {
    const double step = (double)scale[i] / rows->step;
    for (uint32_t k = 0U; k < rows->n_columns; ++k) {
      to[i * rows->row_stride + k * rows->column_stride] =
        (Real)(step * from[(size_t)i * rows->n_columns + k]);
    }
  }
}

/// Whether a model has a tensor of those rows, with their scales
static bool
has_rows(const Model* const model,
         const char* const  name,
         const uint32_t     n_rows,
         const uint32_t     n_columns)
{
  char scale_name[32];
  snprintf(scale_name, sizeof(scale_name), "%s.scale", name);
  const Tensor* const w     = model_find(model, name);
  const Tensor* const scale = model_find(model, scale_name);
  return w && scale && w->type == TENSOR_I8 && w->rank == 2U &&
         w->shape[0] == n_rows && w->shape[1] == n_columns &&
         scale->type == TENSOR_F32 && scale->rank == 1U &&
         scale->shape[0] == n_rows;
}

/// Whether a model has the LSTM layers of a shape, and no more
static bool
has_layers(const Model* const model, const NetShape* const shape)
{
  const uint32_t H  = shape->n_hidden;
  const uint32_t I  = shape->n_hot_inputs + shape->n_dense;
  bool           ok = model_number(model, "n_layers", 0U) == shape->n_layers &&
            model_number(model, "n_dense", 0U) == shape->n_dense &&
            model_number(model, "is_normed", 0U) == shape->is_normed;
  for (uint32_t l = 0U; ok && l < shape->n_layers; ++l) {
    char name[24];
    snprintf(name, sizeof(name), "lstm%u.w_in", l);
    ok = has_rows(model, name, 4U * H, l ? H : I);
    snprintf(name, sizeof(name), "lstm%u.w_hid", l);
    ok = ok && has_rows(model, name, 4U * H, H);
    snprintf(name, sizeof(name), "lstm%u.bias", l);
    const Tensor* const bias = model_find(model, name);
    ok = ok && bias && bias->type == TENSOR_F32 && bias->rank == 1U &&
         bias->shape[0] == 4U * H;
  }
  return ok;
}

Status
round_back(const Layout* const layout,
           const Model* const  model,
           Real* const         weights)
{
  const NetShape* const shape = &layout->shape;
  const uint32_t        H     = shape->n_hidden;
  const uint32_t        I     = shape->n_hot_inputs + shape->n_dense;
  if (!has_layers(model, shape)) {
    return STATUS_MISMATCH;
  }

  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    const double own   = ACTIVATION_STEP;
    const Rows   w_in0 = {NULL, 1U, 4U * H, 4U * H, I, own};
    const Rows   w_in  = {NULL, H, 1U, 4U * H, H, step_above(shape)};
    const Rows   w_hid = {NULL, H, 1U, 4U * H, H, own};
    char         name[24];
    snprintf(name, sizeof(name), "lstm%u.w_in", l);
    unround_rows(model, name, l ? &w_in : &w_in0, weights + layout->w_in[l]);
    snprintf(name, sizeof(name), "lstm%u.w_hid", l);
    unround_rows(model, name, &w_hid, weights + layout->w_hid[l]);
    snprintf(name, sizeof(name), "lstm%u.bias", l);
    const float* const bias = (const float*)model_find(model, name)->data;
    for (uint32_t i = 0U; i < 4U * H; ++i) {
      weights[layout->bias[l] + i] = (Real)bias[i];
    }
  }
  return STATUS_SUCCESS;
}

/// What the members of a crew share in an evaluation
typedef struct {
  const Net*      net;
  const Dataset*  set;
  const uint32_t* list;
  uint32_t        n_list;
  uint32_t        n_members;
  NetState**      state;  ///< (n_members)
  float**         logits; ///< (n_members, V)
  double*         sum;    ///< (n_list) summed loss of each sequence
  uint64_t*       n;      ///< (n_list) and its events
} Errand;

/// Nats for `target`, summed in double
static double
surprise(const float* const logits, const uint32_t V, const uint16_t target)
{
  double top = (double)logits[0];
  for (uint32_t v = 1U; v < V; ++v) {
    top = fmax(top, (double)logits[v]);
  }

  double sum = 0.0;
  for (uint32_t v = 0U; v < V; ++v) {
    sum += exp((double)logits[v] - top);
  }
  return log(sum) + top - (double)logits[target];
}

static void
measure_sequence(const Errand* const errand,
                 const uint32_t      i_member,
                 const uint32_t      i)
{
  const Dataset* const  set      = errand->set;
  const Sequence* const sequence = &set->sequence[errand->list[i]];
  NetState* const       state    = errand->state[i_member];
  float* const          logits   = errand->logits[i_member];
  uint32_t              i_row    = UINT32_MAX;

  net_state_reset(state);
  for (uint32_t j = 0U; j < sequence->n_steps; ++j) {
    const size_t at = (size_t)sequence->i_step + j;
    if (set->row[at] != i_row) {
      i_row = set->row[at];
      net_condition(
        errand->net, state, set->dense + (size_t)i_row * set->n_dense);
    }
    net_step(errand->net, state, set->hot + at * set->n_hot, logits);
    if (set->target[at] != NO_TARGET) {
      errand->sum[i] += surprise(logits, set->n_classes, set->target[at]);
      ++errand->n[i];
    }
  }
}

static void
measure_share(void* const what, const uint32_t i_member)
{
  const Errand* const errand = (const Errand*)what;
  for (uint32_t i = i_member; i < errand->n_list; i += errand->n_members) {
    measure_sequence(errand, i_member, i);
  }
}

static void
errand_clear(Errand* const errand)
{
  for (uint32_t i = 0U; i < errand->n_members; ++i) {
    net_state_free(errand->state ? errand->state[i] : NULL);
    free(errand->logits ? errand->logits[i] : NULL);
  }
  free(errand->state);
  free(errand->logits);
  free(errand->sum);
  free(errand->n);
}

static bool
errand_init(Errand* const errand)
{
  errand->state  = (NetState**)calloc(errand->n_members, sizeof(NetState*));
  errand->logits = (float**)calloc(errand->n_members, sizeof(float*));
  errand->sum    = (double*)calloc(errand->n_list + 1U, sizeof(double));
  errand->n      = (uint64_t*)calloc(errand->n_list + 1U, sizeof(uint64_t));
  bool ok        = errand->state && errand->logits && errand->sum && errand->n;
  for (uint32_t i = 0U; ok && i < errand->n_members; ++i) {
    errand->state[i]  = net_state_new(errand->net, 1U);
    errand->logits[i] = (float*)calloc(errand->set->n_classes, sizeof(float));
    ok                = errand->state[i] && errand->logits[i];
  }
  return ok;
}

Status
round_evaluate(const Net* const      net,
               const Dataset* const  set,
               const uint32_t* const list,
               const uint32_t        n_list,
               const uint32_t        n_threads,
               Score* const          score)
{
  const NetShape* const shape = net_shape(net);
  if (shape->n_hot_inputs != set->n_hot_inputs || shape->n_hot != set->n_hot ||
      shape->n_dense != set->n_dense || shape->n_out != set->n_classes) {
    return STATUS_MISMATCH;
  }

  Crew* const crew   = crew_new(n_threads);
  Errand      errand = {.net       = net,
                        .set       = set,
                        .list      = list,
                        .n_list    = n_list,
                        .n_members = n_threads};
  const bool  ok     = crew && errand_init(&errand);
  if (ok) {
    crew_run(crew, measure_share, &errand);
    memset(score, 0, sizeof(*score));
    for (uint32_t i = 0U; i < n_list; ++i) {
      score_add(score, &set->sequence[list[i]], errand.n[i], errand.sum[i]);
    }
  }
  errand_clear(&errand);
  crew_free(crew);
  return ok ? STATUS_SUCCESS : STATUS_NO_MEM;
}
