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

/// Blocks times sequences whose curves are computed side by side
#define MAX_LANES LSTM_MAX_SIDE

/// A few blocks of N sequences, MAX_LANES in all
typedef struct {
  const float*   bias;      ///< (n_blocks, BLOCK_GATES)
  const float*   scale_in;  ///< (n_blocks, BLOCK_GATES)
  const float*   scale_hid; ///< (n_blocks, BLOCK_GATES)
  const int32_t* sums_in;   ///< (N, in_stride), (n_blocks, BLOCK_GATES) of each
  const int32_t* sums_hid;  ///< (N, hid_stride), the same
  float*         cell;   ///< (N, cell_stride), (n_blocks, LSTM_BLOCK) of each
  int8_t*        hidden; ///< (N, hidden_stride), the same
  size_t         in_stride;
  size_t         hid_stride;
  size_t         cell_stride;
  size_t         hidden_stride;
  size_t         n_blocks;
  size_t         n; ///< N
} Update;

// Each loop is short, so that a processor that looks ahead finds the next
// rounds to work on while it waits for the end of a curve's long chain

/// What the gates of a block are before their curves
ISA_INLINE void
sum_gates(const Update* const u,
          const size_t        i,
          const size_t        b,
          float* const restrict gates)
{
  const size_t begin                    = b * BLOCK_GATES;
  const float* const restrict bias      = u->bias + begin;
  const float* const restrict scale_in  = u->scale_in + begin;
  const float* const restrict scale_hid = u->scale_hid + begin;
  const int32_t* const restrict sums_in = u->sums_in + i * u->in_stride + begin;
  const int32_t* const restrict sums_hid =
    u->sums_hid + i * u->hid_stride + begin;
  for (size_t g = 0U; g < BLOCK_GATES; ++g) {
    const float in  = scale_in[g] * (float)sums_in[g];
    const float hid = scale_hid[g] * (float)sums_hid[g];

    gates[g] = (bias[g] + in) + hid;
  }
}

ISA_INLINE void
bend_gates(float* const restrict gates)
{
  for (size_t h = 0U; h < 2U * LSTM_BLOCK; ++h) {
    gates[h] = exact_sigmoid(gates[h]);
  }
  for (size_t h = 2U * LSTM_BLOCK; h < 3U * LSTM_BLOCK; ++h) {
    gates[h] = exact_tanh(gates[h]);
  }
  for (size_t h = 3U * LSTM_BLOCK; h < 4U * LSTM_BLOCK; ++h) {
    gates[h] = exact_sigmoid(gates[h]);
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
    const float kept  = forget[h] * cell[h];
    const float added = in[h] * offer[h];
    const float now   = exact_drop(kept + added, LSTM_MIN_CELL);

    cell[h] = now;
    said[h] = 127.0f * (out[h] * exact_tanh(now));
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
  float        gates[MAX_LANES][BLOCK_GATES];
  float        said[MAX_LANES][LSTM_BLOCK];
  const size_t B = u->n_blocks;
  for (size_t i = 0U; i < u->n; ++i) {
    for (size_t b = 0U; b < B; ++b) {
      sum_gates(u, i, b, gates[i * B + b]);
      bend_gates(gates[i * B + b]);
    }
  }
  for (size_t i = 0U; i < u->n; ++i) {
    for (size_t b = 0U; b < B; ++b) {
      move_cells(gates[i * B + b],
                 u->cell + i * u->cell_stride + b * LSTM_BLOCK,
                 said[i * B + b]);
    }
  }
  for (size_t i = 0U; i < u->n; ++i) {
    for (size_t b = 0U; b < B; ++b) {
      round_said(said[i * B + b],
                 u->hidden + i * u->hidden_stride + b * LSTM_BLOCK);
    }
  }
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

/// Blocks of a layer that are worked on together
typedef struct {
  size_t begin; ///< The first
  size_t n;
} Blocks;

/// Blocks from `begin` on, as many as fill the lanes
static Blocks
blocks_from(const Lstm* const lstm, const size_t begin, const uint32_t n)
{
  const size_t left = lstm_padded(lstm->n_hidden) / LSTM_BLOCK - begin;
  const size_t most = MAX_LANES / n;
  const Blocks some = {begin, left < most ? left : most};
  return some;
}

/// Blocks of N sequences; sums are (N, strides)
static void
update_blocks(const Lstm* const      lstm,
              const LstmState* const state,
              const uint32_t         n,
              const Blocks           blocks,
              const int32_t* const   sums_in,
              const size_t           in_stride,
              const int32_t* const   sums_hid,
              const size_t           hid_stride)
{
  const size_t gates = blocks.begin * BLOCK_GATES;
  const size_t units = blocks.begin * LSTM_BLOCK;
  const Update u     = {lstm->bias + gates,
                        lstm->scale_in + gates,
                        lstm->scale_hid + gates,
                        sums_in,
                        sums_hid,
                        state->cell + units,
                        state->hidden + units,
                        in_stride,
                        hid_stride,
                        lstm_padded(lstm->n_hidden),
                        lstm->w_hid.stride,
                        blocks.n,
                        n};
  update_of[isa_in_use()](&u);
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
  int32_t      sums_in[MAX_LANES * BLOCK_GATES];
  int32_t      sums_hid[MAX_LANES * BLOCK_GATES];

  // What is remembered is read here, and can be overwritten from now on
  backend->prepare(state->hidden, n, lstm->w_hid.stride, prepared);
  for (size_t b = 0U; b < n_blocks;) {
    const Blocks   blocks  = blocks_from(lstm, b, n);
    const size_t   stride  = blocks.n * BLOCK_GATES;
    const uint32_t i_tile  = (uint32_t)(b * N_GATES);
    const uint32_t n_tiles = (uint32_t)(blocks.n * N_GATES);
    backend->multiply(&lstm->w_hid, i_tile, n_tiles, prepared, n, sums_hid);
    if (in.prepared) {
      backend->multiply(&lstm->w_in, i_tile, n_tiles, in.prepared, n, sums_in);
    }
    update_blocks(lstm,
                  state,
                  n,
                  blocks,
                  in.prepared ? sums_in : in.sums + b * BLOCK_GATES,
                  in.prepared ? stride : G,
                  sums_hid,
                  stride);
    b += blocks.n;
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
  for (size_t b = 0U; b < n_blocks;) {
    const Blocks         blocks = blocks_from(lstm, b, n);
    const int32_t* const from   = sums + b * BLOCK_GATES;
    update_blocks(lstm, state, n, blocks, from, G, from, G);
    b += blocks.n;
  }
}
