// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/memo.h"

#include <stddef.h>
#include <string.h>

const Take*
memo_find(Memo* const memo, const TakeKey* const key)
{
  for (uint32_t i = 0U; i < MEMO_N_TAKES; ++i) {
    if (memo->touched[i] && !memcmp(&memo->keys[i], key, sizeof(*key))) {
      memo->touched[i] = ++memo->moment;
      return &memo->takes[i];
    }
  }
  return NULL;
}

Take*
memo_add(Memo* const memo, const TakeKey* const key)
{
  uint32_t oldest = 0U;
  for (uint32_t i = 1U; i < MEMO_N_TAKES; ++i) {
    oldest = memo->touched[i] < memo->touched[oldest] ? i : oldest;
  }
  memo->touched[oldest] = ++memo->moment;
  memo->keys[oldest]    = *key;
  return &memo->takes[oldest];
}
