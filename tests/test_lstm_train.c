// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The float net beside one written from the formulas, in double

#include "tests/check.h"

#include "base/rng.h"
#include "learn/crew.h"
#include "learn/dataset.h"
#include "learn/lstm_train.h"
#include "learn/matrix.h"

#include <stdbool.h>
#include <string.h>

#define T 9U
#define B 4U
#define K 2U
#define D 2U
#define N_HOT 7U
#define L 3U
#define H 40U // More than a tile of products
#define V 5U

typedef struct {
  uint16_t hot[T * B * K];
  Real     dense[T * B * D];
  uint16_t target[T * B];
  uint8_t  reset[T * B];
} Steps;

static Real
noise(const uint32_t key, const uint32_t i)
{
  return (Real)((double)rng_u32(rng_seed(key), i) * 0x1p-31 - 1.0);
}

static void
make_steps(Steps* const steps)
{
  for (uint32_t i = 0U; i < T * B; ++i) {
    for (uint32_t k = 0U; k < K; ++k) {
      steps->hot[i * K + k] = (uint16_t)rng_below(1U, i * K + k, N_HOT);
    }
    for (uint32_t d = 0U; d < D; ++d) {
      steps->dense[i * D + d] = noise(2U, i * D + d);
    }
    steps->target[i] = (uint16_t)rng_below(3U, i, V);
    steps->reset[i]  = rng_below(4U, i, 5U) == 0U;
  }
  steps->target[5] = NO_TARGET;
}

static void
make_weights(const Layout* const layout, Real* const weights)
{
  for (uint32_t i = 0U; i < layout->n_weights; ++i) {
    weights[i] = (Real)0.8 * noise(9U, i);
  }
}

static double
sigmoid(const double x)
{
  return 1.0 / (1.0 + exp(-x));
}

/// What is handed up (H), in place
static void
normalise(double* const up)
{
  double mean     = 0.0;
  double variance = 0.0;
  for (uint32_t i = 0U; i < H; ++i) {
    mean += up[i] / H;
  }
  for (uint32_t i = 0U; i < H; ++i) {
    variance += (up[i] - mean) * (up[i] - mean) / H;
  }
  for (uint32_t i = 0U; i < H; ++i) {
    up[i] = (up[i] - mean) / sqrt(variance + 1.0 / 16129.0);
  }
}

/// One step of one stream, from the formulas.  @return the loss.
static double
reference_step(const Layout* const layout,
               const Real* const   w,
               const Steps* const  steps,
               const uint32_t      row,
               double* const       hidden, // (L, H)
               double* const       cell)
{
  double input[H];
  for (uint32_t l = 0U; l < L; ++l) {
    double gate[4U * H];
    for (uint32_t j = 0U; j < 4U * H; ++j) {
      const Real* const w_in = w + layout->w_in[l];
      gate[j]                = (double)w[layout->bias[l] + j];
      for (uint32_t k = 0U; !l && k < K; ++k) {
        gate[j] += (double)w_in[steps->hot[row * K + k] * 4U * H + j];
      }
      for (uint32_t d = 0U; !l && d < D; ++d) {
        gate[j] += (double)w_in[(N_HOT + d) * 4U * H + j] *
                   (double)steps->dense[row * D + d];
      }
      for (uint32_t i = 0U; i < H; ++i) {
        gate[j] += l ? (double)w_in[j * H + i] * input[i] : 0.0;
        gate[j] += (double)w[layout->w_hid[l] + j * H + i] * hidden[l * H + i];
      }
    }
    for (uint32_t i = 0U; i < H; ++i) {
      cell[l * H + i] = sigmoid(gate[H + i]) * cell[l * H + i] +
                        sigmoid(gate[i]) * tanh(gate[2U * H + i]);
      input[i] = sigmoid(gate[3U * H + i]) * tanh(cell[l * H + i]);
    }
    memcpy(hidden + l * H, input, sizeof(input));
    if (layout->shape.is_normed) {
      normalise(input);
    }
  }

  double score[V];
  double sum = 0.0;
  for (uint32_t v = 0U; v < V; ++v) {
    score[v] = (double)w[layout->out_bias + v];
    for (uint32_t i = 0U; i < H; ++i) {
      score[v] += (double)w[layout->out_w + v * H + i] * input[i];
    }
    sum += exp(score[v]);
  }
  return steps->target[row] == NO_TARGET ? 0.0
                                         : log(sum) - score[steps->target[row]];
}

static void
check_forward(const uint32_t is_normed)
{
  static Steps   steps;
  const NetShape shape = {N_HOT, K, D, L, H, V, is_normed};
  Layout         layout;
  Real           hidden[L * B * H];
  Real           cell[L * B * H];
  Real           loss[T * B];
  CHECK(!layout_init(&layout, &shape));
  Real* const      weights = (Real*)calloc(layout.n_weights, sizeof(Real));
  LstmTrain* const train   = lstm_train_new(&layout, T, B);
  make_steps(&steps);
  make_weights(&layout, weights);
  for (uint32_t i = 0U; i < L * B * H; ++i) {
    hidden[i] = noise(5U, i);
    cell[i]   = noise(6U, i);
  }

  double wanted[T * B];
  double last_hidden[B][L * H];
  double last_cell[B][L * H];
  for (uint32_t b = 0U; b < B; ++b) {
    for (uint32_t l = 0U; l < L; ++l) {
      for (uint32_t i = 0U; i < H; ++i) {
        last_hidden[b][l * H + i] = (double)hidden[(l * B + b) * H + i];
        last_cell[b][l * H + i]   = (double)cell[(l * B + b) * H + i];
      }
    }
    for (uint32_t t = 0U; t < T; ++t) {
      if (steps.reset[t * B + b]) {
        memset(last_hidden[b], 0, sizeof(last_hidden[b]));
        memset(last_cell[b], 0, sizeof(last_cell[b]));
      }
      wanted[t * B + b] = reference_step(
        &layout, weights, &steps, t * B + b, last_hidden[b], last_cell[b]);
    }
  }

  const Window window = {
    T, B, steps.hot, steps.dense, steps.target, steps.reset, NULL};
  const Memory memory = {hidden, cell};
  lstm_train_forward(train, weights, &window, memory, loss);
  for (uint32_t i = 0U; i < T * B; ++i) {
    NEAR(loss[i], wanted[i], 2e-5);
  }
  for (uint32_t b = 0U; b < B; ++b) {
    for (uint32_t l = 0U; l < L; ++l) {
      for (uint32_t i = 0U; i < H; ++i) {
        NEAR(hidden[(l * B + b) * H + i], last_hidden[b][l * H + i], 1e-5);
        NEAR(cell[(l * B + b) * H + i], last_cell[b][l * H + i], 1e-5);
      }
    }
  }
  lstm_train_free(train);
  free(weights);
}

static void
test_forward_as_the_formulas(void)
{
  const MatrixBackend* backend = NULL;
  for (uint32_t i = 0U; (backend = matrix_backend(i)); ++i) {
    if (backend->is_able()) {
      CHECK(matrix_use(backend->name));
      check_forward(0U);
      check_forward(1U);
    }
  }
  CHECK(matrix_use(NULL));
}

static void
test_windows_join(void)
{
  // One window of T, or T windows of one step: the same losses
  static Steps   steps;
  const NetShape shape = {N_HOT, K, D, L, H, V, 0U};
  Layout         layout;
  CHECK(!layout_init(&layout, &shape));
  Real* const      weights = (Real*)calloc(layout.n_weights, sizeof(Real));
  LstmTrain* const train   = lstm_train_new(&layout, T, B);
  make_steps(&steps);
  make_weights(&layout, weights);

  Real hidden[2][L * B * H];
  Real cell[2][L * B * H];
  Real whole[T * B];
  Real single[T * B];
  memset(hidden, 0, sizeof(hidden));
  memset(cell, 0, sizeof(cell));
  const Window window = {
    T, B, steps.hot, steps.dense, steps.target, steps.reset, NULL};
  const Memory first  = {hidden[0], cell[0]};
  const Memory second = {hidden[1], cell[1]};
  lstm_train_forward(train, weights, &window, first, whole);
  for (uint32_t t = 0U; t < T; ++t) {
    const Window one = {1U,
                        B,
                        steps.hot + t * B * K,
                        steps.dense + t * B * D,
                        steps.target + t * B,
                        steps.reset + t * B,
                        NULL};
    lstm_train_forward(train, weights, &one, second, single + t * B);
  }
  for (uint32_t i = 0U; i < T * B; ++i) {
    NEAR(whole[i], single[i], 1e-6);
  }
  for (uint32_t i = 0U; i < L * B * H; ++i) {
    NEAR(hidden[0][i], hidden[1][i], 1e-6);
    NEAR(cell[0][i], cell[1][i], 1e-6);
  }
  lstm_train_free(train);
  free(weights);
}

/// Each row of gates' gradients goes to K rows of the table, and once to the
/// biases
static void
test_table_gradient(void)
{
  static Steps   steps;
  const NetShape shape = {N_HOT, K, D, L, H, V, 1U};
  Layout         layout;
  Real           hidden[L * B * H] = {0};
  Real           cell[L * B * H]   = {0};
  Real           loss[T * B];
  CHECK(!layout_init(&layout, &shape));
  Real* const      weights  = (Real*)calloc(layout.n_weights, sizeof(Real));
  Real* const      gradient = (Real*)calloc(layout.n_weights, sizeof(Real));
  LstmTrain* const train    = lstm_train_new(&layout, T, B);
  make_steps(&steps);
  make_weights(&layout, weights);
  const Window window = {
    T, B, steps.hot, steps.dense, steps.target, steps.reset, NULL};
  const Memory memory = {hidden, cell};
  lstm_train_forward(train, weights, &window, memory, loss);
  lstm_train_backward(train, weights, &window, (Real)1, gradient);

  for (uint32_t g = 0U; g < 4U * H; ++g) {
    double sum   = 0.0;
    double whole = 0.0;
    for (uint32_t i = 0U; i < N_HOT; ++i) {
      const double part = (double)gradient[layout.w_in[0] + i * 4U * H + g];
      sum += part;
      whole += fabs(part);
    }
    const double bias = (double)gradient[layout.bias[0] + g];
    CHECK(whole > 0.0);
    NEAR(sum, (double)K * bias, 1e-5 * (whole + fabs(bias)));
  }
  lstm_train_free(train);
  free(weights);
  free(gradient);
}

static void
test_layout(void)
{
  const NetShape shape = {N_HOT, K, D, L, H, V, 0U};
  Layout         layout;
  CHECK(!layout_init(&layout, &shape));
  size_t n = 0U;
  for (uint32_t i = 0U; i < layout.n_tensors; ++i) {
    CHECK(layout.tensor[i].begin == n);
    n += (size_t)layout.tensor[i].n_rows * layout.tensor[i].n_columns;
  }
  CHECK(n == layout.n_weights);
  CHECK(n == (N_HOT + D) * 4U * H + (L - 1U) * 4U * H * H + L * 4U * H * H +
               L * 4U * H + V * H + V);

  NetShape bad = shape;
  bad.n_layers = NET_MAX_LAYERS + 1U;
  CHECK(layout_init(&layout, &bad) == STATUS_BAD_ARG);
  bad          = shape;
  bad.n_hidden = 0U;
  CHECK(layout_init(&layout, &bad) == STATUS_BAD_ARG);
  bad       = shape;
  bad.n_out = 1U << 20U;
  CHECK(layout_init(&layout, &bad) == STATUS_BAD_ARG);
}

static void
test_first_weights(void)
{
  const NetShape shape = {N_HOT, K, D, L, H, V, 0U};
  Layout         layout;
  CHECK(!layout_init(&layout, &shape));
  const size_t n    = layout.n_weights;
  Real* const  w    = (Real*)calloc(n, sizeof(Real));
  Real* const  same = (Real*)calloc(n, sizeof(Real));
  weights_init(&layout, 5U, w);
  weights_init(&layout, 5U, same);
  CHECK(!memcmp(w, same, n * sizeof(Real)));
  weights_init(&layout, 6U, same);
  CHECK(memcmp(w, same, n * sizeof(Real)) != 0);
  for (uint32_t l = 0U; l < L; ++l) {
    for (uint32_t i = 0U; i < H; ++i) {
      CHECK(w[layout.bias[l] + i] == (Real)0);
      CHECK(w[layout.bias[l] + H + i] == (Real)1);
    }
  }
  double sum = 0.0;
  for (size_t i = 0U; i < n; ++i) {
    CHECK(fabs((double)w[i]) <= 1.0);
    sum += (double)w[i];
  }
  NEAR((sum - (double)(L * H)) / (double)n, 0.0, 0.05);
  free(w);
  free(same);
  lstm_train_free(NULL);
}

/// Every member of a crew counts in its own place
static void
count(void* const what, const uint32_t i_member)
{
  ++((uint32_t*)what)[i_member];
}

static void
test_crew(void)
{
  for (uint32_t n = 1U; n <= 5U; ++n) {
    uint32_t    counts[5] = {0U, 0U, 0U, 0U, 0U};
    Crew* const crew      = crew_new(n);
    CHECK(crew && crew_size(crew) == n);
    for (uint32_t i = 0U; crew && i < 200U; ++i) {
      crew_run(crew, count, counts);
    }
    for (uint32_t i = 0U; i < 5U; ++i) {
      CHECK(counts[i] == (i < n ? 200U : 0U));
    }
    crew_free(crew);
  }
  CHECK(!crew_new(0U));
  CHECK(!crew_new(CREW_MAX + 1U));
  crew_free(NULL);
}

int
main(void)
{
  RUN(test_forward_as_the_formulas);
  RUN(test_windows_join);
  RUN(test_table_gradient);
  RUN(test_layout);
  RUN(test_first_weights);
  RUN(test_crew);
  CHECK_END();
}
