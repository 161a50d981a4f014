// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/lstm.h"

#include "base/rng.h"
#include "nn/exact.h"

#include <string.h>

#define H 5U
#define N 3U
#define STRIDE PRODUCT_BLOCK

/// A layer with its arrays, and N sequences of it
typedef struct {
  int8_t    w[4U * H * H];
  float     scale_in[4U * H];
  float     scale_hid[4U * H];
  float     bias[4U * H];
  int8_t    hidden[N * STRIDE];
  float     cell[N * H];
  int32_t   sums_in[N * 4U * H];
  int32_t   sums_hid[N * 4U * H];
  float     gates[4U * H];
  Lstm      lstm;
  LstmState state;
} Layer;

static void
layer_init(Layer* const l, const bool is_random)
{
  const uint64_t key = rng_seed(7U);

  memset(l, 0, sizeof(*l));
  for (uint32_t i = 0U; is_random && i < 4U * H * H; ++i) {
    l->w[i] = (int8_t)((int32_t)rng_below(key, i, 255U) - 127);
  }
  for (uint32_t i = 0U; i < 4U * H; ++i) {
    l->scale_in[i]  = 1.0f / 16384.0f;
    l->scale_hid[i] = 1.0f / 32768.0f;
    l->bias[i] = is_random ? (float)rng_below(key, i, 100U) / 128.0f : 0.0f;
  }
  l->lstm.n_hidden  = H;
  l->lstm.scale_in  = l->scale_in;
  l->lstm.scale_hid = l->scale_hid;
  l->lstm.bias      = l->bias;
  l->state.hidden   = l->hidden;
  l->state.cell     = l->cell;
  CHECK(!product_init(&l->lstm.w_hid, l->w, 4U * H, H));
}

static void
layer_step(Layer* const l, const uint32_t n)
{
  lstm_step(&l->lstm, &l->state, n, l->sums_in, l->sums_hid, l->gates);
}

static void
test_worked_example(void)
{
  // Gates of 0 are half open, and an offer of 2 is tanh(2)
  Layer l;
  layer_init(&l, false);
  l.sums_in[2U * H + 1U] = 2 * 16384;
  l.cell[0]              = 0.8f;
  layer_step(&l, 1U);

  NEAR(l.cell[0], 0.4, 1e-6);
  NEAR(l.cell[1], 0.5 * tanh(2.0), 1e-6);
  CHECK(l.cell[2] == 0.0f);
  CHECK(l.hidden[0] == (int8_t)lround(127.0 * 0.5 * tanh(0.4)));
  CHECK(l.hidden[1] == (int8_t)lround(127.0 * 0.5 * tanh(0.5 * tanh(2.0))));
  CHECK(l.hidden[2] == 0);
  product_clear(&l.lstm.w_hid);
}

static void
test_each_gate_does_its_own(void)
{
  Layer l;
  layer_init(&l, false);
  for (uint32_t h = 0U; h < 4U; ++h) {
    l.cell[h]             = 0.5f;
    l.sums_in[2U * H + h] = 16384; // An offer of tanh(1)
  }
  l.sums_in[0U * H + 0U] = -100 * 16384; // Lets nothing in
  l.sums_in[1U * H + 1U] = -100 * 16384; // Forgets all
  l.sums_in[3U * H + 2U] = -100 * 16384; // Says nothing
  l.sums_in[3U * H + 3U] = 100 * 16384;  // Says all
  layer_step(&l, 1U);

  const double offer = tanh(1.0);
  NEAR(l.cell[0], 0.25, 1e-6);
  NEAR(l.cell[1], 0.5 * offer, 1e-6);
  NEAR(l.cell[2], 0.25 + 0.5 * offer, 1e-6);
  CHECK(l.hidden[2] == 0);
  CHECK(l.hidden[3] == (int8_t)lround(127.0 * tanh(0.25 + 0.5 * offer)));
  product_clear(&l.lstm.w_hid);
}

static void
test_hidden_units_are_remembered(void)
{
  Layer l;
  layer_init(&l, false);
  product_clear(&l.lstm.w_hid);
  l.w[(2U * H + 4U) * H + 1U] = 100; // Unit 4's offer hears unit 1
  CHECK(!product_init(&l.lstm.w_hid, l.w, 4U * H, H));
  l.hidden[1] = -64;
  layer_step(&l, 1U);
  NEAR(l.cell[4], 0.5 * tanh(-6400.0 / 32768.0), 1e-6);
  product_clear(&l.lstm.w_hid);
}

static void
test_tiny_cells_become_zero(void)
{
  Layer l;
  layer_init(&l, false);
  l.cell[0] = 1.9e-20f;
  l.cell[1] = -1.9e-20f;
  l.cell[2] = 2.1e-20f;
  l.cell[3] = 1e-42f;
  layer_step(&l, 1U);
  CHECK(l.cell[0] == 0.0f);
  CHECK(l.cell[1] == 0.0f);
  CHECK(l.cell[2] > 1e-20f);
  CHECK(l.cell[3] == 0.0f);
  product_clear(&l.lstm.w_hid);
}

static void
test_sequences_do_not_hear_each_other(void)
{
  Layer all;
  Layer one;
  layer_init(&all, true);
  for (uint32_t s = 0U; s < 20U; ++s) {
    for (uint32_t i = 0U; i < N * 4U * H; ++i) {
      all.sums_in[i] = (int32_t)rng_below(rng_seed(s), i, 60000U) - 30000;
    }
    const Layer before = all; // For its arrays: its pointers are all's
    layer_step(&all, N);

    for (uint32_t n = 0U; n < N; ++n) {
      layer_init(&one, true);
      memcpy(one.hidden, before.hidden + n * STRIDE, STRIDE);
      memcpy(one.cell, before.cell + n * H, H * sizeof(float));
      memcpy(
        one.sums_in, before.sums_in + n * 4U * H, 4U * H * sizeof(int32_t));
      layer_step(&one, 1U);
      CHECK(!memcmp(one.hidden, all.hidden + n * STRIDE, STRIDE));
      CHECK(!memcmp(one.cell, all.cell + n * H, H * sizeof(float)));
      product_clear(&one.lstm.w_hid);
    }
  }
  product_clear(&all.lstm.w_hid);
}

int
main(void)
{
  RUN(test_worked_example);
  RUN(test_each_gate_does_its_own);
  RUN(test_hidden_units_are_remembered);
  RUN(test_tiny_cells_become_zero);
  RUN(test_sequences_do_not_hear_each_other);
  CHECK_END();
}
