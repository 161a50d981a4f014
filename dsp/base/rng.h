// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Random numbers without memory: a number is a function of a key and a counter.

   A stream that remembers would make a phrase depend on what was composed
   before it (law 1).  Whole-number arithmetic only.
   Source: the finaliser of SplitMix64 (Steele, Lea and Flood 2014), used as a
   hash of (key, counter), as counter-based generators do (Salmon et al. 2011).
*/
#ifndef PERPETUO_BASE_RNG_H
#define PERPETUO_BASE_RNG_H

#include <stdint.h>

/// The key of everything that follows from one seed.  Thread: any.
uint64_t
rng_seed(uint64_t seed);

/// A key below `key`: for a part, a phrase, a candidate, in turn.  Thread: any.
uint64_t
rng_key(uint64_t key, uint64_t name);

/// The `i`th 32-bit number of `key`.  Thread: any.
uint32_t
rng_u32(uint64_t key, uint32_t i);

/// The `i`th number of `key`, in 0 .. n - 1; `n` is at least 1.  Thread: any.
uint32_t
rng_below(uint64_t key, uint32_t i, uint32_t n);

#endif // PERPETUO_BASE_RNG_H
