// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/lstm.h"

#include "base/rng.h"
#include "nn/isa.h"

#include <string.h>

#define H 19U
#define P 32U
#define G (4U * P)
#define N 3U
#define STRIDE PRODUCT_BLOCK

/// A layer with its arrays, and N sequences of it
typedef struct {
  int8_t    w[4U * H * H];
  float     scale_in[G];
  float     scale_hid[G];
  float     bias[G];
  int8_t    hidden[N * STRIDE];
  float     cell[N * P];
  int32_t   sums_in[N * G];
  Lstm      lstm;
  LstmState state;
} Layer;

/// Where a unit's gate is, by the rule that lstm.h states
static size_t
at(const size_t gate, const size_t unit)
{
  return unit / 16U * 64U + gate * 16U + unit % 16U;
}

/// Make the product anew of what the weights are
static void
layer_weigh(Layer* const l)
{
  int8_t laid[G * H];
  lstm_lay_rows(H, H, l->w, laid);
  product_clear(&l->lstm.w_hid);
  CHECK(!product_init(&l->lstm.w_hid, laid, G, H));
}

static void
layer_init(Layer* const l, const bool is_random)
{
  const uint64_t key = rng_seed(7U);
  float          scale_in[4U * H];
  float          scale_hid[4U * H];
  float          bias[4U * H];

  memset(l, 0, sizeof(*l));
  for (uint32_t i = 0U; is_random && i < 4U * H * H; ++i) {
    l->w[i] = (int8_t)((int32_t)rng_below(key, i, 255U) - 127);
  }
  for (uint32_t i = 0U; i < 4U * H; ++i) {
    scale_in[i]  = 1.0f / 16384.0f;
    scale_hid[i] = 1.0f / 32768.0f;
    bias[i]      = is_random ? (float)rng_below(key, i, 100U) / 128.0f : 0.0f;
  }
  lstm_lay_floats(H, scale_in, l->scale_in);
  lstm_lay_floats(H, scale_hid, l->scale_hid);
  lstm_lay_floats(H, bias, l->bias);
  l->lstm.n_hidden  = H;
  l->lstm.scale_in  = l->scale_in;
  l->lstm.scale_hid = l->scale_hid;
  l->lstm.bias      = l->bias;
  l->state.hidden   = l->hidden;
  l->state.cell     = l->cell;
  layer_weigh(l);
}

static void
layer_step(Layer* const l, const uint32_t n)
{
  _Alignas(64) static uint8_t prepared[N * STRIDE * PRODUCT_MAX_PREPARED];

  const LstmInput in = {NULL, l->sums_in};
  lstm_step(&l->lstm, product_in_use(), &l->state, n, in, prepared);
}

static void
test_rows_are_laid_out_by_blocks(void)
{
  int8_t rows[4U * H * 2U];
  int8_t laid[G * 2U];
  float  floats[4U * H];
  float  laid_floats[G];
  for (uint32_t i = 0U; i < 4U * H; ++i) {
    rows[2U * i]      = (int8_t)(i + 1U);
    rows[2U * i + 1U] = (int8_t) - (int)i;
    floats[i]         = (float)(i + 1U);
  }
  CHECK(lstm_padded(H) == P && lstm_padded(16U) == 16U);
  memset(laid, 1, sizeof(laid));
  memset(laid_floats, 1, sizeof(laid_floats));
  lstm_lay_rows(H, 2U, rows, laid);
  lstm_lay_floats(H, floats, laid_floats);

  uint32_t n_zeros = 0U;
  for (uint32_t g = 0U; g < 4U; ++g) {
    for (uint32_t h = 0U; h < H; ++h) {
      CHECK(laid[2U * at(g, h)] == (int8_t)(g * H + h + 1U));
      CHECK(laid[2U * at(g, h) + 1U] == (int8_t) - (int)(g * H + h));
      CHECK(laid_floats[at(g, h)] == (float)(g * H + h + 1U));
    }
  }
  for (uint32_t i = 0U; i < G; ++i) {
    n_zeros += !laid[2U * i] && laid_floats[i] == 0.0f;
  }
  CHECK(n_zeros == G - 4U * H);
}

static void
test_worked_example(void)
{
  // Gates of 0 are half open, and an offer of 2 is tanh(2)
  Layer l;
  layer_init(&l, false);
  l.sums_in[at(2U, 1U)] = 2 * 16384;
  l.cell[0]             = 0.8f;
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
    l.cell[h]            = 0.5f;
    l.sums_in[at(2U, h)] = 16384; // An offer of tanh(1)
  }
  l.sums_in[at(0U, 0U)] = -100 * 16384; // Lets nothing in
  l.sums_in[at(1U, 1U)] = -100 * 16384; // Forgets all
  l.sums_in[at(3U, 2U)] = -100 * 16384; // Says nothing
  l.sums_in[at(3U, 3U)] = 100 * 16384;  // Says all
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
  l.w[(2U * H + 4U) * H + 1U]  = 100; // Unit 4's offer hears unit 1,
  l.w[(2U * H + 18U) * H + 4U] = 50;  // and unit 18's what 4 said before
  layer_weigh(&l);
  l.hidden[1] = -64;
  l.hidden[4] = 127;
  layer_step(&l, 1U);
  NEAR(l.cell[4], 0.5 * tanh(-6400.0 / 32768.0), 1e-6);
  NEAR(l.cell[18], 0.5 * tanh(6350.0 / 32768.0), 1e-6);
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
    for (uint32_t i = 0U; i < N * G; ++i) {
      all.sums_in[i] = (int32_t)rng_below(rng_seed(s), i, 60000U) - 30000;
    }
    const Layer before = all; // For its arrays: its pointers are all's
    layer_step(&all, N);

    for (uint32_t n = 0U; n < N; ++n) {
      layer_init(&one, true);
      memcpy(one.hidden, before.hidden + n * STRIDE, STRIDE);
      memcpy(one.cell, before.cell + n * P, sizeof(one.cell[0]) * P);
      memcpy(one.sums_in, before.sums_in + n * G, G * sizeof(int32_t));
      layer_step(&one, 1U);
      CHECK(!memcmp(one.hidden, all.hidden + n * STRIDE, STRIDE));
      CHECK(!memcmp(one.cell, all.cell + n * P, P * sizeof(float)));
      product_clear(&one.lstm.w_hid);
    }
  }
  product_clear(&all.lstm.w_hid);
}

/// Whether two instruction sets' backends and loops agree to the last bit
static void
test_instruction_sets_agree(void)
{
  Layer plain;
  Layer other;
  for (int isa = ISA_PLAIN; isa < N_ISAS; ++isa) {
    if (!isa_is_able((Isa)isa)) {
      continue;
    }
    layer_init(&plain, true);
    layer_init(&other, true);
    for (uint32_t s = 0U; s < 50U; ++s) {
      // From gates that hardly move to such as are held at their ends
      const uint32_t width = 4U << s % 24U;
      for (uint32_t i = 0U; i < N * G; ++i) {
        plain.sums_in[i] =
          (int32_t)rng_below(rng_seed(s), i, width) - (int32_t)(width / 2U);
      }
      memcpy(other.sums_in, plain.sums_in, sizeof(plain.sums_in));
      CHECK(isa_use(ISA_PLAIN));
      layer_step(&plain, N);
      CHECK(isa_use((Isa)isa));
      layer_step(&other, N);
      CHECK(!memcmp(plain.hidden, other.hidden, sizeof(plain.hidden)));
      CHECK(!memcmp(plain.cell, other.cell, sizeof(plain.cell)));
    }
    product_clear(&plain.lstm.w_hid);
    product_clear(&other.lstm.w_hid);
  }
}

int
main(void)
{
  RUN(test_rows_are_laid_out_by_blocks);
  RUN(test_worked_example);
  RUN(test_each_gate_does_its_own);
  RUN(test_hidden_units_are_remembered);
  RUN(test_tiny_cells_become_zero);
  RUN(test_sequences_do_not_hear_each_other);
  RUN(test_instruction_sets_agree);
  CHECK_END();
}
