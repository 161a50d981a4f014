// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "base/rng.h"

/// 2^64 divided by the golden ratio: steps of it are spread evenly
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

/// The finaliser of SplitMix64: every bit of `x` reaches every bit of the
/// result
static uint64_t
scramble(uint64_t x)
{
  x = (x ^ (x >> 30U)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27U)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31U);
}

uint64_t
rng_seed(const uint64_t seed)
{
  return scramble(seed + GOLDEN);
}

uint64_t
rng_key(const uint64_t key, const uint64_t name)
{
  // Scrambled twice, so that (key, name) and (key + 1, name - 1) differ
  return scramble(key ^ scramble(name + GOLDEN));
}

uint32_t
rng_u32(const uint64_t key, const uint32_t i)
{
  return (uint32_t)(scramble(key + GOLDEN * ((uint64_t)i + 1U)) >> 32U);
}

uint32_t
rng_below(const uint64_t key, const uint32_t i, const uint32_t n)
{
  return (uint32_t)(((uint64_t)rng_u32(key, i) * n) >> 32U);
}
