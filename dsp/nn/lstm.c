// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3,fp-contract=off")
#endif

#include "nn/lstm.h"

#include "nn/exact.h"
#include "nn/isa.h"

#include <string.h>

#define N_GATES 4U

/// Gates of a block
#define BLOCK_GATES (N_GATES * LSTM_BLOCK)

/// One block of one sequence
typedef struct {
  const float*   bias; ///< (BLOCK_GATES), as are all up to the cells
  const float*   scale_in;
  const int32_t* sums_in;
  const float*   scale_hid;
  const int32_t* sums_hid;
  float*         cell;   ///< (LSTM_BLOCK)
  int8_t*        hidden; ///< (LSTM_BLOCK)
} Update;

/// What the gates are before their curves
ISA_INLINE void
sum_gates(const float* const restrict bias,
          const float* const restrict scale_in,
          const int32_t* const restrict sums_in,
          const float* const restrict scale_hid,
          const int32_t* const restrict sums_hid,
          float* const restrict gates)
{
  for (size_t g = 0U; g < BLOCK_GATES; ++g) {
    const float in  = scale_in[g] * (float)sums_in[g];
    const float hid = scale_hid[g] * (float)sums_hid[g];

    gates[g] = (bias[g] + in) + hid;
  }
}

/// What the gates do to the cells, and what is said of those
ISA_INLINE void
move_cells(const float* const restrict gates,
           float* const restrict cell,
           float* const restrict said)
{
  const float* const in     = gates;
  const float* const forget = gates + LSTM_BLOCK;
  const float* const offer  = gates + 2U * LSTM_BLOCK;
  const float* const out    = gates + 3U * LSTM_BLOCK;

  for (size_t h = 0U; h < LSTM_BLOCK; ++h) {
    const float kept  = exact_sigmoid(forget[h]) * cell[h];
    const float added = exact_sigmoid(in[h]) * exact_tanh(offer[h]);
    const float now   = exact_drop(kept + added, LSTM_MIN_CELL);

    cell[h] = now;
    said[h] = 127.0f * (exact_sigmoid(out[h]) * exact_tanh(now));
  }
}

/// Apart from the rest: bytes would narrow the vectors of that, too
ISA_INLINE void
round_said(const float* const restrict said, int8_t* const restrict hidden)
{
  for (size_t h = 0U; h < LSTM_BLOCK; ++h) {
    hidden[h] = exact_round(said[h]);
  }
}

ISA_INLINE void
update(const Update* const u)
{
  float gates[BLOCK_GATES];
  float said[LSTM_BLOCK];
  sum_gates(u->bias, u->scale_in, u->sums_in, u->scale_hid, u->sums_hid, gates);
  move_cells(gates, u->cell, said);
  round_said(said, u->hidden);
}

ISA_VARIANTS(update, Update)

uint32_t
lstm_padded(const uint32_t n_hidden)
{
  return (n_hidden + LSTM_BLOCK - 1U) / LSTM_BLOCK * LSTM_BLOCK;
}

/// Where a unit's gate is laid
static size_t
place_of(const size_t gate, const size_t unit)
{
  return unit / LSTM_BLOCK * BLOCK_GATES + gate * LSTM_BLOCK +
         unit % LSTM_BLOCK;
}

void
lstm_lay_rows(const uint32_t      n_hidden,
              const uint32_t      n_columns,
              const int8_t* const rows,
              int8_t* const       laid)
{
  const size_t K = n_columns;
  memset(laid, 0, K * N_GATES * lstm_padded(n_hidden));
  for (size_t g = 0U; g < N_GATES; ++g) {
    for (size_t h = 0U; h < n_hidden; ++h) {
      memcpy(laid + place_of(g, h) * K, rows + (g * n_hidden + h) * K, K);
    }
  }
}

void
lstm_lay_floats(const uint32_t     n_hidden,
                const float* const floats,
                float* const       laid)
{
  memset(laid, 0, N_GATES * lstm_padded(n_hidden) * sizeof(*laid));
  for (size_t g = 0U; g < N_GATES; ++g) {
    for (size_t h = 0U; h < n_hidden; ++h) {
      laid[place_of(g, h)] = floats[g * n_hidden + h];
    }
  }
}

/// A block of N sequences; sums are (N, strides)
static void
update_block(const Lstm* const      lstm,
             const LstmState* const state,
             const uint32_t         n,
             const size_t           i_block,
             const int32_t* const   sums_in,
             const size_t           in_stride,
             const int32_t* const   sums_hid,
             const size_t           hid_stride)
{
  void (*const best)(const Update*) = update_of[isa_in_use()];
  const size_t gates                = i_block * BLOCK_GATES;
  const size_t units                = i_block * LSTM_BLOCK;
  const size_t P                    = lstm_padded(lstm->n_hidden);
  for (size_t i = 0U; i < n; ++i) {
    const Update u = {lstm->bias + gates,
                      lstm->scale_in + gates,
                      sums_in + i * in_stride,
                      lstm->scale_hid + gates,
                      sums_hid + i * hid_stride,
                      state->cell + i * P + units,
                      state->hidden + i * lstm->w_hid.stride + units};
    best(&u);
  }
}

void
lstm_step(const Lstm* const           lstm,
          const ProductBackend* const backend,
          const LstmState* const      state,
          const uint32_t              n,
          const LstmInput             in,
          void* const                 prepared)
{
  const size_t n_blocks = lstm_padded(lstm->n_hidden) / LSTM_BLOCK;
  const size_t G        = n_blocks * BLOCK_GATES;
  int32_t      sums_in[LSTM_MAX_SIDE * BLOCK_GATES];
  int32_t      sums_hid[LSTM_MAX_SIDE * BLOCK_GATES];

  // What is remembered is read here, and can be overwritten block by block: the
  // processor computes one block's curves while it fetches the next one's rows
  backend->prepare(state->hidden, n, lstm->w_hid.stride, prepared);
  for (size_t b = 0U; b < n_blocks; ++b) {
    const uint32_t i_tile = (uint32_t)(b * N_GATES);
    backend->multiply(&lstm->w_hid, i_tile, N_GATES, prepared, n, sums_hid);
    if (in.prepared) {
      backend->multiply(&lstm->w_in, i_tile, N_GATES, in.prepared, n, sums_in);
    }
    update_block(lstm,
                 state,
                 n,
                 b,
                 in.prepared ? sums_in : in.sums + b * BLOCK_GATES,
                 in.prepared ? BLOCK_GATES : G,
                 sums_hid,
                 BLOCK_GATES);
  }
}

void
lstm_update(const Lstm* const      lstm,
            const LstmState* const state,
            const uint32_t         n,
            const int32_t* const   sums)
{
  const size_t n_blocks = lstm_padded(lstm->n_hidden) / LSTM_BLOCK;
  const size_t G        = n_blocks * BLOCK_GATES;
  for (size_t b = 0U; b < n_blocks; ++b) {
    const int32_t* const from = sums + b * BLOCK_GATES;
    update_block(lstm, state, n, b, from, G, from, G);
  }
}
