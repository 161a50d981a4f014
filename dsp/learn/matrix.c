// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/matrix.h"

#include <stdatomic.h>
#include <string.h>

/// Rows of A that are brought together at a time; a multiple of any tile's
#define BLOCK_ROWS 64U

/// How many rows of a transposed A are asked for before they are needed
#define AHEAD 16U

/// One product, as it was asked for
typedef struct {
  uint32_t    M, N, K;
  const Real* A;
  bool        is_at; ///< A is (K, M)
  const Real* ready;
  bool        is_added;
  Real*       C;
} Task;

/// Rows of A over part of K, as tiles read them
typedef struct {
  _Alignas(64) Real a[BLOCK_ROWS * MATRIX_STRIDE];
} Block;

static bool
is_always_able(void)
{
  return true;
}

/// What there is everywhere: the library's own product
static const MatrixBackend matrix_blas =
  {"blas", is_always_able, 0U, 0U, NULL, NULL};

static const MatrixBackend* const backends[] = {
#if MATRIX_HAS_WIDE
  &matrix_avx512,
  &matrix_avx2,
#endif
  &matrix_blas,
};

#define N_BACKENDS ((uint32_t)(sizeof(backends) / sizeof(backends[0])))

static _Atomic(const MatrixBackend*) in_use;

const MatrixBackend*
matrix_backend(const uint32_t i)
{
  return i < N_BACKENDS ? backends[i] : NULL;
}

static const MatrixBackend*
find(const char* const name)
{
  for (uint32_t i = 0U; i < N_BACKENDS; ++i) {
    if ((!name || !strcmp(name, backends[i]->name)) && backends[i]->is_able()) {
      return backends[i];
    }
  }
  return NULL;
}

bool
matrix_use(const char* const name)
{
  const MatrixBackend* const found = find(name);
  if (found) {
    atomic_store(&in_use, found);
  }
  return found;
}

const MatrixBackend*
matrix_in_use(void)
{
  // Threads that come here at once find the same
  const MatrixBackend* backend = atomic_load(&in_use);
  if (!backend) {
    backend = find(NULL);
    atomic_store(&in_use, backend);
  }
  return backend;
}

static uint32_t
least(const uint32_t a, const uint32_t b)
{
  return a < b ? a : b;
}

/// N in whole tiles
static size_t
padded(const uint32_t N, const uint32_t n_columns)
{
  return (size_t)(N + n_columns - 1U) / n_columns * n_columns;
}

size_t
matrix_room(const uint32_t K, const uint32_t N)
{
  return (size_t)K * ((size_t)N + MATRIX_MAX_TILE_COLUMNS);
}

/// `depth` rows of B from row `k` on, of the tile that begins at column `j`
static void
ready_tile(const Task* const task,
           const uint32_t    k,
           const uint32_t    depth,
           const uint32_t    j,
           const uint32_t    n_columns,
           Real*             to)
{
  const uint32_t n     = least(n_columns, task->N - j);
  const size_t   row   = task->is_at ? 1U : task->N;
  const size_t   next  = task->is_at ? task->K : 1U;
  const Real*    begin = task->A + k * row + j * next;
  for (uint32_t d = 0U; d < depth; ++d, begin += row, to += n_columns) {
    if (next == 1U) {
      memcpy(to, begin, n * sizeof(Real));
    }
    for (uint32_t i = 0U; next != 1U && i < n; ++i) {
      to[i] = begin[i * next];
    }
    memset(to + n, 0, (n_columns - n) * sizeof(Real));
  }
}

void
matrix_ready(const uint32_t    K,
             const uint32_t    N,
             const Real* const B,
             const bool        is_transposed,
             Real* const       ready)
{
  const uint32_t own  = matrix_in_use()->n_columns;
  const uint32_t wide = own ? own : N ? N : 1U; // The library: plain rows
  const Task     task = {0U, N, K, B, is_transposed, NULL, false, NULL};
  for (uint32_t k = 0U; k < K; k += MATRIX_DEPTH) {
    const uint32_t depth = least(MATRIX_DEPTH, K - k);
    for (uint32_t j = 0U; j < N; j += wide) {
      Real* const to = ready + k * padded(N, wide) + (size_t)j * depth;
      ready_tile(&task, k, depth, j, wide, to);
    }
  }
}

/// Ask for `n` numbers at a distance, which is too far for the machine to guess
static void
fetch(const Real* const from, const uint32_t n, const size_t distance)
{
#ifdef __GNUC__
  for (uint32_t i = 0U; i < n; i += 64U / (uint32_t)sizeof(Real)) {
    __builtin_prefetch(from + distance + i);
  }
#else
  (void)from;
  (void)n;
  (void)distance;
#endif
}

/// `n` rows of A from row `m` on, `depth` of its columns from `k` on
static void
fill_block(const Task* const task,
           const uint32_t    m,
           const uint32_t    n,
           const uint32_t    k,
           const uint32_t    depth,
           const uint32_t    n_rows,
           Block* const      block)
{
  if (!task->is_at) {
    for (uint32_t i = 0U; i < n; ++i) {
      memcpy(block->a + (size_t)i * MATRIX_STRIDE,
             task->A + (size_t)(m + i) * task->K + k,
             depth * sizeof(Real));
    }
    for (uint32_t i = n; i % n_rows; ++i) {
      memset(block->a + (size_t)i * MATRIX_STRIDE, 0, depth * sizeof(Real));
    }
    return;
  }

  for (uint32_t d = 0U; d < depth; ++d) {
    const Real* const from = task->A + (size_t)(k + d) * task->M + m;
    fetch(from, d + AHEAD < depth ? n : 0U, (size_t)AHEAD * task->M);
    for (uint32_t i = 0U; i < n; i += n_rows) {
      Real* const to =
        block->a + (size_t)i * MATRIX_STRIDE + (size_t)d * n_rows;
      const uint32_t some = least(n_rows, n - i);
      if (some == 8U) { // Sizes that the compiler knows are copied at once
        memcpy(to, from + i, 8U * sizeof(Real));
      } else if (some == 4U && n_rows == 4U) {
        memcpy(to, from + i, 4U * sizeof(Real));
      } else {
        memcpy(to, from + i, some * sizeof(Real));
        memset(to + some, 0, (n_rows - some) * sizeof(Real));
      }
    }
  }
}

/// A tile that C has only part of
static void
edge_tile(const MatrixTile  tile,
          const uint32_t    depth,
          const Real* const a,
          const Real* const b,
          const uint32_t    n_rows,
          const uint32_t    n_columns,
          Real* const       c,
          const size_t      stride,
          const bool        is_added)
{
  _Alignas(64) Real whole[MATRIX_MAX_TILE_ROWS * MATRIX_MAX_TILE_COLUMNS];
  tile(depth, a, b, whole, MATRIX_MAX_TILE_COLUMNS, false);
  for (uint32_t i = 0U; i < n_rows; ++i) {
    for (uint32_t j = 0U; j < n_columns; ++j) {
      const Real  sum = whole[i * MATRIX_MAX_TILE_COLUMNS + j];
      Real* const to  = c + i * stride + j;
      *to             = is_added ? *to + sum : sum;
    }
  }
}

/// All tiles of `n` rows from `m` on
static void
block_tiles(const MatrixBackend* const backend,
            const Task* const          task,
            const Block* const         block,
            const uint32_t             m,
            const uint32_t             n,
            const uint32_t             k,
            const uint32_t             depth)
{
  const MatrixTile tile = task->is_at ? backend->of_columns : backend->of_rows;
  const uint32_t   R    = backend->n_rows;
  const uint32_t   S    = backend->n_columns;
  const bool       is_added = task->is_added || k;
  const Real*      b        = task->ready + k * padded(task->N, S);

  for (uint32_t j = 0U; j < task->N; j += S, b += (size_t)S * depth) {
    const uint32_t columns = least(S, task->N - j);
    for (uint32_t i = 0U; i < n; i += R) {
      const uint32_t    rows = least(R, n - i);
      const Real* const a    = block->a + (size_t)i * MATRIX_STRIDE;
      Real* const       c    = task->C + (size_t)(m + i) * task->N + j;
      if (rows == R && columns == S) {
        tile(depth, a, b, c, task->N, is_added);
      } else {
        edge_tile(tile, depth, a, b, rows, columns, c, task->N, is_added);
      }
    }
  }
}

static void
multiply(const Task* const task)
{
  const MatrixBackend* const backend = matrix_in_use();
  const Real                 beta    = task->is_added ? (Real)1 : (Real)0;
  if (!backend->n_rows) {
    (task->is_at ? blas_product_at : blas_product)(
      task->M, task->N, task->K, task->A, task->ready, beta, task->C);
    return;
  }

  Block block;
  for (uint32_t k = 0U; k < task->K; k += MATRIX_DEPTH) {
    const uint32_t depth = least(MATRIX_DEPTH, task->K - k);
    for (uint32_t m = 0U; m < task->M; m += BLOCK_ROWS) {
      const uint32_t n = least(BLOCK_ROWS, task->M - m);
      fill_block(task, m, n, k, depth, backend->n_rows, &block);
      block_tiles(backend, task, &block, m, n, k, depth);
    }
  }
}

void
matrix_product(const uint32_t    M,
               const uint32_t    N,
               const uint32_t    K,
               const Real* const A,
               const Real* const ready,
               const bool        is_added,
               Real* const       C)
{
  const Task task = {M, N, K, A, false, ready, is_added, C};
  multiply(&task);
}

void
matrix_product_at(const uint32_t    M,
                  const uint32_t    N,
                  const uint32_t    K,
                  const Real* const A,
                  const Real* const ready,
                  const bool        is_added,
                  Real* const       C)
{
  const Task task = {M, N, K, A, true, ready, is_added, C};
  multiply(&task);
}
