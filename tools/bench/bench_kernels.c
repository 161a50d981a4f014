// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What a net's step costs, by each backend and beside OpenBLAS, what its parts
/// cost, and what the machine could do at best

#include "base/rng.h"
#include "nn/dense.h"
#include "nn/isa.h"
#include "nn/lstm.h"
#include "nn/net.h"
#include "nn/norm.h"
#include "nn/pick.h"
#include "nn/product.h"
#include "nn/table.h"
#include "tests/random_model.h"
#include "tools/bench/limit.h"
#include "tools/bench/race.h"

#include <cblas.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "kernels"
#define N_STEPS 64U
#define MAX_LANES 8U
#define N_COLD 31U

/// Nets like those that are shipped, and twice as wide
static const NetShape shapes[] = {
  {703U, 16U, 20U, 2U, 256U, 96U, 1U},
  {703U, 16U, 20U, 2U, 512U, 96U, 1U},
};

/// Backends, with loops of the same width
static const struct {
  const char* name;
  Isa         isa;
} ways[] = {
  {"avx512", ISA_AVX512},
  {"avx2", ISA_AVX2},
  {"sse2", ISA_PLAIN},
  {"neon-dot", ISA_PLAIN},
  {"neon", ISA_PLAIN},
  {"portable", ISA_PLAIN},
};

#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

static void*
must(void* const block)
{
  if (!block) {
    fprintf(stderr, "There is no memory for this benchmark\n");
    exit(1);
  }
  return block;
}

/// Zeros at a place that vectors like
static void*
zeros(const size_t n_bytes)
{
  const size_t size = (n_bytes + 63U) / 64U * 64U;
  return memset(must(aligned_alloc(64U, size)), 0, size);
}

static const char*
name_of(char* const       name,
        const size_t      size,
        const char* const what,
        const uint32_t    H,
        const char* const more)
{
  (void)snprintf(name, size, "%s, 2x%u%s", what, H, more);
  return name;
}

static const char*
count_of(const uint32_t n)
{
  return n == 1U ? "one" : "eight";
}

// ------------------------------------------------------------------ our steps

/// A net that runs over the same inputs again and again, in one way
typedef struct {
  NetShape  shape;
  Model*    model;
  Net*      net;
  NetState* state;
  uint32_t  n;   ///< N, sequences
  uint16_t* hot; ///< (N_STEPS, N, K)
  float*    logits;
  uint32_t  t;
  size_t    i_way; ///< N_WAYS for the preferred one
} Runner;

static void
runner_init(Runner* const         r,
            const NetShape* const shape,
            const uint32_t        n,
            const size_t          i_way)
{
  Trouble trouble = {""};
  int8_t  dense[64];

  memset(r, 0, sizeof(*r));
  r->shape  = *shape;
  r->n      = n;
  r->i_way  = i_way;
  r->model  = (Model*)must(random_model(shape, 5U));
  r->hot    = (uint16_t*)zeros(2U * N_STEPS * n * shape->n_hot);
  r->logits = (float*)zeros((size_t)n * shape->n_out * sizeof(float));
  random_dense(shape, 6U, dense);
  random_hot(shape, 7U, N_STEPS * n, r->hot);
  if (net_new(r->model, &r->net, &trouble)) {
    fprintf(stderr, "%s\n", trouble.text);
    exit(1);
  }
  r->state = (NetState*)must(net_state_new(r->net, n));
  net_condition(r->net, r->state, dense);
}

static void
runner_clear(Runner* const r)
{
  net_state_free(r->state);
  net_free(r->net);
  model_free(r->model);
  free(r->logits);
  free(r->hot);
}

/// Use a way, or the preferred one; false when this machine cannot
static bool
use_way(const size_t i_way)
{
  Isa best = ISA_AVX512;
  while (!isa_is_able(best)) {
    best = (Isa)(best - 1);
  }
  return i_way < N_WAYS
           ? product_use(ways[i_way].name) && isa_use(ways[i_way].isa)
           : product_use(NULL) && isa_use(best);
}

static void
runner_step(void* const what)
{
  Runner* const r    = (Runner*)what;
  const size_t  size = (size_t)r->n * r->shape.n_hot;

  // The preferred one is in use already, and choosing takes a while, too
  if (r->i_way < N_WAYS) {
    (void)use_way(r->i_way);
  }
  net_step(r->net, r->state, r->hot + r->t * size, r->logits);
  r->t = (r->t + 1U) % N_STEPS;
}

// ----------------------------------------------------------- OpenBLAS, floats

/// The same products with float32 weights, without input, curves and all else
typedef struct {
  uint32_t H;
  uint32_t V;
  float*   w[4];
  float*   x;
  float*   y;
} Blas;

static void
blas_init(Blas* const b, const NetShape* const shape)
{
  b->H = shape->n_hidden;
  b->V = shape->n_out;
  b->x = (float*)zeros(b->H * sizeof(float));
  b->y = (float*)zeros(4U * b->H * sizeof(float));
  for (uint32_t i = 0U; i < 4U; ++i) {
    const size_t n = (size_t)(i < 3U ? 4U * b->H : b->V) * b->H;
    b->w[i]        = (float*)zeros(n * sizeof(float));
    for (size_t j = 0U; j < n; ++j) {
      b->w[i][j] = (float)rng_below(rng_seed(i), (uint32_t)j, 255U) - 127.0f;
    }
  }
}

static void
blas_clear(Blas* const b)
{
  for (uint32_t i = 0U; i < 4U; ++i) {
    free(b->w[i]);
  }
  free(b->x);
  free(b->y);
}

static void
blas_step(void* const what)
{
  Blas* const b = (Blas*)what;
  const int   H = (int)b->H;
  for (uint32_t i = 0U; i < 4U; ++i) {
    cblas_sgemv(CblasRowMajor,
                CblasNoTrans,
                i < 3U ? 4 * H : (int)b->V,
                H,
                1.0f,
                b->w[i],
                H,
                b->x,
                1,
                0.0f,
                b->y,
                1);
  }
}

// ------------------------------------------------------------ parts of a step

/// The parts of a step by themselves: products, curves, table, picking
typedef struct {
  NetShape  shape;
  uint32_t  n; ///< N
  Product   gates[3];
  Product   out;
  Lstm      lstm;
  LstmState state;
  int8_t*   x;        ///< (N, stride)
  void*     prepared; ///< The same
  int32_t*  sums;     ///< (N, G)
  int8_t*   columns;
  uint16_t* hot;     ///< (N, K)
  int32_t*  others;  ///< (G)
  float*    logits;  ///< (V)
  uint32_t* weights; ///< (V)
  uint32_t  random;
} Parts;

static void
fill(int8_t* const to, const size_t n, const uint64_t seed)
{
  for (size_t i = 0U; i < n; ++i) {
    to[i] = (int8_t)((int)rng_below(rng_seed(seed), (uint32_t)i, 255U) - 127);
  }
}

static void
product_of(Product* const product, const uint32_t M, const uint32_t K)
{
  int8_t* const w = (int8_t*)zeros((size_t)M * K);
  fill(w, (size_t)M * K, M);
  if (product_init(product, w, M, K)) {
    must(NULL);
  }
  free(w);
}

static float*
floats_of(const size_t n, const float from, const float step)
{
  float* const f = (float*)zeros(n * sizeof(float));
  for (size_t i = 0U; i < n; ++i) {
    f[i] = from + step * (float)(i % 13U);
  }
  return f;
}

static void
parts_init(Parts* const p, const NetShape* const shape, const uint32_t n)
{
  const uint32_t H      = shape->n_hidden;
  const size_t   P      = lstm_padded(H);
  const size_t   G      = 4U * P;
  const size_t   stride = product_stride(H);
  const size_t   C      = shape->n_hot_inputs;

  memset(p, 0, sizeof(*p));
  p->shape = *shape;
  p->n     = n;
  for (uint32_t i = 0U; i < 3U; ++i) {
    product_of(&p->gates[i], (uint32_t)G, H);
  }
  product_of(&p->out, shape->n_out, H);
  p->x              = (int8_t*)zeros(n * stride);
  p->prepared       = zeros(product_prepared_size(H, n));
  p->sums           = (int32_t*)zeros(n * G * sizeof(int32_t));
  p->columns        = (int8_t*)zeros((C + 1U) * G);
  p->hot            = (uint16_t*)zeros(2U * n * shape->n_hot);
  p->others         = (int32_t*)zeros(G * sizeof(int32_t));
  p->logits         = (float*)zeros(shape->n_out * sizeof(float));
  p->weights        = (uint32_t*)zeros(shape->n_out * sizeof(uint32_t));
  p->lstm.n_hidden  = H;
  p->lstm.w_hid     = p->gates[0];
  p->lstm.scale_in  = floats_of(G, 1e-4f, 1e-6f);
  p->lstm.scale_hid = floats_of(G, 1e-4f, 1e-6f);
  p->lstm.bias      = floats_of(G, -0.6f, 0.1f);
  p->state.hidden   = (int8_t*)zeros(n * stride);
  p->state.cell     = (float*)zeros(n * P * sizeof(float));
  for (uint32_t v = 0U; v < shape->n_out; ++v) {
    p->logits[v] = (float)rng_below(rng_seed(5U), v, 12000U) * 1e-3f;
  }
  fill(p->x, n * stride, 2U);
  fill(p->columns, C * G, 3U);
  random_hot(shape, 7U, n, p->hot);
  for (size_t i = 0U; i < n * G; ++i) {
    p->sums[i] = (int32_t)rng_below(rng_seed(4U), (uint32_t)i, 40000U) - 20000;
  }
}

static void
parts_clear(Parts* const p)
{
  for (uint32_t i = 0U; i < 3U; ++i) {
    product_clear(&p->gates[i]);
  }
  product_clear(&p->out);
  free(p->x);
  free(p->prepared);
  free(p->sums);
  free(p->columns);
  free(p->hot);
  free(p->others);
  free(p->logits);
  free(p->weights);
  free(p->lstm.scale_in);
  free(p->lstm.scale_hid);
  free(p->lstm.bias);
  free(p->state.hidden);
  free(p->state.cell);
}

static void
parts_products(void* const what)
{
  Parts* const                p       = (Parts*)what;
  const ProductBackend* const backend = product_in_use();

  // Each vector is prepared as often as in a step
  for (uint32_t i = 0U; i < 3U; ++i) {
    backend->prepare(p->x, p->n, p->gates[i].stride, p->prepared);
    backend->multiply(
      &p->gates[i], 0U, p->gates[i].n_tiles, p->prepared, p->n, p->sums);
  }
  backend->prepare(p->x, p->n, p->out.stride, p->prepared);
  backend->multiply(&p->out, 0U, p->out.n_tiles, p->prepared, p->n, p->sums);
}

/// Curves and cells of two layers, and what they hand up
static void
parts_curves(void* const what)
{
  Parts* const p = (Parts*)what;
  for (uint32_t l = 0U; l < p->shape.n_layers; ++l) {
    lstm_update(&p->lstm, &p->state, p->n, p->sums);
    norm_rows(
      p->state.hidden, p->n, p->shape.n_hidden, p->gates[0].stride, p->x);
  }
}

static void
parts_table(void* const what)
{
  Parts* const   p = (Parts*)what;
  const uint32_t K = p->shape.n_hot;
  const size_t   G = 4U * (size_t)lstm_padded(p->shape.n_hidden);
  for (uint32_t i = 0U; i < p->n; ++i) {
    table_sum(p->columns,
              p->shape.n_hot_inputs,
              G,
              p->hot + (size_t)i * K,
              K,
              p->others,
              p->sums + i * G);
  }
}

/// As the generator picks: warm, and from the likeliest
static void
parts_pick(void* const what)
{
  static const PickRule rule = {NULL, 1.0f, 0.95f};

  Parts* const p = (Parts*)what;
  for (uint32_t i = 0U; i < p->n; ++i) {
    p->random = p->random * 1664525U + 1013904223U;
    (void)pick(&rule, p->logits, p->shape.n_out, p->random, p->weights);
  }
}

// --------------------------------------------------------------------- limits

/// Bytes of a net that a step of one sequence has to read
static size_t
bytes_read(const NetShape* const s)
{
  const size_t P = lstm_padded(s->n_hidden);
  const size_t G = 4U * P;
  const size_t V = product_padded(s->n_out);

  return (2U * s->n_layers - 1U) * G * s->n_hidden // Products of the layers
         + V * s->n_hidden                         // and of the output
         + s->n_hot * G                            // Columns of the table
         + 3U * s->n_layers * G * sizeof(float)    // Scales and biases
         + 2U * V * sizeof(float);
}

/// Multiply-adds of a step of one sequence
static double
multiply_adds(const NetShape* const s)
{
  const double G = 4.0 * lstm_padded(s->n_hidden);
  return (2.0 * s->n_layers - 1.0) * G * s->n_hidden +
         (double)product_padded(s->n_out) * s->n_hidden;
}

static void
print_limit(const NetShape* const s, const uint32_t n, const double peak)
{
  const double bandwidth = limit_bandwidth(bytes_read(s));
  const double by_bytes  = (double)bytes_read(s) / bandwidth;
  const double by_peak   = peak > 0.0 ? n * multiply_adds(s) / peak : 0.0;
  char         name[192];
  char         more[48];
  if (n == 1U) {
    race_print_figure(
      SECTION,
      name_of(name, sizeof(name), "bandwidth, weights of", s->n_hidden, ""),
      "GB/s",
      bandwidth * 1e-9);
  }
  (void)snprintf(
    more, sizeof(more), ", limit for %s in lock-step", count_of(n));
  race_print_figure(SECTION,
                    name_of(name, sizeof(name), "products", s->n_hidden, more),
                    "us",
                    1e6 * (by_bytes > by_peak ? by_bytes : by_peak));
}

// ------------------------------------------------------------------- contests

/// Ours and OpenBLAS's, one sequence
static void
race_steps(const NetShape* const shape)
{
  Runner one;
  Runner eight;
  Blas   blas;
  Spread spreads[3];
  char   name[192];
  runner_init(&one, shape, 1U, N_WAYS);
  runner_init(&eight, shape, MAX_LANES, N_WAYS);
  blas_init(&blas, shape);

  const Contestant         c[]    = {{"one", runner_step, &one, 1.0},
                                     {"eight", runner_step, &eight, 1.0},
                                     {"OpenBLAS", blas_step, &blas, 1.0}};
  static const char* const what[] = {"step", "step", "OpenBLAS sgemv"};
  static const char* const more[] = {
    ", 1 in lock-step", ", 8 in lock-step", ""};
  race(race_options(), c, 3U, spreads);
  for (uint32_t i = 0U; i < 3U; ++i) {
    race_print(SECTION,
               name_of(name, sizeof(name), what[i], shape->n_hidden, more[i]),
               "us",
               1e6,
               spreads[i]);
  }
  blas_clear(&blas);
  runner_clear(&eight);
  runner_clear(&one);
}

/// Every way that the machine has
static void
race_ways(const NetShape* const shape, const uint32_t n)
{
  Runner     runners[N_WAYS];
  Contestant c[N_WAYS];
  Spread     spreads[N_WAYS];
  uint32_t   n_able = 0U;
  for (size_t i = 0U; i < N_WAYS; ++i) {
    if (use_way(i)) {
      const Contestant made = {
        ways[i].name, runner_step, &runners[n_able], 1.0};
      runner_init(&runners[n_able], shape, n, i);
      c[n_able++] = made;
    }
  }
  race(race_options(), c, n_able, spreads);
  for (uint32_t i = 0U; i < n_able; ++i) {
    char what[48];
    char name[192];
    char more[48];
    (void)snprintf(what, sizeof(what), "step by %s", c[i].name);
    (void)snprintf(more, sizeof(more), ", %s in lock-step", count_of(n));
    race_print(SECTION,
               name_of(name, sizeof(name), what, shape->n_hidden, more),
               "us",
               1e6,
               spreads[i]);
    runner_clear(&runners[i]);
  }
  (void)use_way(N_WAYS);
}

static void
race_parts(const NetShape* const shape, const uint32_t n)
{
  static const struct {
    const char* name;
    void (*run)(void* what);
  } parts[] = {{"products", parts_products},
               {"curves", parts_curves},
               {"table", parts_table},
               {"picking", parts_pick}};

  Parts      p;
  Contestant c[4];
  Spread     spreads[4];
  parts_init(&p, shape, n);
  for (uint32_t i = 0U; i < 4U; ++i) {
    const Contestant made = {parts[i].name, parts[i].run, &p, 1.0};
    c[i]                  = made;
  }
  race(race_options(), c, 4U, spreads);
  for (uint32_t i = 0U; i < 4U; ++i) {
    char name[192];
    char more[48];
    (void)snprintf(more, sizeof(more), ", %s in lock-step", count_of(n));
    race_print(
      SECTION,
      name_of(name, sizeof(name), parts[i].name, shape->n_hidden, more),
      "us",
      1e6,
      spreads[i]);
    if (i == 3U) {
      (void)snprintf(more, sizeof(more), ", %s in lock-step", count_of(n));
      race_print_figure(
        SECTION,
        name_of(
          name, sizeof(name), "curves and picking", shape->n_hidden, more),
        "us",
        1e6 * (spreads[1].median + spreads[3].median));
    }
  }
  parts_clear(&p);
}

/// The first step after something else had the caches
static void
time_cold(const NetShape* const shape)
{
  double figures[N_COLD];
  Runner runner;
  char   name[192];
  runner_init(&runner, shape, 1U, N_WAYS);
  runner_step(&runner);
  for (uint32_t i = 0U; i < N_COLD; ++i) {
    limit_chill();

    const double start = race_now(false);
    runner_step(&runner);
    figures[i] = race_now(false) - start;
  }
  race_print(
    SECTION,
    name_of(
      name, sizeof(name), "cold step", shape->n_hidden, ", one in lock-step"),
    "us",
    1e6,
    race_spread(figures, N_COLD));
  runner_clear(&runner);
}

int
main(void)
{
  openblas_set_num_threads(1);
  (void)use_way(N_WAYS);

  const char* const best = product_in_use()->name;
  const double      peak = limit_multiply_adds(best);
  if (peak > 0.0) {
    race_print_figure(
      SECTION, "peak of int8 multiply-adds", "G/s", peak * 1e-9);
  } else {
    race_skip(SECTION, "peak of int8 multiply-adds", "no measure for it here");
  }
  for (size_t s = 0U; s < sizeof(shapes) / sizeof(shapes[0]); ++s) {
    race_steps(&shapes[s]);
    for (uint32_t n = 1U; n <= MAX_LANES; n *= MAX_LANES) {
      print_limit(&shapes[s], n, peak);
      race_parts(&shapes[s], n);
    }
    time_cold(&shapes[s]);
  }
  race_ways(&shapes[0], 1U);
  race_ways(&shapes[0], MAX_LANES);
  return 0;
}
