// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the machine could do at best: the limits that kernels are held against
#ifndef PERPETUO_TOOLS_BENCH_LIMIT_H
#define PERPETUO_TOOLS_BENCH_LIMIT_H

#include <stddef.h>

/**
   Multiply-adds of bytes in a second, with numbers that never leave registers
   and nothing but the instructions that a backend multiplies and adds with.

   @param backend Its name in nn/product.h.
   @return 0 where there is no such measure.
*/
double
limit_multiply_adds(const char* backend);

/**
   Bytes in a second that are read of an array of `n_bytes`, again and again, in
   four streams with the widest registers there are.

   @return 0 when there is no memory.
*/
double
limit_bandwidth(size_t n_bytes);

/// Read enough of something else to leave nothing of us in any cache
void
limit_chill(void);

#endif // PERPETUO_TOOLS_BENCH_LIMIT_H
