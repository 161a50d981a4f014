// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/product.h"

#include "base/rng.h"
#include "tests/failing_alloc.h"

#include <string.h>
#include <time.h>

/// A matrix, vectors, and what comes of them the slow way
typedef struct {
  Product  product;
  int8_t*  w;    ///< (M, K)
  int8_t*  x;    ///< (N, stride)
  int32_t* want; ///< (N, M)
  int32_t* sums; ///< (N, M) and one more, to see that it is left alone
  uint32_t n;
} Case;

static int8_t
any_weight(const uint64_t key, const size_t i)
{
  return (int8_t)((int32_t)rng_below(key, (uint32_t)i, 256U) - 128);
}

static void
case_init(Case* const c, const uint32_t M, const uint32_t K, const uint32_t n)
{
  const uint64_t key    = rng_key(rng_seed(M), K * 64U + n);
  const uint32_t stride = product_stride(K);

  c->n    = n;
  c->w    = (int8_t*)calloc((size_t)M * K, 1U);
  c->x    = (int8_t*)calloc((size_t)n * stride, 1U);
  c->want = (int32_t*)calloc((size_t)n * M, sizeof(int32_t));
  c->sums = (int32_t*)calloc((size_t)n * M + 1U, sizeof(int32_t));
  for (size_t i = 0U; i < (size_t)M * K; ++i) {
    c->w[i] = any_weight(key, i);
  }
  for (size_t i = 0U; i < n; ++i) {
    for (size_t k = 0U; k < K; ++k) {
      c->x[i * stride + k] = any_weight(key + 1U, i * K + k);
    }
    for (size_t m = 0U; m < M; ++m) {
      int64_t sum = 0;
      for (size_t k = 0U; k < K; ++k) {
        sum += (int64_t)c->w[m * K + k] * c->x[i * stride + k];
      }
      c->want[i * M + m] = (int32_t)sum;
    }
  }
  CHECK(!product_init(&c->product, c->w, M, K));
}

static void
case_free(Case* const c)
{
  product_clear(&c->product);
  free(c->w);
  free(c->x);
  free(c->want);
  free(c->sums);
}

/// Whether the backend in use is right about a case, and stays inside of it
static bool
is_right(const Case* const c)
{
  const size_t n = (size_t)c->n * c->product.n_rows;

  memset(c->sums, 0x55, (n + 1U) * sizeof(int32_t));
  product_multiply(&c->product, c->x, c->n, c->sums);
  return !memcmp(c->sums, c->want, n * sizeof(int32_t)) &&
         c->sums[n] == 0x55555555;
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
    Case c;
    case_init(&c, sizes[s][0], sizes[s][1], sizes[s][2]);

    const ProductBackend* backend = NULL;
    for (uint32_t i = 0U; (backend = product_backend(i)); ++i) {
      if (backend->is_able()) {
        CHECK(product_use(backend->name));
        CHECK(product_in_use() == backend);
        CHECK(is_right(&c));
      }
    }
    case_free(&c);
  }
  CHECK(product_use(NULL));
}

static void
test_extremes_do_not_overflow(void)
{
  // 128 * 128 in every place, as many as the bound lets through
  const uint32_t K = INT32_MAX / (128U * 128U);
  int8_t* const  w = (int8_t*)malloc(K + 1U);
  int8_t* const  x = (int8_t*)calloc(product_stride(K), 1U);
  memset(w, -128, K + 1U);
  memset(x, -128, K);

  Product product;
  int32_t sum = 0;
  memset(&product, 0, sizeof(product));
  CHECK(product_init(&product, w, 1U, K + 1U) == STATUS_BAD_ARG);
  CHECK(!product.block);
  CHECK(!product_init(&product, w, 1U, K));
  CHECK(product.max_l1 == 128U * K);

  const ProductBackend* backend = NULL;
  for (uint32_t i = 0U; (backend = product_backend(i)); ++i) {
    if (backend->is_able()) {
      CHECK(product_use(backend->name));
      product_multiply(&product, x, 1U, &sum);
      CHECK(sum == (int32_t)(K * 128U * 128U));
    }
  }

  CHECK(product_use(NULL));
  product_clear(&product);
  product_clear(&product); // Twice does no harm
  free(w);
  free(x);
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
  static const ProductBackend unable = {"unable", never, NULL};

  uint32_t n = 0U;
  CHECK(product_add(&unable));
  CHECK(!product_use("unable"));
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

static double
now_s(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// How fast each backend is, for people
static void
show_rates(void)
{
  Case c;
  case_init(&c, 1024U, 256U, 8U);

  const ProductBackend* backend = NULL;
  for (uint32_t i = 0U; (backend = product_backend(i)); ++i) {
    if (!product_use(backend->name)) {
      continue;
    }

    uint32_t     n     = 0U;
    const double start = now_s();
    while (now_s() - start < 0.05) {
      product_multiply(&c.product, c.x, c.n, c.sums);
      ++n;
    }
    printf("# %s: %.1f billion products a second\n",
           backend->name,
           n * 1024.0 * 256.0 * 8.0 / (now_s() - start) * 1e-9);
  }
  case_free(&c);
}

int
main(void)
{
  RUN(test_every_backend_gives_the_sums);
  RUN(test_extremes_do_not_overflow);
  RUN(test_no_rows_or_columns_are_refused);
  RUN(test_backends_by_name);
  RUN(test_backends_can_be_added);
  RUN(test_failed_allocation);
  show_rates();
  CHECK_END();
}
