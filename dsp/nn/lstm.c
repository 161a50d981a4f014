// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#  pragma GCC optimize("O3")
#endif

#include "nn/lstm.h"

#include "nn/exact.h"

#include <stddef.h>

#if defined(__GNUC__)
#  define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#  define ALWAYS_INLINE inline
#endif

/// What the gates are before their curves.  All arrays are (4H).
static ALWAYS_INLINE void
sum_gates(const size_t n,
          const float* const restrict bias,
          const float* const restrict scale_in,
          const int32_t* const restrict sums_in,
          const float* const restrict scale_hid,
          const int32_t* const restrict sums_hid,
          float* const restrict gates)
{
  for (size_t g = 0U; g < n; ++g) {
    const float in  = scale_in[g] * (float)sums_in[g];
    const float hid = scale_hid[g] * (float)sums_hid[g];

    gates[g] = (bias[g] + in) + hid;
  }
}

/// What the gates (4H) do to the cells (H), and what is said of those (H)
static ALWAYS_INLINE void
move_cells(const size_t H,
           const float* const restrict gates,
           float* const restrict cell,
           int8_t* const restrict hidden)
{
  const float* const in     = gates;
  const float* const forget = gates + H;
  const float* const offer  = gates + 2U * H;
  const float* const out    = gates + 3U * H;

  for (size_t h = 0U; h < H; ++h) {
    const float kept  = exact_sigmoid(forget[h]) * cell[h];
    const float added = exact_sigmoid(in[h]) * exact_tanh(offer[h]);
    const float now   = exact_drop(kept + added, LSTM_MIN_CELL);

    cell[h]   = now;
    hidden[h] = exact_round(127.0f * (exact_sigmoid(out[h]) * exact_tanh(now)));
  }
}

/// One sequence's step of one layer
typedef struct {
  const Lstm*    lstm;
  const int32_t* sums_in;  ///< (4H)
  const int32_t* sums_hid; ///< (4H)
  float*         gates;    ///< (4H)
  float*         cell;     ///< (H)
  int8_t*        hidden;   ///< (H)
} Update;

static ALWAYS_INLINE void
update(const Update* const u)
{
  const Lstm* const lstm = u->lstm;
  const size_t      H    = lstm->n_hidden;

  sum_gates(4U * H,
            lstm->bias,
            lstm->scale_in,
            u->sums_in,
            lstm->scale_hid,
            u->sums_hid,
            u->gates);
  move_cells(H, u->gates, u->cell, u->hidden);
}

static void
update_portable(const Update* const u)
{
  update(u);
}

typedef void (*UpdateFunction)(const Update* u);

#if defined(__GNUC__) && defined(__x86_64__)

/// The same source, which the compiler may turn into AVX2 code: the same bits,
/// because every operation is rounded as IEEE says, and none is contracted
__attribute__((target("avx2"))) static void
update_avx2(const Update* const u)
{
  update(u);
}

static UpdateFunction
best_update(void)
{
  return __builtin_cpu_supports("avx2") ? update_avx2 : update_portable;
}

#else

static UpdateFunction
best_update(void)
{
  return update_portable;
}

#endif

void
lstm_step(const Lstm* const      lstm,
          const LstmState* const state,
          const uint32_t         n,
          const int32_t* const   sums_in,
          int32_t* const         sums_hid,
          float* const           gates)
{
  const size_t         H    = lstm->n_hidden;
  const UpdateFunction best = best_update();

  product_multiply(&lstm->w_hid, state->hidden, n, sums_hid);
  for (size_t i = 0U; i < n; ++i) {
    const Update u = {lstm,
                      sums_in + i * 4U * H,
                      sums_hid + i * 4U * H,
                      gates,
                      state->cell + i * H,
                      state->hidden + i * lstm->w_hid.stride};
    best(&u);
  }
}
