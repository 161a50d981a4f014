// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "nn/exact.h"

// The callable copies of what the header defines for inlining

extern uint32_t
exact_bits(float x);

extern float
exact_float(uint32_t bits);

extern float
exact_sign(float size, float x);

extern float
exact_size(float x);

extern float
exact_hold(float x, float most);

extern float
exact_drop(float x, float least);

extern float
exact_exp_within(float x);

extern float
exact_exp(float x);

extern float
exact_sigmoid(float x);

extern float
exact_tanh(float x);

extern float
exact_root(float x);

extern int32_t
exact_whole(float steps);

extern int8_t
exact_round(float steps);
