// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Every way to multiply that this machine has, beside a sum in double

#include "tests/check.h"

#include "base/rng.h"
#include "learn/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/// Where A or B is stored the other way round
typedef struct {
  bool is_at, is_bt, is_added;
} Form;

static const Form forms[] = {{false, false, false},
                             {false, true, true},
                             {true, false, true},
                             {true, true, false}};

/// M, N, K: whole tiles, parts of them, one of each, more than a block
static const uint32_t sizes[][3] = {{64U, 64U, 256U},
                                    {1U, 1U, 1U},
                                    {3U, 5U, 7U},
                                    {8U, 32U, 1U},
                                    {9U, 33U, 257U},
                                    {65U, 24U, 20U},
                                    {130U, 96U, 513U},
                                    {20U, 100U, 300U}};

static Real*
numbers(const uint32_t key, const size_t n)
{
  Real* const block =
    (Real*)aligned_alloc(64U, (n * sizeof(Real) + 63U) / 64U * 64U + 64U);
  CHECK(block);
  for (size_t i = 0U; i < n; ++i) {
    block[i] = (Real)((double)rng_u32(key, (uint32_t)i) * 0x1p-31 - 1.0);
  }
  return block;
}

static void
multiply(const Form        form,
         const uint32_t    M,
         const uint32_t    N,
         const uint32_t    K,
         const Real* const A,
         const Real* const B,
         Real* const       C)
{
  Real* const ready = numbers(9U, matrix_room(K, N));
  matrix_ready(K, N, B, form.is_bt, ready);
  (form.is_at ? matrix_product_at
              : matrix_product)(M, N, K, A, ready, form.is_added, C);
  free(ready);
}

static void
check_product(const Form form, const uint32_t* const size)
{
  const uint32_t M        = size[0];
  const uint32_t N        = size[1];
  const uint32_t K        = size[2];
  const size_t   n        = (size_t)M * N;
  const size_t   n_beyond = 64U; // Nothing is written there
  Real* const    A        = numbers(1U, (size_t)M * K);
  Real* const    B        = numbers(2U, (size_t)K * N);
  Real* const    before   = numbers(3U, n + n_beyond);
  Real* const    C        = numbers(3U, n + n_beyond);
  Real* const    again    = numbers(3U, n + n_beyond);
  if (!form.is_added) {
    C[0] = (Real)NAN; // Is forgotten, not multiplied by 0
  }

  multiply(form, M, N, K, A, B, C);
  for (uint32_t i = 0U; i < M; ++i) {
    for (uint32_t j = 0U; j < N; ++j) {
      double sum   = form.is_added ? (double)before[i * N + j] : 0.0;
      double whole = fabs(sum);
      for (uint32_t k = 0U; k < K; ++k) {
        const double a = (double)A[form.is_at ? k * M + i : i * K + k];
        const double b = (double)B[form.is_bt ? j * K + k : k * N + j];
        sum += a * b;
        whole += fabs(a * b);
      }
      NEAR((double)C[i * N + j], sum, 1e-7 * (whole + 1.0) * sqrt(K));
    }
  }
  CHECK(!memcmp(C + n, before + n, n_beyond * sizeof(Real)));

  multiply(form, M, N, K, A, B, again);
  CHECK(!memcmp(C, again, n * sizeof(Real)));
  free(A);
  free(B);
  free(before);
  free(C);
  free(again);
}

static void
test_products(void)
{
  uint32_t             n_able  = 0U;
  const MatrixBackend* backend = NULL;
  for (uint32_t i = 0U; (backend = matrix_backend(i)); ++i) {
    CHECK(matrix_use(backend->name) == backend->is_able());
    if (!backend->is_able()) {
      printf("# %s: not on this machine\n", backend->name);
      continue;
    }

    CHECK(matrix_in_use() == backend);
    ++n_able;
    for (size_t f = 0U; f < sizeof(forms) / sizeof(forms[0]); ++f) {
      for (size_t s = 0U; s < sizeof(sizes) / sizeof(sizes[0]); ++s) {
        check_product(forms[f], sizes[s]);
      }
    }
  }
  CHECK(n_able);
}

/// What is asked for by name is there, or nothing changes
static void
test_choice(void)
{
  CHECK(matrix_use("blas"));
  CHECK(!matrix_use("abacus"));
  CHECK(!strcmp(matrix_in_use()->name, "blas"));
  CHECK(matrix_use(NULL));

  uint32_t first = 0U;
  while (!matrix_backend(first)->is_able()) {
    ++first;
  }
  CHECK(matrix_in_use() == matrix_backend(first));
}

/// A tile is never larger than what its edges are computed in
static void
test_tiles(void)
{
  for (uint32_t i = 0U; matrix_backend(i); ++i) {
    CHECK(matrix_backend(i)->n_rows <= MATRIX_MAX_TILE_ROWS);
    CHECK(matrix_backend(i)->n_columns <= MATRIX_MAX_TILE_COLUMNS);
  }
}

int
main(void)
{
  blas_init();
  RUN(test_products);
  RUN(test_choice);
  RUN(test_tiles);
  CHECK_END();
}
