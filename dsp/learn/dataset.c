// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/dataset.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// Make room for one more element of `size` bytes; arrays double as they grow
static bool
grow(void** const array, uint32_t* const room, const uint32_t n, size_t size)
{
  if (n < *room) {
    return true;
  }
  if (*room > UINT32_MAX / 2U || size > SIZE_MAX / (2U * (size_t)*room + 64U)) {
    return false;
  }

  const uint32_t new_room  = *room ? *room * 2U : 64U;
  void* const    new_array = realloc(*array, size * new_room);
  if (!new_array) {
    return false;
  }

  *array = new_array;
  *room  = new_room;
  return true;
}

void
dataset_init(Dataset* const set,
             const uint32_t n_hot_inputs,
             const uint32_t n_hot,
             const uint32_t n_dense,
             const uint32_t n_classes)
{
  memset(set, 0, sizeof(*set));
  set->n_hot_inputs = n_hot_inputs;
  set->n_hot        = n_hot;
  set->n_dense      = n_dense;
  set->n_classes    = n_classes;
}

void
dataset_clear(Dataset* const set)
{
  free(set->hot);
  free(set->target);
  free(set->row);
  free(set->dense);
  free(set->sequence);
  memset(set, 0, sizeof(*set));
}

Status
dataset_add_row(Dataset* const      set,
                const int8_t* const dense,
                uint32_t* const     i_row)
{
  const size_t D = set->n_dense;
  if (set->n_rows &&
      (!D || !memcmp(set->dense + (set->n_rows - 1U) * D, dense, D))) {
    *i_row = set->n_rows - 1U;
    return STATUS_SUCCESS;
  }

  void* array = set->dense;
  if (!grow(&array, &set->row_room, set->n_rows, D ? D : 1U)) {
    return STATUS_NO_MEM;
  }

  set->dense = (int8_t*)array;
  if (D) {
    memcpy(set->dense + set->n_rows * D, dense, D);
  }
  *i_row = set->n_rows++;
  return STATUS_SUCCESS;
}

/// Grow the three arrays of steps together; all of them or none count as grown
static bool
grow_steps(Dataset* const set)
{
  uint32_t room[3] = {set->step_room, set->step_room, set->step_room};
  void*    hot     = set->hot;
  void*    target  = set->target;
  void*    row     = set->row;

  const bool ok =
    grow(&hot, &room[0], set->n_steps, sizeof(uint16_t) * (set->n_hot + 1U)) &&
    grow(&target, &room[1], set->n_steps, sizeof(uint16_t)) &&
    grow(&row, &room[2], set->n_steps, sizeof(uint32_t));

  // What has moved has moved, even if its neighbour could not
  set->hot    = (uint16_t*)hot;
  set->target = (uint16_t*)target;
  set->row    = (uint32_t*)row;
  if (ok) {
    set->step_room = room[0];
  }
  return ok;
}

Status
dataset_add_step(Dataset* const        set,
                 const uint16_t* const hot,
                 const uint32_t        i_row,
                 const uint16_t        target)
{
  const uint32_t K = set->n_hot;
  for (uint32_t k = 0U; k < K; ++k) {
    if (hot[k] >= set->n_hot_inputs) {
      return STATUS_BAD_ARG;
    }
  }
  if (i_row >= set->n_rows ||
      (target != NO_TARGET && target >= set->n_classes)) {
    return STATUS_BAD_ARG;
  }
  if (!grow_steps(set)) {
    return STATUS_NO_MEM;
  }

  if (K) {
    memcpy(set->hot + (size_t)set->n_steps * K, hot, K * sizeof(*hot));
  }
  set->target[set->n_steps] = target;
  set->row[set->n_steps]    = i_row;
  ++set->n_steps;
  return STATUS_SUCCESS;
}

Status
dataset_add_sequence(Dataset* const set, const Sequence sequence)
{
  if (!sequence.n_steps || sequence.n_steps > set->n_steps ||
      sequence.split >= N_SPLITS) {
    return STATUS_BAD_ARG;
  }

  void* array = set->sequence;
  if (!grow(&array, &set->sequence_room, set->n_sequences, sizeof(Sequence))) {
    return STATUS_NO_MEM;
  }

  set->sequence                            = (Sequence*)array;
  set->sequence[set->n_sequences]          = sequence;
  set->sequence[set->n_sequences++].i_step = set->n_steps - sequence.n_steps;
  return STATUS_SUCCESS;
}
