// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3")
#endif

#include "nn/lstm.h"

#include "nn/exact.h"

#include <stddef.h>

/// The gates of one unit in a row of 4H
static inline float
gate(const Lstm* const    lstm,
     const size_t         i,
     const int32_t* const sums_in,
     const int32_t* const sums_hid)
{
  const float in  = lstm->scale_in[i] * (float)sums_in[i];
  const float hid = lstm->scale_hid[i] * (float)sums_hid[i];
  return (lstm->bias[i] + in) + hid;
}

static void
update(const Lstm* const    lstm,
       const int32_t* const sums_in,
       const int32_t* const sums_hid,
       float* const         cell,
       int8_t* const        hidden)
{
  const size_t H = lstm->n_hidden;
  for (size_t h = 0U; h < H; ++h) {
    const float i = gate(lstm, h, sums_in, sums_hid);
    const float f = gate(lstm, h + H, sums_in, sums_hid);
    const float c = gate(lstm, h + 2U * H, sums_in, sums_hid);
    const float o = gate(lstm, h + 3U * H, sums_in, sums_hid);

    const float kept  = exact_sigmoid(f) * cell[h];
    const float added = exact_sigmoid(i) * exact_tanh(c);
    const float sum   = kept + added;
    const float now   = sum < LSTM_MIN_CELL && sum > -LSTM_MIN_CELL ? 0.0f : sum;

    cell[h]   = now;
    hidden[h] = exact_round(127.0f * (exact_sigmoid(o) * exact_tanh(now)));
  }
}

void
lstm_step(const Lstm* const      lstm,
          const LstmState* const state,
          const uint32_t         n,
          const int32_t* const   sums_in,
          int32_t* const         sums_hid)
{
  const size_t H = lstm->n_hidden;

  product_multiply(&lstm->w_hid, state->hidden, n, sums_hid);
  for (size_t i = 0U; i < n; ++i) {
    update(lstm,
           sums_in + i * 4U * H,
           sums_hid + i * 4U * H,
           state->cell + i * H,
           state->hidden + i * lstm->w_hid.stride);
  }
}
