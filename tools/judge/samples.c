// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/samples.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

Status
samples_init(Samples* const samples,
             const uint32_t max_rows,
             const uint32_t n_columns)
{
  memset(samples, 0, sizeof(*samples));
  samples->n_columns = n_columns;
  samples->value =
    (double*)calloc((size_t)max_rows * n_columns + 1U, sizeof(double));
  samples->piece = (uint32_t*)calloc((size_t)max_rows + 1U, sizeof(uint32_t));
  if (!samples->value || !samples->piece) {
    samples_clear(samples);
    return STATUS_NO_MEM;
  }
  return STATUS_SUCCESS;
}

void
samples_clear(Samples* const samples)
{
  free(samples->value);
  free(samples->piece);
  memset(samples, 0, sizeof(*samples));
}

void
samples_add(Samples* const      samples,
            const uint32_t      piece,
            const double* const row)
{
  const uint32_t n = samples->n_columns;
  memcpy(&samples->value[(size_t)samples->n_rows * n], row, n * sizeof(double));
  samples->piece[samples->n_rows++] = piece;
  samples->n_pieces =
    piece >= samples->n_pieces ? piece + 1U : samples->n_pieces;
}

Status
samples_pick(const Samples* const from,
             const bool* const    is_in,
             Samples* const       to)
{
  const Status st = samples_init(to, from->n_rows, from->n_columns);
  for (uint32_t i = 0U; !st && i < from->n_rows; ++i) {
    if (is_in[from->piece[i]]) {
      samples_add(
        to, from->piece[i], &from->value[(size_t)i * from->n_columns]);
    }
  }
  return st;
}

static bool
is_first_of_piece(const Samples* const samples, const uint32_t i_row)
{
  return !i_row || samples->piece[i_row] != samples->piece[i_row - 1U];
}

uint32_t
samples_n_pieces(const Samples* const samples)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < samples->n_rows; ++i) {
    n += is_first_of_piece(samples, i);
  }
  return n;
}

void
samples_choose(const Samples* const samples,
               const uint64_t       key,
               uint32_t             n,
               bool* const          is_in)
{
  uint32_t n_left = samples_n_pieces(samples);
  memset(is_in, 0, samples->n_pieces * sizeof(bool));
  for (uint32_t i = 0U; i < samples->n_rows; ++i) {
    if (is_first_of_piece(samples, i)) {
      const uint32_t piece = samples->piece[i];
      is_in[piece]         = rng_below(key, piece, n_left) < n;
      n -= is_in[piece];
      --n_left;
    }
  }
}

double
samples_mean(const Samples* const samples, const uint32_t column)
{
  double sum = 0.0;
  for (uint32_t i = 0U; i < samples->n_rows; ++i) {
    sum += samples->value[(size_t)i * samples->n_columns + column];
  }
  return samples->n_rows ? sum / samples->n_rows : (double)NAN;
}

double
samples_spread(const Samples* const samples, const uint32_t column)
{
  const double mean = samples_mean(samples, column);
  double       sum  = 0.0;
  for (uint32_t i = 0U; i < samples->n_rows; ++i) {
    const double off =
      samples->value[(size_t)i * samples->n_columns + column] - mean;
    sum += off * off;
  }
  return samples->n_rows > 1U ? sqrt(sum / samples->n_rows) : 0.0;
}
