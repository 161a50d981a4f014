// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/lanes.h"

#include <stddef.h>

Status
lanes_init(Lanes* const lanes, const Net* const net)
{
  lanes->state  = net_state_new(net, LANES_MAX);
  lanes->n_open = 0U;
  return lanes->state ? STATUS_SUCCESS : STATUS_NO_MEM;
}

void
lanes_clear(Lanes* const lanes)
{
  net_state_free(lanes->state);
  lanes->state = NULL;
}

void
lanes_open(Lanes* const lanes, const uint32_t n)
{
  net_state_reset(lanes->state);
  net_state_keep(lanes->state, n);
  lanes->n_open = n;
  for (uint32_t i = 0U; i < n; ++i) {
    lanes->owner[i] = i;
  }
}

void
lanes_close(Lanes* const lanes, const uint32_t i_lane)
{
  const uint32_t last = lanes->n_open - 1U;
  if (i_lane != last) {
    net_state_copy(lanes->state, i_lane, lanes->state, last);
    lanes->owner[i_lane] = lanes->owner[last];
  }
  lanes->n_open = last;
  if (last) {
    net_state_keep(lanes->state, last);
  }
}
