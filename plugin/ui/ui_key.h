// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A number that stands for all that a picture shows.

   Source: the hash of Fowler, Noll and Vo.
*/
#ifndef PERPETUO_PLUGIN_UI_UI_KEY_H
#define PERPETUO_PLUGIN_UI_UI_KEY_H

#include <stdint.h>

/// What a key begins with
#define KEY_BEGIN 0xCBF29CE484222325U

#define KEY_PRIME 0x100000001B3U

/// The key of that and a value
static inline uint64_t
key_add(const uint64_t key, const uint64_t value)
{
  uint64_t sum = key;
  for (unsigned i = 0U; i < 8U; ++i) {
    sum = (sum ^ (value >> 8U * i & 0xFFU)) * KEY_PRIME;
  }
  return sum;
}

/// The key of that and a text
static inline uint64_t
key_add_text(const uint64_t key, const char* const text)
{
  uint64_t sum = key;
  for (const char* c = text; *c; ++c) {
    sum = (sum ^ (unsigned char)*c) * KEY_PRIME;
  }
  return key_add(sum, 0U);
}

#endif // PERPETUO_PLUGIN_UI_UI_KEY_H
