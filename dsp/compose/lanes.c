// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/lanes.h"

#include <stddef.h>

Status
lanes_init(Lanes* const lanes, const Net* const net)
{
  Status st = STATUS_SUCCESS;
  for (uint32_t i = 0U; i < LANES_N_BATCHES; ++i) {
    lanes->batch[i] = net_state_new(net, LANES_MAX >> i);
    st              = lanes->batch[i] ? st : STATUS_NO_MEM;
  }
  if (st) {
    lanes_clear(lanes);
  }
  return st;
}

void
lanes_clear(Lanes* const lanes)
{
  for (uint32_t i = 0U; i < LANES_N_BATCHES; ++i) {
    net_state_free(lanes->batch[i]);
    lanes->batch[i] = NULL;
  }
}

NetState*
lanes_take(const Lanes* const lanes, const uint32_t n, uint32_t* const n_batch)
{
  uint32_t i = 0U;
  while (i + 1U < LANES_N_BATCHES && LANES_MAX >> i > n) {
    ++i;
  }
  *n_batch = LANES_MAX >> i;
  net_state_reset(lanes->batch[i]);
  return lanes->batch[i];
}
