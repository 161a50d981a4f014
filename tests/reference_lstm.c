// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/reference_lstm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The data of tensor "<stem><l>.<end>" or, without `l`, "<stem>.<end>"
static const void*
data_of(const Reference* const r,
        const char* const      stem,
        const int              l,
        const char* const      end)
{
  char name[32];
  if (l < 0) {
    snprintf(name, sizeof(name), "%s.%s", stem, end);
  } else {
    snprintf(name, sizeof(name), "%s%d.%s", stem, l, end);
  }
  return model_find(r->model, name)->data;
}

static double*
new_numbers(const size_t n)
{
  double* const numbers = (double*)calloc(n, sizeof(double));
  if (!numbers) {
    fprintf(stderr, "No memory for a reference\n");
    abort();
  }
  return numbers;
}

void
reference_init(Reference* const      r,
               const Model* const    model,
               const NetShape* const shape,
               const bool            rounds)
{
  const size_t n = (size_t)shape->n_layers * shape->n_hidden;

  r->model  = model;
  r->shape  = *shape;
  r->rounds = rounds;
  r->hidden = new_numbers(n);
  r->cell   = new_numbers(n);
  r->up     = new_numbers(shape->n_hidden);
}

void
reference_clear(Reference* const r)
{
  free(r->hidden);
  free(r->cell);
  free(r->up);
}

/// Row `i` of whole numbers (n, K) times x (K), where a scale is what a step of
/// the sum is worth and x had `n_steps` in one
static double
dot(const int8_t* const w,
    const float* const  scale,
    const size_t        i,
    const size_t        K,
    const double* const x,
    const double        n_steps)
{
  double sum = 0.0;
  for (size_t k = 0U; k < K; ++k) {
    sum += n_steps * (double)scale[i] * w[i * K + k] * x[k];
  }
  return sum;
}

static double
sigmoid(const double x)
{
  return 1.0 / (1.0 + exp(-x));
}

/// What is handed up of one layer, of hidden (H)
static void
hand_up(const Reference* const r, const double* const hidden)
{
  const size_t H       = r->shape.n_hidden;
  double       sum     = 0.0;
  double       squares = 0.0;
  for (size_t h = 0U; h < H; ++h) {
    sum += hidden[h];
    squares += hidden[h] * hidden[h];
  }

  const double mean     = sum / (double)H;
  const double variance = squares / (double)H - mean * mean;
  for (size_t h = 0U; h < H; ++h) {
    const double n =
      (hidden[h] - mean) / sqrt(variance + 1.0 / (127.0 * 127.0));
    const double held = fmax(-127.0, fmin(127.0, round(24.0 * n)));

    r->up[h] = !r->shape.is_normed ? hidden[h] : r->rounds ? held / 24.0 : n;
  }
}

/// One layer; x (I) comes in, hidden (H) and cell (H) are moved on
static void
layer_step(const Reference* const r,
           const int              l,
           const size_t           I,
           const double* const    x,
           const double           n_steps,
           double* const          hidden,
           double* const          cell)
{
  const size_t        H         = r->shape.n_hidden;
  const int8_t* const w_in      = (const int8_t*)data_of(r, "lstm", l, "w_in");
  const int8_t* const w_hid     = (const int8_t*)data_of(r, "lstm", l, "w_hid");
  const float* const  scale_in  = data_of(r, "lstm", l, "w_in.scale");
  const float* const  scale_hid = data_of(r, "lstm", l, "w_hid.scale");
  const float* const  bias      = data_of(r, "lstm", l, "bias");
  double* const       gates     = new_numbers(4U * H);

  for (size_t g = 0U; g < 4U * H; ++g) {
    gates[g] = (double)bias[g] + dot(w_in, scale_in, g, I, x, n_steps) +
               dot(w_hid, scale_hid, g, H, hidden, 127.0);
  }
  for (size_t h = 0U; h < H; ++h) {
    const double i = sigmoid(gates[h]);
    const double f = sigmoid(gates[H + h]);
    const double c = tanh(gates[2U * H + h]);
    const double o = sigmoid(gates[3U * H + h]);

    cell[h]   = f * cell[h] + i * c;
    hidden[h] = o * tanh(cell[h]);
    if (r->rounds) {
      hidden[h] = round(127.0 * hidden[h]) / 127.0;
    }
  }
  free(gates);
}

void
reference_step(Reference* const      r,
               const uint16_t* const hot,
               const int8_t* const   dense,
               double* const         logits)
{
  const size_t H = r->shape.n_hidden;
  const size_t n = r->shape.n_hot_inputs;
  const size_t I = n + r->shape.n_dense;
  double*      x = new_numbers(I);

  for (size_t k = 0U; k < r->shape.n_hot; ++k) {
    x[hot[k]] += 1.0;
  }
  for (size_t d = 0U; d < r->shape.n_dense; ++d) {
    x[n + d] = dense[d] / 127.0;
  }

  const double above = r->shape.is_normed ? 24.0 : 127.0;
  for (uint32_t l = 0U; l < r->shape.n_layers; ++l) {
    layer_step(r,
               (int)l,
               l ? H : I,
               l ? r->up : x,
               l ? above : 127.0,
               r->hidden + l * H,
               r->cell + l * H);
    hand_up(r, r->hidden + l * H);
  }

  const int8_t* const w     = (const int8_t*)data_of(r, "out", -1, "w");
  const float* const  scale = data_of(r, "out", -1, "w.scale");
  const float* const  bias  = data_of(r, "out", -1, "bias");
  for (size_t v = 0U; v < r->shape.n_out; ++v) {
    logits[v] = (double)bias[v] + dot(w, scale, v, H, r->up, above);
  }
  free(x);
}
