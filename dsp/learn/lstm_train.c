// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/lstm_train.h"

#include "base/rng.h"
#include "learn/curves.h"
#include "learn/loss.h"
#include "learn/matrix.h"
#include "nn/norm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WEIGHTS ((size_t)1U << 28U)

/// Sums over units go into that many parts, which vector code can do at once
#define N_SUM_PARTS 16U

/// What one layer keeps of a window
typedef struct {
  Real* gates;    ///< (T, B, 4H) gates after their curves; then their gradients
  Real* before;   ///< (T + 1, B, H) hidden that enters each step
  Real* cells;    ///< (T + 1, B, H) cell that enters each step
  Real* squashed; ///< (T, B, H) tanh of the new cell
  Real* normed;   ///< (T, B, H) normalised hidden; null where none is
  Real* sharpness; ///< (T, B) what that was multiplied by; null where none is
  Real* out;       ///< (T, B, H) what the next layer reads: that, masked
} LayerKeep;

struct LstmTrain {
  Layout    layout;
  uint32_t  max_steps;
  uint32_t  max_streams;
  Real*     block; ///< All of the below
  LayerKeep keep[NET_MAX_LAYERS];
  Real*     scores;   ///< (T, B, V)
  Real*     d_out;    ///< (T, B, H) gradient of a layer's output
  Real*     d_hidden; ///< (B, H) gradient that comes from the step after
  Real*     d_cell;   ///< (B, H)
  Real*     ones;     ///< (H), to sum a row with
  Real*     ready;    ///< Room for a right-hand factor (matrix.h)
};

static size_t
layout_add(Layout* const     layout,
           const char* const stem,
           const int         i_layer,
           const uint32_t    n_rows,
           const uint32_t    n_columns)
{
  LayoutTensor* const tensor = &layout->tensor[layout->n_tensors++];
  if (i_layer >= 0) {
    snprintf(tensor->name, sizeof(tensor->name), "lstm%d.%s", i_layer, stem);
  } else {
    snprintf(tensor->name, sizeof(tensor->name), "out.%s", stem);
  }
  tensor->begin     = layout->n_weights;
  tensor->n_rows    = n_rows;
  tensor->n_columns = n_columns;
  layout->n_weights += (size_t)n_rows * n_columns;
  return tensor->begin;
}

Status
layout_init(Layout* const layout, const NetShape* const shape)
{
  const uint32_t limit = 1U << 14U;
  const uint32_t I     = shape->n_hot_inputs + shape->n_dense;
  const uint32_t H     = shape->n_hidden;
  if (!I || I > limit || !H || H > limit || !shape->n_out ||
      shape->n_out > limit || !shape->n_layers || shape->is_normed > 1U ||
      shape->n_layers > NET_MAX_LAYERS) {
    return STATUS_BAD_ARG;
  }

  memset(layout, 0, sizeof(*layout));
  layout->shape = *shape;
  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    const int i      = (int)l;
    layout->w_in[l]  = l ? layout_add(layout, "w_in", i, 4U * H, H)
                         : layout_add(layout, "w_in", i, I, 4U * H);
    layout->w_hid[l] = layout_add(layout, "w_hid", i, 4U * H, H);
    layout->bias[l]  = layout_add(layout, "bias", i, 1U, 4U * H);
  }
  layout->out_w    = layout_add(layout, "w", -1, shape->n_out, H);
  layout->out_bias = layout_add(layout, "bias", -1, 1U, shape->n_out);
  return layout->n_weights > MAX_WEIGHTS ? STATUS_BAD_ARG : STATUS_SUCCESS;
}

/// A number evenly spread over -limit .. limit
static Real
uniform(const uint64_t key, const uint32_t i, const double limit)
{
  return (Real)(limit * ((double)rng_u32(key, i) * 0x1p-31 - 1.0));
}

void
weights_init(const Layout* const layout,
             const uint64_t      seed,
             Real* const         weights)
{
  const NetShape* const shape = &layout->shape;
  const uint32_t        H     = shape->n_hidden;
  const double          limit = 1.0 / sqrt((double)H);

  memset(weights, 0, layout->n_weights * sizeof(Real));
  for (uint32_t i = 0U; i < layout->n_tensors; ++i) {
    const LayoutTensor* const tensor = &layout->tensor[i];
    const uint64_t            key    = rng_key(rng_seed(seed), i);
    const size_t              n = (size_t)tensor->n_rows * tensor->n_columns;
    for (size_t j = 0U; tensor->n_rows > 1U && j < n; ++j) {
      weights[tensor->begin + j] = uniform(key, (uint32_t)j, limit);
    }
  }
  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    for (uint32_t j = 0U; j < H; ++j) {
      weights[layout->bias[l] + H + j] = (Real)1;
    }
  }
}

/// Room for any right-hand factor of the products below
static size_t
ready_room(const NetShape* const shape, const size_t rows)
{
  const uint32_t H          = shape->n_hidden;
  const uint32_t V          = shape->n_out;
  const uint32_t sizes[][2] = {{shape->n_dense, 4U * H},
                               {H, 4U * H},
                               {4U * H, H},
                               {H, V},
                               {V, H},
                               {(uint32_t)rows, H}};

  size_t room = 0U;
  for (size_t i = 0U; i < sizeof(sizes) / sizeof(sizes[0]); ++i) {
    const size_t wanted = matrix_room(sizes[i][0], sizes[i][1]);
    room                = wanted > room ? wanted : room;
  }
  return room;
}

/// Point every array into one block, or with a null block only count
static size_t
carve(LstmTrain* const self, Real* const block)
{
  const NetShape* const shape = &self->layout.shape;
  const size_t          B     = self->max_streams;
  const size_t          rows  = B * self->max_steps;
  const size_t          H     = shape->n_hidden;
  size_t                n     = 0U;

#define CARVE(pointer, count)             \
  do {                                    \
    (pointer) = block ? block + n : NULL; \
    n += ((count) + 15U) & ~(size_t)15U;  \
  } while (0)

  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    LayerKeep* const keep = &self->keep[l];
    CARVE(keep->gates, rows * 4U * H);
    CARVE(keep->before, (rows + B) * H);
    CARVE(keep->cells, (rows + B) * H);
    CARVE(keep->squashed, rows * H);
    if (shape->is_normed) {
      CARVE(keep->normed, rows * H);
      CARVE(keep->sharpness, rows);
    }
    CARVE(keep->out, rows * H);
  }
  CARVE(self->scores, rows * shape->n_out);
  CARVE(self->d_out, rows * H);
  CARVE(self->d_hidden, B * H);
  CARVE(self->d_cell, B * H);
  CARVE(self->ones, H);
  CARVE(self->ready, ready_room(shape, rows));
#undef CARVE
  return n;
}

LstmTrain*
lstm_train_new(const Layout* const layout,
               const uint32_t      n_steps,
               const uint32_t      n_streams)
{
  LstmTrain* const self = (LstmTrain*)calloc(1, sizeof(LstmTrain));
  if (!self) {
    return NULL;
  }

  self->layout      = *layout;
  self->max_steps   = n_steps;
  self->max_streams = n_streams;

  const size_t n_bytes = carve(self, NULL) * sizeof(Real);
  self->block          = (Real*)aligned_alloc(64U, n_bytes);
  if (!self->block) {
    free(self);
    return NULL;
  }

  memset(self->block, 0, n_bytes);
  carve(self, self->block);
  for (size_t i = 0U; i < layout->shape.n_hidden; ++i) {
    self->ones[i] = (Real)1;
  }
  return self;
}

void
lstm_train_free(LstmTrain* const self)
{
  if (self) {
    free(self->block);
    free(self);
  }
}

/// C (M, N) = A (M, K) B, or C += that
static void
product(LstmTrain* const  self,
        const uint32_t    M,
        const uint32_t    N,
        const uint32_t    K,
        const Real* const A,
        const Real* const B,
        const bool        is_transposed, ///< B is (N, K)
        const bool        is_added,
        Real* const       C)
{
  matrix_ready(K, N, B, is_transposed, self->ready);
  matrix_product(M, N, K, A, self->ready, is_added, C);
}

/// C (M, N) += A^T B, where A is (K, M)
static void
product_at(LstmTrain* const  self,
           const uint32_t    M,
           const uint32_t    N,
           const uint32_t    K,
           const Real* const A,
           const Real* const B,
           Real* const       C)
{
  matrix_ready(K, N, B, false, self->ready);
  matrix_product_at(M, N, K, A, self->ready, true, C);
}

WIDE_LOOPS static void
add_row(Real* restrict const to, const Real* restrict const row, const size_t n)
{
  for (size_t i = 0U; i < n; ++i) {
    to[i] += row[i];
  }
}

WIDE_LOOPS static void
multiply(Real* restrict const to,
         const Real* restrict const a,
         const Real* restrict const b,
         const size_t n)
{
  for (size_t i = 0U; i < n; ++i) {
    to[i] = a[i] * b[i];
  }
}

/// The sum of a[i] * b[i], in an order that does not depend on the machine
WIDE_LOOPS static Real
dot(const Real* restrict const a, const Real* restrict const b, const size_t n)
{
  Real         parts[N_SUM_PARTS] = {0};
  const size_t n_whole            = n - n % N_SUM_PARTS;
  for (size_t i = 0U; i < n_whole; i += N_SUM_PARTS) {
    for (size_t k = 0U; k < N_SUM_PARTS; ++k) {
      parts[k] += a[i + k] * b[i + k];
    }
  }
  for (size_t i = n_whole; i < n; ++i) {
    parts[i - n_whole] += a[i] * b[i];
  }

  Real sum = (Real)0;
  for (size_t k = 0U; k < N_SUM_PARTS; ++k) {
    sum += parts[k];
  }
  return sum;
}

/// One row (H) to a mean of 0 and a variance of 1.  @return the factor.
WIDE_LOOPS static Real
norm_forward(const size_t H,
             const Real* restrict const ones,
             const Real* restrict const h,
             Real* restrict const normed)
{
  const Real mean = dot(h, ones, H) / (Real)H;
  for (size_t i = 0U; i < H; ++i) {
    normed[i] = h[i] - mean;
  }

  const Real variance  = dot(normed, normed, H) / (Real)H;
  const Real sharpness = (Real)(1.0 / sqrt((double)variance + NORM_EPSILON));
  for (size_t i = 0U; i < H; ++i) {
    normed[i] *= sharpness;
  }
  return sharpness;
}

/// One row backward: `d` (H) becomes the gradient of what was normalised
WIDE_LOOPS static void
norm_backward(const size_t H,
              const Real* restrict const ones,
              const Real* restrict const normed,
              const Real sharpness,
              Real* restrict const d)
{
  const Real mean  = dot(d, ones, H) / (Real)H;
  const Real slope = dot(d, normed, H) / (Real)H;
  for (size_t i = 0U; i < H; ++i) {
    d[i] = (d[i] - mean - normed[i] * slope) * sharpness;
  }
}

/// One row: gates (4H) from sums to their curves, and the new cell and hidden
WIDE_LOOPS static void
cell_forward(const size_t H,
             Real* restrict const g,
             const Real* restrict const c_before,
             Real* restrict const c,
             Real* restrict const squashed,
             Real* restrict const h)
{
  for (size_t i = 0U; i < H; ++i) {
    const Real in     = curve_sigmoid(g[i]);
    const Real forget = curve_sigmoid(g[H + i]);
    const Real cell   = curve_tanh(g[2U * H + i]);
    const Real out    = curve_sigmoid(g[3U * H + i]);
    const Real c_new  = forget * c_before[i] + in * cell;
    const Real t      = curve_tanh(c_new);

    g[i]          = in;
    g[H + i]      = forget;
    g[2U * H + i] = cell;
    g[3U * H + i] = out;
    c[i]          = c_new;
    squashed[i]   = t;
    h[i]          = out * t;
  }
}

/**
   One row backward: gates (4H) become the gradients of their sums.

   `d_cell` comes in from the step after and goes out to the step before.
*/
WIDE_LOOPS static void
cell_backward(const size_t H,
              Real* restrict const g,
              const Real* restrict const c_before,
              const Real* restrict const squashed,
              const Real* restrict const d_h,
              Real* restrict const d_cell)
{
  const Real one = (Real)1;
  for (size_t i = 0U; i < H; ++i) {
    const Real in     = g[i];
    const Real forget = g[H + i];
    const Real cell   = g[2U * H + i];
    const Real out    = g[3U * H + i];
    const Real t      = squashed[i];
    const Real d_c    = d_cell[i] + d_h[i] * out * (one - t * t);

    g[i]          = d_c * cell * in * (one - in);
    g[H + i]      = d_c * c_before[i] * forget * (one - forget);
    g[2U * H + i] = d_c * in * (one - cell * cell);
    g[3U * H + i] = d_h[i] * t * out * (one - out);
    d_cell[i]     = d_c * forget;
  }
}

/// Layer 0's sums: bias, a row of the table for each hot input, dense product
static void
input_sums(LstmTrain* const    self,
           const Real* const   weights,
           const Window* const window)
{
  const Layout* const   layout = &self->layout;
  const NetShape* const shape  = &layout->shape;
  const size_t          G      = 4U * (size_t)shape->n_hidden;
  const uint32_t        K      = shape->n_hot;
  const uint32_t        rows   = window->n_steps * window->n_streams;
  const Real* const     table  = weights + layout->w_in[0];
  Real* const           gates  = self->keep[0].gates;

  for (size_t i = 0U; i < rows; ++i) {
    Real* const gate = gates + i * G;
    memcpy(gate, weights + layout->bias[0], G * sizeof(Real));
    for (uint32_t k = 0U; k < K; ++k) {
      add_row(gate, table + window->hot[i * K + k] * G, G);
    }
  }
  product(self,
          rows,
          (uint32_t)G,
          shape->n_dense,
          window->dense,
          table + shape->n_hot_inputs * G,
          false,
          true,
          gates);
}

/// A higher layer's sums: bias and the product with the layer below
static void
layer_sums(LstmTrain* const    self,
           const Real* const   weights,
           const Window* const window,
           const uint32_t      l)
{
  const Layout* const layout = &self->layout;
  const uint32_t      H      = layout->shape.n_hidden;
  const uint32_t      rows   = window->n_steps * window->n_streams;
  Real* const         gates  = self->keep[l].gates;

  for (size_t i = 0U; i < rows; ++i) {
    memcpy(gates + i * 4U * H,
           weights + layout->bias[l],
           4U * (size_t)H * sizeof(Real));
  }
  product(self,
          rows,
          4U * H,
          H,
          self->keep[l - 1U].out,
          weights + layout->w_in[l],
          true,
          true,
          gates);
}

/// What goes up from step `t` is kept apart: a reset may clear what goes on
static void
hand_up(LstmTrain* const    self,
        const Window* const window,
        const uint32_t      l,
        const size_t        t)
{
  const size_t     H      = self->layout.shape.n_hidden;
  const size_t     B      = window->n_streams;
  const size_t     rows   = window->n_steps * B;
  LayerKeep* const keep   = &self->keep[l];
  Real* const      out    = keep->out + t * B * H;
  const Real*      hidden = keep->before + (t + 1U) * B * H;

  if (self->layout.shape.is_normed) {
    Real* const normed = keep->normed + t * B * H;
    for (size_t b = 0U; b < B; ++b) {
      keep->sharpness[t * B + b] =
        norm_forward(H, self->ones, hidden + b * H, normed + b * H);
    }
    hidden = normed;
  }
  if (window->mask) {
    multiply(out, hidden, window->mask + (l * rows + t * B) * H, B * H);
  } else {
    memcpy(out, hidden, B * H * sizeof(Real));
  }
}

/// Through time: the product with the hidden of the step before, then the cell
static void
layer_steps(LstmTrain* const    self,
            const Real* const   w_hid,
            const Window* const window,
            const uint32_t      l)
{
  const size_t     H    = self->layout.shape.n_hidden;
  const size_t     B    = window->n_streams;
  LayerKeep* const keep = &self->keep[l];

  matrix_ready((uint32_t)H, (uint32_t)(4U * H), w_hid, true, self->ready);
  for (size_t t = 0U; t < window->n_steps; ++t) {
    Real* const before = keep->before + t * B * H;
    Real* const cells  = keep->cells + t * B * H;
    Real* const gates  = keep->gates + t * B * 4U * H;
    for (size_t b = 0U; b < B; ++b) {
      if (window->reset[t * B + b]) {
        memset(before + b * H, 0, H * sizeof(Real));
        memset(cells + b * H, 0, H * sizeof(Real));
      }
    }

    matrix_product((uint32_t)B,
                   (uint32_t)(4U * H),
                   (uint32_t)H,
                   before,
                   self->ready,
                   true,
                   gates);
    for (size_t b = 0U; b < B; ++b) {
      const size_t row = (t * B + b) * H;
      cell_forward(H,
                   gates + b * 4U * H,
                   cells + b * H,
                   cells + (B + b) * H,
                   keep->squashed + row,
                   before + (B + b) * H);
    }
    hand_up(self, window, l, t);
  }
}

void
lstm_train_forward(LstmTrain* const    self,
                   const Real* const   weights,
                   const Window* const window,
                   const Memory        memory,
                   Real* const         loss)
{
  const Layout* const   layout = &self->layout;
  const NetShape* const shape  = &layout->shape;
  const uint32_t        rows   = window->n_steps * window->n_streams;
  const size_t          BH     = (size_t)window->n_streams * shape->n_hidden;
  const size_t          end    = window->n_steps * BH;

  for (uint32_t l = 0U; l < shape->n_layers; ++l) {
    LayerKeep* const keep = &self->keep[l];
    memcpy(keep->before, memory.hidden + l * BH, BH * sizeof(Real));
    memcpy(keep->cells, memory.cell + l * BH, BH * sizeof(Real));
    if (l) {
      layer_sums(self, weights, window, l);
    } else {
      input_sums(self, weights, window);
    }
    layer_steps(self, weights + layout->w_hid[l], window, l);
    memcpy(memory.hidden + l * BH, keep->before + end, BH * sizeof(Real));
    memcpy(memory.cell + l * BH, keep->cells + end, BH * sizeof(Real));
  }

  const uint32_t V = shape->n_out;
  for (size_t i = 0U; i < rows; ++i) {
    memcpy(self->scores + i * V, weights + layout->out_bias, V * sizeof(Real));
  }
  product(self,
          rows,
          V,
          shape->n_hidden,
          self->keep[shape->n_layers - 1U].out,
          weights + layout->out_w,
          true,
          true,
          self->scores);
  loss_softmax(rows, V, self->scores, window->target, loss);
}

/// The gradient of what a layer handed up becomes that of its hidden units
static void
hand_back(LstmTrain* const self, const Window* const window, const uint32_t l)
{
  const size_t           H    = self->layout.shape.n_hidden;
  const size_t           rows = (size_t)window->n_steps * window->n_streams;
  const LayerKeep* const keep = &self->keep[l];

  if (window->mask) {
    const Real* const mask = window->mask + l * rows * H;
    for (size_t i = 0U; i < rows * H; ++i) {
      self->d_out[i] *= mask[i];
    }
  }
  for (size_t i = 0U; self->layout.shape.is_normed && i < rows; ++i) {
    norm_backward(H,
                  self->ones,
                  keep->normed + i * H,
                  keep->sharpness[i],
                  self->d_out + i * H);
  }
}

/// Through time from the end: gates become gradients of their sums, which the
/// biases' gradient (4H) gathers while they are at hand
static void
layer_steps_back(LstmTrain* const    self,
                 const Real* const   w_hid,
                 const Window* const window,
                 const uint32_t      l,
                 Real* const         bias)
{
  const size_t     H    = self->layout.shape.n_hidden;
  const size_t     B    = window->n_streams;
  LayerKeep* const keep = &self->keep[l];

  matrix_ready((uint32_t)(4U * H), (uint32_t)H, w_hid, false, self->ready);
  memset(self->d_hidden, 0, B * H * sizeof(Real));
  memset(self->d_cell, 0, B * H * sizeof(Real));
  for (size_t t = window->n_steps; t-- > 0U;) {
    Real* const gates = keep->gates + t * B * 4U * H;
    Real* const d_h   = self->d_out + t * B * H;
    add_row(d_h, self->d_hidden, B * H);
    for (size_t b = 0U; b < B; ++b) {
      const size_t row = (t * B + b) * H;
      cell_backward(H,
                    gates + b * 4U * H,
                    keep->cells + row,
                    keep->squashed + row,
                    d_h + b * H,
                    self->d_cell + b * H);
      add_row(bias, gates + b * 4U * H, 4U * H);
    }

    matrix_product((uint32_t)B,
                   (uint32_t)H,
                   (uint32_t)(4U * H),
                   gates,
                   self->ready,
                   false,
                   self->d_hidden);
    for (size_t b = 0U; b < B; ++b) {
      if (window->reset[t * B + b]) {
        memset(self->d_hidden + b * H, 0, H * sizeof(Real));
        memset(self->d_cell + b * H, 0, H * sizeof(Real));
      }
    }
  }
}

/// Layer 0's table: what each hot input chose gets its gate's gradient
static void
input_gradient(LstmTrain* const    self,
               const Window* const window,
               Real* const         gradient)
{
  const Layout* const   layout = &self->layout;
  const NetShape* const shape  = &layout->shape;
  const size_t          G      = 4U * (size_t)shape->n_hidden;
  const uint32_t        K      = shape->n_hot;
  const uint32_t        rows   = window->n_steps * window->n_streams;
  const Real* const     gates  = self->keep[0].gates;
  Real* const           table  = gradient + layout->w_in[0];

  for (size_t i = 0U; i < rows; ++i) {
    for (uint32_t k = 0U; k < K; ++k) {
      add_row(table + window->hot[i * K + k] * G, gates + i * G, G);
    }
  }
  blas_product_at(shape->n_dense,
                  (uint32_t)G,
                  rows,
                  window->dense,
                  gates,
                  (Real)1,
                  table + shape->n_hot_inputs * G);
}

void
lstm_train_backward(LstmTrain* const    self,
                    const Real* const   weights,
                    const Window* const window,
                    const Real          scale,
                    Real* const         gradient)
{
  const Layout* const   layout = &self->layout;
  const NetShape* const shape  = &layout->shape;
  const uint32_t        rows   = window->n_steps * window->n_streams;
  const uint32_t        H      = shape->n_hidden;
  const uint32_t        V      = shape->n_out;
  const Real* const     top    = self->keep[shape->n_layers - 1U].out;

  for (size_t i = 0U; i < (size_t)rows * V; ++i) {
    self->scores[i] *= scale;
  }
  product_at(self, V, H, rows, self->scores, top, gradient + layout->out_w);
  for (size_t i = 0U; i < rows; ++i) {
    add_row(gradient + layout->out_bias, self->scores + i * V, V);
  }
  product(self,
          rows,
          H,
          V,
          self->scores,
          weights + layout->out_w,
          false,
          false,
          self->d_out);

  for (uint32_t l = shape->n_layers; l-- > 0U;) {
    const LayerKeep* const keep = &self->keep[l];
    hand_back(self, window, l);
    layer_steps_back(
      self, weights + layout->w_hid[l], window, l, gradient + layout->bias[l]);
    product_at(self,
               4U * H,
               H,
               rows,
               keep->gates,
               keep->before,
               gradient + layout->w_hid[l]);

    if (l) {
      product_at(self,
                 4U * H,
                 H,
                 rows,
                 keep->gates,
                 self->keep[l - 1U].out,
                 gradient + layout->w_in[l]);
      product(self,
              rows,
              H,
              4U * H,
              keep->gates,
              weights + layout->w_in[l],
              false,
              false,
              self->d_out);
    } else {
      input_gradient(self, window, gradient);
    }
  }
}
