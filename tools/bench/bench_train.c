// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What a step of training costs, and what the machine could do.

   As `bench_train --serve THREADS` it makes a step for each line that it reads
   and says how many seconds that took: torch_train.py takes turns with it.
*/

#include "base/rng.h"
#include "learn/matrix.h"
#include "tools/bench/race.h"
#include "tools/train/trainer.h"

#if MATRIX_HAS_WIDE
#  include <immintrin.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "train"

// As the melody's net
#define N_HOT_INPUTS 703U
#define K 16U
#define D 20U
#define V 96U
#define L 2U
#define H 256U
#define G (4U * H)
#define B 64U
#define T 64U
#define ROWS (T * B)

#define N_SEQUENCES 400U
#define N_ROUNDS 15U

/// Sequences of noise
static void
make_set(Dataset* const set)
{
  dataset_init(set, N_HOT_INPUTS, K, D, V);
  for (uint32_t s = 0U; s < N_SEQUENCES; ++s) {
    const uint32_t n_steps  = 100U + rng_below(1U, s, 400U);
    const Sequence sequence = {
      0U, n_steps, s, 0U, s % 8U ? SPLIT_TRAIN : SPLIT_HELD_OUT, 1.0f};
    int8_t   dense[D];
    uint32_t i_row = 0U;
    for (uint32_t d = 0U; d < D; ++d) {
      dense[d] = (int8_t)((int)rng_below(2U, s * D + d, 255U) - 127);
    }
    if (dataset_add_row(set, dense, &i_row)) {
      abort();
    }
    for (uint32_t i = 0U; i < n_steps; ++i) {
      uint16_t hot[K];
      for (uint32_t k = 0U; k < K; ++k) {
        hot[k] = (uint16_t)rng_below(3U, (s * 512U + i) * K + k, N_HOT_INPUTS);
      }
      if (dataset_add_step(
            set, hot, i_row, (uint16_t)rng_below(4U, s * 512U + i, V))) {
        abort();
      }
    }
    if (dataset_add_sequence(set, sequence)) {
      abort();
    }
  }
}

static Trainer*
make_trainer(const Dataset* const set, const uint32_t n_threads)
{
  TrainOptions options = train_options_default();
  Trainer*     trainer = NULL;
  Trouble      trouble = {""};
  options.n_hidden     = H;
  options.n_layers     = L;
  options.is_normed    = 1U;
  options.n_streams    = B;
  options.n_window     = T;
  options.n_threads    = n_threads;
  if (trainer_new(set, &options, &trainer, &trouble)) {
    fprintf(stderr, "%s\n", trouble.text);
    abort();
  }
  return trainer;
}

static void
step(void* const what)
{
  trainer_step((Trainer*)what);
}

/// On the wall, and in time of the thread that asks, which does one share of
/// the work and all that is not shared: where the machine has other things to
/// do, that still tells what two threads are worth
static void
race_steps(const Dataset* const set)
{
  Trainer* const   one    = make_trainer(set, 1U);
  Trainer* const   two    = make_trainer(set, 2U);
  const Contestant both[] = {{"1 thread", step, one, 1.0},
                             {"2 threads", step, two, 1.0}};
  for (uint32_t w = 0U; w < 2U; ++w) {
    const RaceOptions options = {N_ROUNDS, 0.0, !w};
    Spread            spreads[2];
    race(options, both, 2U, spreads);
    for (uint32_t i = 0U; i < 2U; ++i) {
      char name[64];
      (void)snprintf(name,
                     sizeof(name),
                     "a step, %s%s",
                     both[i].name,
                     w ? ", work of the first" : "");
      race_print(SECTION, name, "ms", 1e3, spreads[i]);
    }
  }
  trainer_free(one);
  trainer_free(two);
}

// The machine's limit: sums in registers, nothing read

#define N_ADDS 65536U
#define N_SUMS 16U

static volatile float sink;

#if MATRIX_HAS_WIDE
__attribute__((target("avx512f"))) static void
adds_avx512(void* const what)
{
  const __m512 factor = _mm512_set1_ps(*(const float*)what);
  __m512       sum[N_SUMS];
#  pragma GCC  unroll 16
  for (uint32_t i = 0U; i < N_SUMS; ++i) {
    sum[i] = _mm512_set1_ps((float)i);
  }
  for (uint32_t n = 0U; n < N_ADDS; ++n) {
#  pragma GCC unroll 16
    for (uint32_t i = 0U; i < N_SUMS; ++i) {
      sum[i] = _mm512_fmadd_ps(sum[i], factor, factor);
    }
  }
#  pragma GCC unroll 16
  for (uint32_t i = 1U; i < N_SUMS; ++i) {
    sum[0] = _mm512_add_ps(sum[0], sum[i]);
  }
  sink = _mm512_cvtss_f32(sum[0]);
}

#  define N_SUMS_256 12U
__attribute__((target("avx2,fma"))) static void
adds_avx2(void* const what)
{
  const __m256 factor = _mm256_set1_ps(*(const float*)what);
  __m256       sum[N_SUMS_256];
#  pragma GCC  unroll 12
  for (uint32_t i = 0U; i < N_SUMS_256; ++i) {
    sum[i] = _mm256_set1_ps((float)i);
  }
  for (uint32_t n = 0U; n < N_ADDS; ++n) {
#  pragma GCC unroll 12
    for (uint32_t i = 0U; i < N_SUMS_256; ++i) {
      sum[i] = _mm256_fmadd_ps(sum[i], factor, factor);
    }
  }
#  pragma GCC unroll 12
  for (uint32_t i = 1U; i < N_SUMS_256; ++i) {
    sum[0] = _mm256_add_ps(sum[0], sum[i]);
  }
  sink = _mm256_cvtss_f32(sum[0]);
}
#endif

/// The machine's limit as a contestant, or one without a function
static Contestant
limit(float* const factor)
{
  Contestant c = {"limit", NULL, factor, 0.0};
#if MATRIX_HAS_WIDE
  if (matrix_avx512.is_able()) {
    c.run     = adds_avx512;
    c.n_units = (double)N_ADDS * N_SUMS * 16.0;
  } else if (matrix_avx2.is_able()) {
    c.run     = adds_avx2;
    c.n_units = (double)N_ADDS * N_SUMS_256 * 8.0;
  }
#endif
  return c;
}

// The products of one window, at the sizes that it has

typedef struct {
  uint32_t M, N, K_;
  bool     is_at;    ///< A is (K, M)
  bool     is_bt;    ///< B is (N, K)
  uint32_t n_pieces; ///< A lies in that many, one after the other, which are
                     ///< multiplied one by one with the same B
} Shape;

static const Shape shapes[] = {
  {ROWS, G, D, false, false, 1U}, // What is dense, forward
  {B, G, H, false, true, T},      // Through time, layer 0
  {ROWS, G, H, false, true, 1U},  // Layer 1's input
  {B, G, H, false, true, T},      // Through time, layer 1
  {ROWS, V, H, false, true, 1U},  // Scores
  {V, H, ROWS, true, false, 1U},  // Backward: weights of the scores,
  {ROWS, H, V, false, false, 1U}, // what is below them;
  {B, H, G, false, false, T},     // layer 1 through time,
  {G, H, ROWS, true, false, 1U},  // its weights
  {G, H, ROWS, true, false, 1U},  //
  {ROWS, H, G, false, false, 1U}, // and what is below;
  {B, H, G, false, false, T},     // layer 0
  {G, H, ROWS, true, false, 1U},  //
  {G, D, ROWS, true, false, 1U}};

#define N_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

typedef struct {
  Real* a;
  Real* b;
  Real* c;
  Real* ready;
} Room;

static void
products(void* const what)
{
  const Room* const room = (const Room*)what;
  for (size_t i = 0U; i < N_SHAPES; ++i) {
    const Shape* const s = &shapes[i];
    matrix_ready(s->K_, s->N, room->b, s->is_bt, room->ready);
    for (size_t p = 0U; p < s->n_pieces; ++p) {
      (s->is_at ? matrix_product_at
                : matrix_product)(s->M,
                                  s->N,
                                  s->K_,
                                  room->a + p * s->M * s->K_,
                                  room->ready,
                                  true,
                                  room->c + p * s->M * s->N);
    }
  }
}

/// The same by the library, which is told of B each time
static void
products_blas(void* const what)
{
  const Room* const room = (const Room*)what;
  for (size_t i = 0U; i < N_SHAPES; ++i) {
    const Shape* const s = &shapes[i];
    for (size_t p = 0U; p < s->n_pieces; ++p) {
      (s->is_at   ? blas_product_at
       : s->is_bt ? blas_product_bt
                  : blas_product)(s->M,
                                  s->N,
                                  s->K_,
                                  room->a + p * s->M * s->K_,
                                  room->b,
                                  (Real)1,
                                  room->c + p * s->M * s->N);
    }
  }
}

static double
n_adds(void)
{
  double n = 0.0;
  for (size_t i = 0U; i < N_SHAPES; ++i) {
    n += (double)shapes[i].M * shapes[i].N * shapes[i].K_ * shapes[i].n_pieces;
  }
  return n;
}

static Real*
numbers(const size_t n)
{
  Real* const block =
    (Real*)aligned_alloc(64U, (n * sizeof(Real) + 63U) & ~(size_t)63U);
  if (!block) {
    abort();
  }
  for (size_t i = 0U; i < n; ++i) {
    block[i] = (Real)rng_u32(5U, (uint32_t)i) * (Real)0x1p-40;
  }
  return block;
}

static void
race_products(void)
{
  const RaceOptions options = {N_ROUNDS, 0.0, false};
  float             factor  = 0.5f;
  Room              room    = {numbers((size_t)ROWS * G),
                               numbers((size_t)ROWS * G),
                               numbers((size_t)ROWS * G),
                               numbers(matrix_room(ROWS, G))};
  const Contestant  all[]   = {{"products", products, &room, n_adds()},
                               {"OpenBLAS", products_blas, &room, n_adds()},
                               limit(&factor)};
  const uint32_t    n       = all[2].run ? 3U : 2U;
  Spread            spreads[3];
  race(options, all, n, spreads);
  race_print(SECTION, "a multiply-add of the products", "ps", 1e12, spreads[0]);
  race_print(SECTION, "the same by OpenBLAS", "ps", 1e12, spreads[1]);
  if (n < 3U) {
    race_skip(SECTION, "a multiply-add at the machine's limit", "unknown");
    return;
  }
  race_print(
    SECTION, "a multiply-add at the machine's limit", "ps", 1e12, spreads[2]);
  race_print_figure(SECTION,
                    "share of the multiply-add limit",
                    "%",
                    100.0 * spreads[2].median / spreads[0].median);
  free(room.a);
  free(room.b);
  free(room.c);
  free(room.ready);
}

static void
serve(Trainer* const trainer)
{
  char line[16];
  while (fgets(line, sizeof(line), stdin)) {
    const double start = race_now(true);
    trainer_step(trainer);
    printf("%.9f\n", race_now(true) - start);
    fflush(stdout);
  }
}

int
main(const int argc, char** const argv)
{
  Dataset set;
  blas_init();
  make_set(&set);
  if (argc == 3 && !strcmp(argv[1], "--serve")) {
    Trainer* const trainer =
      make_trainer(&set, (uint32_t)strtoul(argv[2], NULL, 10));
    serve(trainer);
    trainer_free(trainer);
  } else {
    race_steps(&set);
    race_products();
  }
  dataset_clear(&set);
  return 0;
}
