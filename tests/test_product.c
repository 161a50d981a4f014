// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/product.h"

#include "base/rng.h"
#include "tests/failing_alloc.h"

#include <string.h>

/// After what may be written, to see that it is left alone
#define GUARD 64U

/// What weights and vectors are made of
typedef enum { ANY, EXTREME, ALL_MIN, N_KINDS } Kind;

/// A matrix, vectors, and what comes of them the slow way
typedef struct {
  Product  product;
  int8_t*  w;       ///< (M, K)
  int8_t*  x;       ///< (N, stride), at an odd place
  int32_t* want;    ///< (N, padded M)
  int32_t* sums;    ///< (N, padded M) and a guard, not at a place for vectors
  uint8_t* scratch; ///< What is wanted for the vectors, and a guard
  void*    x_block;
  void*    scratch_block;
  uint32_t n;
} Case;

static int8_t
any_weight(const Kind kind, const uint64_t key, const size_t i)
{
  static const int8_t extremes[] = {-128, 127, -127, 0, -1, 1, -128, 127};
  const uint32_t      i_random   = (uint32_t)i;
  return kind == ANY ? (int8_t)((int32_t)rng_below(key, i_random, 256U) - 128)
         : kind == EXTREME ? extremes[rng_below(key, i_random, 8U)]
                           : INT8_MIN;
}

static void
case_init(Case* const    c,
          const Kind     kind,
          const uint32_t M,
          const uint32_t K,
          const uint32_t n)
{
  const uint64_t key    = rng_key(rng_seed(M), K * 64U + n);
  const uint32_t stride = product_stride(K);
  const uint32_t padded = product_padded(M);
  const size_t   size   = product_prepared_size(K, n);

  memset(c, 0, sizeof(*c));
  c->n             = n;
  c->w             = (int8_t*)calloc((size_t)M * K, 1U);
  c->x_block       = calloc((size_t)n * stride + 1U, 1U);
  c->x             = (int8_t*)c->x_block + 1U;
  c->want          = (int32_t*)calloc((size_t)n * padded, sizeof(int32_t));
  c->sums          = (int32_t*)calloc((size_t)n * padded + 2U, sizeof(int32_t));
  c->scratch_block = calloc(1U, size + GUARD + PRODUCT_BLOCK);
  c->scratch       = (uint8_t*)c->scratch_block;
  c->scratch += PRODUCT_BLOCK - (uintptr_t)c->scratch_block % PRODUCT_BLOCK;
  for (size_t i = 0U; i < (size_t)M * K; ++i) {
    c->w[i] = any_weight(kind, key, i);
  }
  for (size_t i = 0U; i < n; ++i) {
    for (size_t k = 0U; k < K; ++k) {
      c->x[i * stride + k] = any_weight(kind, key + 1U, i * K + k);
    }
    for (size_t m = 0U; m < M; ++m) {
      int64_t sum = 0;
      for (size_t k = 0U; k < K; ++k) {
        sum += (int64_t)c->w[m * K + k] * c->x[i * stride + k];
      }
      c->want[i * padded + m] = (int32_t)sum;
    }
  }
  CHECK(!product_init(&c->product, c->w, M, K));
}

static void
case_free(Case* const c)
{
  product_clear(&c->product);
  free(c->w);
  free(c->x_block);
  free(c->scratch_block);
  free(c->want);
  free(c->sums);
}

static bool
is_all(const uint8_t* const bytes, const size_t n, const uint8_t value)
{
  for (size_t i = 0U; i < n; ++i) {
    if (bytes[i] != value) {
      return false;
    }
  }
  return true;
}

/// Whether a backend is right about a part of a case, and stays inside of it
static bool
is_part_right(const Case* const           c,
              const ProductBackend* const backend,
              const uint32_t              i_tile,
              const uint32_t              n_tiles)
{
  const size_t padded = product_padded(c->product.n_rows);
  const size_t part   = (size_t)n_tiles * PRODUCT_TILE;
  const size_t stride = c->product.stride;
  const size_t size   = (size_t)backend->n_prepared * c->n * stride;

  memset(c->sums, 0x55, (c->n * part + 2U) * sizeof(int32_t));
  memset(c->scratch, 0x55, size + GUARD);
  backend->prepare(c->x, c->n, c->product.stride, c->scratch);

  int32_t* const sums = c->sums + 1U;
  backend->multiply(&c->product, i_tile, n_tiles, c->scratch, c->n, sums);

  bool is_right = sums[-1] == 0x55555555 && sums[c->n * part] == 0x55555555 &&
                  is_all(c->scratch + size, GUARD, 0x55U);
  for (size_t i = 0U; i < c->n; ++i) {
    const int32_t* const want = c->want + i * padded + i_tile * PRODUCT_TILE;
    is_right = is_right && !memcmp(sums + i * part, want, part * sizeof(*sums));
  }
  return is_right;
}

/// Hold a case against every backend, whole and in parts
static void
check_case(const Kind     kind,
           const uint32_t M,
           const uint32_t K,
           const uint32_t n)
{
  Case c;
  case_init(&c, kind, M, K, n);

  const uint32_t        T       = c.product.n_tiles;
  const uint64_t        key     = rng_seed(M * K + n);
  const ProductBackend* backend = NULL;
  for (uint32_t i = 0U; (backend = product_backend(i)); ++i) {
    if (backend->is_able()) {
      const uint32_t i_tile = rng_below(key, i, T);
      CHECK(backend->n_prepared <= PRODUCT_MAX_PREPARED);
      CHECK(is_part_right(&c, backend, 0U, T));
      CHECK(is_part_right(
        &c, backend, i_tile, 1U + rng_below(key, i + 9U, T - i_tile)));

      CHECK(product_use(backend->name));
      CHECK(product_in_use() == backend);
      product_multiply(&c.product, c.x, n, c.scratch, c.sums);
      CHECK(!memcmp(
        c.sums, c.want, (size_t)n * T * PRODUCT_TILE * sizeof(*c.sums)));
    }
  }
  CHECK(product_use(NULL));
  case_free(&c);
}

static void
test_every_backend_gives_the_sums(void)
{
  static const uint32_t sizes[][3] = {
    {1U, 1U, 1U},
    {3U, 5U, 1U},
    {4U, 64U, 2U},
    {5U, 65U, 3U},
    {7U, 63U, 5U},
    {8U, 127U, 4U},
    {16U, 128U, 7U},
    {33U, 100U, 8U},
    {96U, 300U, 6U},
    {1024U, 256U, 8U},
    {2U, 4097U, 9U},
    {130U, 17U, 16U},
  };
  for (size_t s = 0U; s < sizeof(sizes) / sizeof(sizes[0]); ++s) {
    for (Kind kind = ANY; kind < N_KINDS; ++kind) {
      check_case(kind, sizes[s][0], sizes[s][1], sizes[s][2]);
    }
  }
}

static void
test_random_shapes(void)
{
  const uint64_t key = rng_seed(31U);
  for (uint32_t i = 0U; i < 200U; ++i) {
    check_case((Kind)rng_below(key, 4U * i, N_KINDS),
               1U + rng_below(key, 4U * i + 1U, 150U),
               1U + rng_below(key, 4U * i + 2U, 700U),
               1U + rng_below(key, 4U * i + 3U, 18U));
  }
}

static void
test_weights_can_be_read_back(void)
{
  Case c;
  case_init(&c, ANY, 37U, 75U, 1U);
  for (uint32_t m = 0U; m < 37U; ++m) {
    int32_t sum = 0;
    for (uint32_t k = 0U; k < 75U; ++k) {
      CHECK(product_weight(&c.product, m, k) == c.w[m * 75U + k]);
      sum += c.w[m * 75U + k];
    }
    CHECK(c.product.offsets[m] == -128 * sum);
  }
  for (uint32_t m = 37U; m < product_padded(37U); ++m) {
    CHECK(product_weight(&c.product, m, 0U) == 0);
    CHECK(c.product.offsets[m] == 0);
  }
  case_free(&c);
}

static void
test_extremes_do_not_overflow(void)
{
  // 128 * 128 in every place, as many as the bound lets through
  const uint32_t K = INT32_MAX / (128U * 128U);
  for (int sign = -1; sign <= 1; sign += 2) {
    Case c;
    case_init(&c, ALL_MIN, 1U, K, 2U);
    CHECK(c.product.max_l1 == 128U * K);
    memset(c.x, sign < 0 ? -128 : 127, K);

    const ProductBackend* backend = NULL;
    for (uint32_t i = 0U; (backend = product_backend(i)); ++i) {
      if (backend->is_able()) {
        CHECK(product_use(backend->name));
        product_multiply(&c.product, c.x, 2U, c.scratch, c.sums);
        CHECK(c.sums[0] == (int32_t)K * 128 * (sign < 0 ? 128 : -127));
        CHECK(c.sums[PRODUCT_TILE] == (int32_t)K * 128 * 128);
      }
    }
    CHECK(product_use(NULL));
    case_free(&c);
  }
}

static void
test_what_could_overflow_is_refused(void)
{
  const uint32_t K = INT32_MAX / (128U * 128U);
  int8_t* const  w = (int8_t*)malloc(K + 1U);
  Product        product;
  memset(w, -128, K + 1U);
  memset(&product, 0, sizeof(product));
  CHECK(product_init(&product, w, 1U, K + 1U) == STATUS_BAD_ARG);
  CHECK(!product.block);
  CHECK(!product_init(&product, w, 1U, K));
  product_clear(&product);
  product_clear(&product); // Twice does no harm
  free(w);
}

static void
test_no_rows_or_columns_are_refused(void)
{
  const int8_t w = 1;
  Product      product;
  CHECK(product_init(&product, &w, 0U, 1U) == STATUS_BAD_ARG);
  CHECK(product_init(&product, &w, 1U, 0U) == STATUS_BAD_ARG);
}

static void
test_backends_by_name(void)
{
  CHECK(product_backend(0U) && !product_backend(1000U));
  CHECK(product_use("portable"));
  CHECK(!strcmp(product_in_use()->name, "portable"));
  CHECK(!product_use("abacus"));
  CHECK(!strcmp(product_in_use()->name, "portable")); // Nothing was changed
  CHECK(product_use(NULL));
}

static bool
never(void)
{
  return false;
}

static void
test_backends_can_be_added(void)
{
  static const ProductBackend unable = {"unable", 1U, never, NULL, NULL};
  static const ProductBackend greedy = {
    "greedy", PRODUCT_MAX_PREPARED + 1U, never, NULL, NULL};

  uint32_t n = 0U;
  CHECK(product_add(&unable));
  CHECK(!product_use("unable"));
  CHECK(!product_add(&greedy));
  while (n < 100U && product_add(&unable)) {
    ++n;
  }
  CHECK(n < 100U); // The list ends
}

static void
test_failed_allocation(void)
{
  const int8_t w[4] = {1, 2, 3, 4};
  if (!failing_alloc_is_able()) {
    printf("skip test_failed_allocation: another allocator is in use\n");
    return;
  }

  Product product;
  memset(&product, 0, sizeof(product));
  failing_alloc_begin(1U);
  CHECK(product_init(&product, w, 2U, 2U) == STATUS_NO_MEM);
  CHECK(failing_alloc_end());
  CHECK(!product.block);
}

int
main(void)
{
#ifndef NO_ORACLE
  CHECK(product_add(&product_blas));
#endif
  RUN(test_every_backend_gives_the_sums);
  RUN(test_random_shapes);
  RUN(test_weights_can_be_read_back);
  RUN(test_extremes_do_not_overflow);
  RUN(test_what_could_overflow_is_refused);
  RUN(test_no_rows_or_columns_are_refused);
  RUN(test_backends_by_name);
  RUN(test_backends_can_be_added);
  RUN(test_failed_allocation);
  CHECK_END();
}
