// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "nn/exact.h"

// The callable copies of what the header defines for inlining

extern float
exact_power_of_2(int32_t n);

extern float
exact_exp(float x);

extern float
exact_sigmoid(float x);

extern float
exact_tanh(float x);

extern int8_t
exact_round(float steps);
