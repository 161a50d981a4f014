// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/dense.h"

#include "nn/isa.h"

#include <string.h>

#define STRIDE PRODUCT_BLOCK
#define MAX_N 3U

static void
forward(const Dense* const  dense,
        const int8_t* const x,
        const uint32_t      n,
        float* const        out)
{
  _Alignas(64) static uint8_t prepared[MAX_N * STRIDE * PRODUCT_MAX_PREPARED];
  int32_t                     sums[MAX_N * PRODUCT_TILE];

  const ProductBackend* const backend = product_in_use();
  backend->prepare(x, n, STRIDE, prepared);
  dense_forward(dense, backend, prepared, n, sums, out);
}

static void
test_worked_example(void)
{
  static const int8_t w[2][3] = {{1, -2, 3}, {127, 0, -127}};

  float  scale[2]     = {0.5f, 0.25f};
  float  bias[2]      = {10.0f, -1.0f};
  int8_t x[3][STRIDE] = {{1, 1, 1}, {127, -127, 0}, {0, 0, 0}};
  float  out[7]       = {0.0f};
  Dense  dense        = {.scale = scale, .bias = bias};

  out[6] = 77.0f;
  CHECK(!product_init(&dense.w, w[0], 2U, 3U));
  forward(&dense, x[0], 3U, out);

  CHECK(out[0] == 10.0f + 0.5f * 2.0f);
  CHECK(out[1] == -1.0f);
  CHECK(out[2] == 10.0f + 0.5f * (127.0f + 254.0f));
  CHECK(out[3] == -1.0f + 0.25f * 16129.0f);
  CHECK(out[4] == 10.0f);
  CHECK(out[5] == -1.0f);
  CHECK(out[6] == 77.0f);
  product_clear(&dense.w);
}

static void
test_order_of_operations(void)
{
  // Fused, or with the bias multiplied in, the last bit would be another
  static const int8_t w = 3;

  float          scale[1]  = {0.1f};
  float          bias[1]   = {-0.3f};
  int8_t         x[STRIDE] = {1};
  float          out[1]    = {0.0f};
  Dense          dense     = {.scale = scale, .bias = bias};
  volatile float scaled    = scale[0] * 3.0f;

  CHECK(!product_init(&dense.w, &w, 1U, 1U));
  for (int isa = ISA_PLAIN; isa < N_ISAS; ++isa) {
    if (isa_use((Isa)isa)) {
      forward(&dense, x, 1U, out);
      CHECK(out[0] == bias[0] + scaled);
    }
  }
  product_clear(&dense.w);
}

int
main(void)
{
  RUN(test_worked_example);
  RUN(test_order_of_operations);
  CHECK_END();
}
