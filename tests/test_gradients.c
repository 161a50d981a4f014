// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Every tensor's gradient against central finite differences.  A double build
/// (PERPETUO_DOUBLE) compares weight by weight to 1e-7; a float build compares
/// each tensor along its gradient to 1e-4, as single differences drown in
/// rounding there.

#include "tests/check.h"

#include "base/rng.h"
#include "learn/dataset.h"
#include "learn/lstm_train.h"
#include "learn/matrix.h"

#include <stdbool.h>
#include <string.h>

#define T 6U
#define B 3U
#define K 2U
#define D 3U
#define N_HOT 9U
#define L 2U
#define H 5U
#define V 4U
#define ROWS (T * B)

#ifdef PERPETUO_DOUBLE
#  define TOLERANCE 1e-7
#else
#  define TOLERANCE 1e-4
#endif

/// A net, a window and a memory carried in, all random
typedef struct {
  Layout     layout;
  LstmTrain* train;
  Real*      weights;
  Real*      gradient;
  uint16_t   hot[ROWS * K];
  Real       dense[ROWS * D];
  uint16_t   target[ROWS];
  uint8_t    reset[ROWS];
  Real       mask[L * ROWS * H];
  Real       hidden[L * B * H];
  Real       cell[L * B * H];
  Window     window;
} Bench;

/// A number between -1 and 1
static Real
noise(const uint32_t key, const uint32_t i)
{
  return (Real)((double)rng_u32(rng_seed(key), i) * 0x1p-31 - 1.0);
}

static void
bench_init(Bench* const bench, const bool is_masked, const bool is_normed)
{
  const NetShape shape = {N_HOT, K, D, L, H, V, is_normed};
  memset(bench, 0, sizeof(*bench));
  CHECK(!layout_init(&bench->layout, &shape));
  const size_t n  = bench->layout.n_weights;
  bench->weights  = (Real*)calloc(n, sizeof(Real));
  bench->gradient = (Real*)calloc(n, sizeof(Real));
  bench->train    = lstm_train_new(&bench->layout, T, B);
  CHECK(bench->weights && bench->gradient && bench->train);
  for (uint32_t i = 0U; i < n; ++i) {
    bench->weights[i] = (Real)0.6 * noise(1U, i); // Biases, too
  }
  for (uint32_t i = 0U; i < ROWS * K; ++i) {
    bench->hot[i] = (uint16_t)rng_below(2U, i, N_HOT); // Some twice in a step
  }
  for (uint32_t i = 0U; i < ROWS * D; ++i) {
    bench->dense[i] = noise(3U, i);
  }
  for (uint32_t i = 0U; i < ROWS; ++i) {
    bench->target[i] = i % 5U == 3U ? NO_TARGET : (uint16_t)rng_below(4U, i, V);
  }
  bench->reset[2U * B + 0U] = 1U; // Stream 0 begins anew in the middle
  bench->reset[0U * B + 1U] = 1U; // Stream 1 at the start
  bench->reset[4U * B + 0U] = 1U;
  for (uint32_t i = 0U; i < L * ROWS * H; ++i) {
    bench->mask[i] = rng_below(5U, i, 4U) ? (Real)(4.0 / 3.0) : (Real)0;
  }
  for (uint32_t i = 0U; i < L * B * H; ++i) {
    bench->hidden[i] = noise(6U, i);
    bench->cell[i]   = noise(7U, i);
  }

  const Window window = {T,
                         B,
                         bench->hot,
                         bench->dense,
                         bench->target,
                         bench->reset,
                         is_masked ? bench->mask : NULL};
  bench->window       = window;
}

static void
bench_clear(Bench* const bench)
{
  lstm_train_free(bench->train);
  free(bench->weights);
  free(bench->gradient);
}

/// Summed loss of the window, from the memory that is carried in
static double
bench_loss(Bench* const bench, const Real* const weights)
{
  Real         hidden[L * B * H];
  Real         cell[L * B * H];
  Real         loss[ROWS];
  const Memory memory = {hidden, cell};
  double       sum    = 0.0;
  memcpy(hidden, bench->hidden, sizeof(hidden));
  memcpy(cell, bench->cell, sizeof(cell));
  lstm_train_forward(bench->train, weights, &bench->window, memory, loss);
  for (uint32_t i = 0U; i < ROWS; ++i) {
    sum += (double)loss[i];
  }
  return sum;
}

/// Slope of the loss along `direction`, by differences of the fourth order
static double
slope(Bench* const bench, const double* const direction, const double reach)
{
  const double at[4]     = {-2.0, -1.0, 1.0, 2.0};
  const double weight[4] = {1.0, -8.0, 8.0, -1.0};
  const size_t n         = bench->layout.n_weights;
  Real* const  moved     = (Real*)calloc(n, sizeof(Real));
  double       sum       = 0.0;
  for (uint32_t j = 0U; j < 4U; ++j) {
    for (size_t i = 0U; i < n; ++i) {
      moved[i] =
        (Real)((double)bench->weights[i] + at[j] * reach * direction[i]);
    }
    sum += weight[j] * bench_loss(bench, moved);
  }
  free(moved);
  return sum / (12.0 * reach);
}

static void
compute_gradient(Bench* const bench, const Real scale)
{
  memset(bench->gradient, 0, bench->layout.n_weights * sizeof(Real));
  bench_loss(bench, bench->weights);
  lstm_train_backward(
    bench->train, bench->weights, &bench->window, scale, bench->gradient);
}

static void
check_near(const char* const name,
           const double      wanted,
           const double      got,
           const double      size)
{
  if (!(fabs(wanted - got) <= TOLERANCE * size)) {
    fprintf(stderr,
            "%s: differences say %.12g, the gradient %.12g\n",
            name,
            wanted,
            got);
    CHECK(!"gradient agrees");
  }
}

#ifdef PERPETUO_DOUBLE

/// Each weight by itself; relative to the tensor's largest gradient where the
/// weight's own is smaller than a thousandth of that
static void
check_tensor(Bench* const              bench,
             const LayoutTensor* const tensor,
             double* const             direction)
{
  const size_t size = (size_t)tensor->n_rows * tensor->n_columns;
  double       top  = 0.0;
  for (size_t i = 0U; i < size; ++i) {
    top = fmax(top, fabs((double)bench->gradient[tensor->begin + i]));
  }
  CHECK(top > 1e-3);
  for (size_t i = 0U; i < size; ++i) {
    const size_t at       = tensor->begin + i;
    const double gradient = (double)bench->gradient[at];
    direction[at]         = 1.0;
    check_near(tensor->name,
               slope(bench, direction, 1e-3),
               gradient,
               fmax(fabs(gradient), 1e-3 * top));
    direction[at] = 0.0;
  }
}

#else

/// The whole tensor along its gradient: the slope is the gradient's norm
static void
check_tensor(Bench* const              bench,
             const LayoutTensor* const tensor,
             double* const             direction)
{
  const size_t size = (size_t)tensor->n_rows * tensor->n_columns;
  double       sum  = 0.0;
  for (size_t i = 0U; i < size; ++i) {
    const double g = (double)bench->gradient[tensor->begin + i];
    sum += g * g;
  }
  const double norm = sqrt(sum);
  CHECK(norm > 1e-3);
  for (size_t i = 0U; i < size; ++i) {
    direction[tensor->begin + i] =
      (double)bench->gradient[tensor->begin + i] / norm;
  }
  // A normed net's loss bends more, so that its differences have to be closer
  const double reach = bench->layout.shape.is_normed ? 0.02 : 0.06;
  check_near(tensor->name, slope(bench, direction, reach), norm, norm);
  for (size_t i = 0U; i < size; ++i) {
    direction[tensor->begin + i] = 0.0;
  }
}

#endif

static void
check_all(const bool is_masked, const bool is_normed)
{
  Bench bench;
  bench_init(&bench, is_masked, is_normed);
  compute_gradient(&bench, (Real)1);
  double* const direction =
    (double*)calloc(bench.layout.n_weights, sizeof(double));
  CHECK(direction);
  CHECK(bench.layout.n_tensors == 3U * L + 2U);
  for (uint32_t i = 0U; direction && i < bench.layout.n_tensors; ++i) {
    check_tensor(&bench, &bench.layout.tensor[i], direction);
  }
  free(direction);
  bench_clear(&bench);
}

static void
test_gradients(void)
{
  check_all(false, false);
}

static void
test_gradients_with_dropout(void)
{
  check_all(true, false);
}

static void
test_gradients_normed(void)
{
  check_all(false, true);
}

static void
test_gradients_normed_with_dropout(void)
{
  check_all(true, true);
}

static void
test_gradient_is_scaled_and_added(void)
{
  Bench bench;
  bench_init(&bench, true, true);
  const size_t n    = bench.layout.n_weights;
  Real* const  once = (Real*)calloc(n, sizeof(Real));
  compute_gradient(&bench, (Real)1);
  memcpy(once, bench.gradient, n * sizeof(Real));

  // A half twice is the whole
  compute_gradient(&bench, (Real)0.5);
  bench_loss(&bench, bench.weights);
  lstm_train_backward(
    bench.train, bench.weights, &bench.window, (Real)0.5, bench.gradient);
  for (size_t i = 0U; i < n; ++i) {
    NEAR(once[i], bench.gradient[i], 1e-5);
  }
  free(once);
  bench_clear(&bench);
}

static void
test_gradient_stops_at_resets(void)
{
  // What is read before a reset cannot matter after it
  Bench bench;
  bench_init(&bench, false, false);
  memset(bench.reset, 0, sizeof(bench.reset));
  for (uint32_t b = 0U; b < B; ++b) {
    bench.reset[3U * B + b] = 1U;
  }
  for (uint32_t i = 0U; i < ROWS; ++i) {
    bench.hot[i * K]      = i < 3U * B ? 0U : 1U;
    bench.hot[i * K + 1U] = i < 3U * B ? 2U : 3U;
    if (i < 3U * B) {
      bench.target[i] = NO_TARGET;
    }
  }
  compute_gradient(&bench, (Real)1);
  const Real* const table  = bench.gradient + bench.layout.w_in[0];
  double            before = 0.0;
  double            after  = 0.0;
  for (uint32_t j = 0U; j < 4U * H; ++j) {
    before += fabs((double)table[j]) + fabs((double)table[2U * 4U * H + j]);
    after += fabs((double)table[4U * H + j]);
  }
  CHECK(before == 0.0);
  CHECK(after > 1e-3);
  bench_clear(&bench);
}

/// Each by every way to multiply that this machine has
int
main(void)
{
  const MatrixBackend* backend = NULL;
  for (uint32_t i = 0U; (backend = matrix_backend(i)); ++i) {
    if (!matrix_use(backend->name)) {
      continue;
    }
    RUN(test_gradients);
    RUN(test_gradients_with_dropout);
    RUN(test_gradients_normed);
    RUN(test_gradients_normed_with_dropout);
    RUN(test_gradient_is_scaled_and_added);
    RUN(test_gradient_stops_at_resets);
  }
  CHECK_END();
}
