// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "nn/dense.h"

#include <string.h>

#define STRIDE PRODUCT_BLOCK

static void
test_worked_example(void)
{
  static const int8_t w[2][3]  = {{1, -2, 3}, {127, 0, -127}};
  static const float  scale[2] = {0.5f, 0.25f};
  static const float  bias[2]  = {10.0f, -1.0f};

  int8_t  x[3][STRIDE] = {{1, 1, 1}, {127, -127, 0}, {0, 0, 0}};
  int32_t sums[6]      = {0};
  float   out[7]       = {0.0f};
  Dense   dense        = {.scale = scale, .bias = bias};

  out[6] = 77.0f;
  CHECK(!product_init(&dense.w, w[0], 2U, 3U));
  dense_forward(&dense, x[0], 3U, sums, out);

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
  static const int8_t w        = 3;
  static const float  scale[1] = {0.1f};
  static const float  bias[1]  = {-0.3f};

  int8_t         x[STRIDE] = {1};
  int32_t        sums[1]   = {0};
  float          out[1]    = {0.0f};
  Dense          dense     = {.scale = scale, .bias = bias};
  volatile float scaled    = scale[0] * 3.0f;

  CHECK(!product_init(&dense.w, &w, 1U, 1U));
  dense_forward(&dense, x, 1U, sums, out);
  CHECK(out[0] == bias[0] + scaled);
  product_clear(&dense.w);
}

int
main(void)
{
  RUN(test_worked_example);
  RUN(test_order_of_operations);
  CHECK_END();
}
