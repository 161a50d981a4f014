// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   An allocator that fails on the nth call, for the test program that links it.

   The program's own malloc, calloc, realloc and free stand before the C
   library's (glibc).  Elsewhere, and under a sanitizer that has its own
   allocator, failing_alloc_is_able says no and nothing ever fails.
   Thread: one.
*/
#ifndef PERPETUO_TESTS_FAILING_ALLOC_H
#define PERPETUO_TESTS_FAILING_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations can be made to fail in this build
bool
failing_alloc_is_able(void);

/// From now on the nth allocation fails, once; 1 is the next one
void
failing_alloc_begin(uint32_t nth);

/// Stop; whether an allocation was made to fail
bool
failing_alloc_end(void);

/// Blocks allocated and not freed since the program began
int64_t
failing_alloc_n_live(void);

#endif // PERPETUO_TESTS_FAILING_ALLOC_H
