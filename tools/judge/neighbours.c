// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/neighbours.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAME 1e-9 ///< Squared distances that differ by less are the same

/// Pieces of a set that have rows
typedef struct {
  const Samples* samples;
  uint32_t       n;
  uint32_t*      first;  ///< (n) their first rows
  uint32_t*      n_rows; ///< (n)
} Pieces;

static void
clear_pieces(Pieces* const pieces)
{
  free(pieces->first);
  free(pieces->n_rows);
}

static Status
list_pieces(const Samples* const samples, Pieces* const pieces)
{
  const size_t room = samples->n_rows + 1U;
  pieces->samples   = samples;
  pieces->n         = 0U;
  pieces->first     = (uint32_t*)calloc(room, sizeof(uint32_t));
  pieces->n_rows    = (uint32_t*)calloc(room, sizeof(uint32_t));
  if (!pieces->first || !pieces->n_rows) {
    return STATUS_NO_MEM;
  }
  for (uint32_t i = 0U; i < samples->n_rows; ++i) {
    if (!i || samples->piece[i] != samples->piece[i - 1U]) {
      pieces->first[pieces->n++] = i;
    }
    ++pieces->n_rows[pieces->n - 1U];
  }
  return STATUS_SUCCESS;
}

/// Draw `n` pieces, and a row of each, into `to` (n, n_columns)
static Status
draw(const Pieces* const pieces,
     const uint32_t      n,
     const uint64_t      key,
     double* const       to)
{
  uint32_t* const order =
    (uint32_t*)malloc((pieces->n + 1U) * sizeof(uint32_t));
  if (!order) {
    return STATUS_NO_MEM;
  }
  for (uint32_t i = 0U; i < pieces->n; ++i) {
    order[i] = i;
  }

  const uint32_t n_columns = pieces->samples->n_columns;
  const uint64_t row_key   = rng_key(key, 1U);
  for (uint32_t i = 0U; i < n; ++i) {
    const uint32_t other = i + rng_below(key, i, pieces->n - i);
    const uint32_t piece = order[other];
    order[other]         = order[i];
    const uint32_t row =
      pieces->first[piece] + rng_below(row_key, i, pieces->n_rows[piece]);
    memcpy(&to[(size_t)i * n_columns],
           &pieces->samples->value[(size_t)row * n_columns],
           n_columns * sizeof(double));
  }
  free(order);
  return STATUS_SUCCESS;
}

/// Bring every column to a mean of 0 and a deviation of 1
static void
standardise(double* const rows, const uint32_t n, const uint32_t n_columns)
{
  for (uint32_t c = 0U; c < n_columns; ++c) {
    double mean = 0.0;
    double sum  = 0.0;
    for (uint32_t i = 0U; i < n; ++i) {
      mean += rows[(size_t)i * n_columns + c] / n;
    }
    for (uint32_t i = 0U; i < n; ++i) {
      const double off = rows[(size_t)i * n_columns + c] - mean;
      sum += off * off;
    }
    const double spread = sqrt(sum / n);
    for (uint32_t i = 0U; i < n; ++i) {
      double* const value = &rows[(size_t)i * n_columns + c];
      *value              = spread > 0.0 ? (*value - mean) / spread : 0.0;
    }
  }
}

static double
distance(const double* const a, const double* const b, const uint32_t n)
{
  double sum = 0.0;
  for (uint32_t i = 0U; i < n; ++i) {
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return sum;
}

/// How far row `i` is recognised by its neighbours; the first half of the rows
/// is one set, the second the other
static double
recognise(const double* const rows,
          const uint32_t      n,
          const uint32_t      n_columns,
          const uint32_t      i)
{
  double   nearest = INFINITY;
  uint32_t n_same  = 0U;
  uint32_t n_near  = 0U;
  for (uint32_t k = 0U; k < n; ++k) {
    if (k == i) {
      continue;
    }
    const double d = distance(
      &rows[(size_t)i * n_columns], &rows[(size_t)k * n_columns], n_columns);
    if (d < nearest - SAME) {
      nearest = d;
      n_same  = 0U;
      n_near  = 0U;
    }
    if (d <= nearest + SAME) {
      ++n_near;
      n_same += (k < n / 2U) == (i < n / 2U);
    }
  }
  return n_near ? (double)n_same / n_near : 0.5;
}

static double
classify(double* const rows, const uint32_t n, const uint32_t n_columns)
{
  double sum = 0.0;
  standardise(rows, n, n_columns);
  for (uint32_t i = 0U; i < n; ++i) {
    sum += recognise(rows, n, n_columns, i);
  }
  return sum / n;
}

Status
neighbours_accuracy(const Samples* const a,
                    const Samples* const b,
                    const uint64_t       key,
                    const uint32_t       n_draws,
                    double* const        accuracy)
{
  Pieces pieces[2] = {{NULL, 0U, NULL, NULL}, {NULL, 0U, NULL, NULL}};
  Status st        = list_pieces(a, &pieces[0]);
  st               = st ? st : list_pieces(b, &pieces[1]);

  const uint32_t n = pieces[0].n < pieces[1].n ? pieces[0].n : pieces[1].n;
  double* const  rows =
    (double*)malloc(((size_t)n * 2U * a->n_columns + 1U) * sizeof(double));
  double sum = 0.0;
  st         = st ? st : rows ? STATUS_SUCCESS : STATUS_NO_MEM;
  for (uint32_t d = 0U; !st && n > 1U && d < n_draws; ++d) {
    const uint64_t own = rng_key(key, d);
    st                 = draw(&pieces[0], n, rng_key(own, 0U), rows);
    st =
      st ? st
         : draw(
             &pieces[1], n, rng_key(own, 1U), rows + (size_t)n * a->n_columns);
    sum += st ? 0.0 : classify(rows, 2U * n, a->n_columns);
  }
  if (!st) {
    *accuracy = n > 1U && n_draws ? sum / n_draws : (double)NAN;
  }
  free(rows);
  clear_pieces(&pieces[1]);
  clear_pieces(&pieces[0]);
  return st;
}
