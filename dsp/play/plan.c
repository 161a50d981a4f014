// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "play/plan.h"

static bool
is_same(const Request* const a, const Request* const b)
{
  return a->i_phrase == b->i_phrase && a->part == b->part &&
         a->reroll == b->reroll && a->metre.n_beats == b->metre.n_beats &&
         a->metre.unit == b->metre.unit && mix_is_equal(&a->mix, &b->mix);
}

void
plan_init(Plan* const self)
{
  self->serial = 0U;
  self->moment = 0U;
  for (uint32_t i = 0U; i < PLAN_N_SLOTS; ++i) {
    self->slots[i].state   = SLOT_FREE;
    self->slots[i].serial  = 0U;
    self->slots[i].touched = 0U;
  }
}

void
plan_begin(Plan* const self)
{
  ++self->moment;
}

int
plan_find(Plan* const self, const Request* const request)
{
  for (uint32_t i = 0U; i < PLAN_N_SLOTS; ++i) {
    Slot* const slot = &self->slots[i];
    const bool  has =
      slot->state == SLOT_READY || (slot->state == SLOT_ASKED && slot->serial);

    if (has && is_same(&slot->request, request)) {
      slot->touched = self->moment;
      return (int)i;
    }
  }
  return -1;
}

const Phrase*
plan_phrase(const Plan* const self, const int i_slot)
{
  return i_slot >= 0 && self->slots[i_slot].state == SLOT_READY
           ? &self->slots[i_slot].phrase
           : (const Phrase*)0;
}

/// A free slot, else the one untouched for longest, else -1
static int
oldest(const Plan* const self)
{
  int      found = -1;
  uint32_t age   = 0U;

  for (uint32_t i = 0U; i < PLAN_N_SLOTS; ++i) {
    const Slot* const slot = &self->slots[i];
    if (slot->state == SLOT_FREE) {
      return (int)i;
    }

    const uint32_t its_age = self->moment - slot->touched; // Wraps round
    if (slot->state == SLOT_READY && its_age > age) {
      found = (int)i;
      age   = its_age;
    }
  }
  return found;
}

int
plan_lend(Plan* const self, const Request* const request)
{
  const int i_slot = oldest(self);
  if (i_slot >= 0) {
    Slot* const slot = &self->slots[i_slot];

    self->serial += self->serial == UINT32_MAX ? 2U : 1U; // Never 0
    slot->serial  = self->serial;
    slot->state   = SLOT_ASKED;
    slot->touched = self->moment;
    slot->request = *request;
  }
  return i_slot;
}

void
plan_take_back(Plan* const self, const int i_slot)
{
  self->slots[i_slot].state = SLOT_FREE;
}

bool
plan_answer(Plan* const    self,
            const uint32_t i_slot,
            const uint32_t serial,
            const bool     is_composed)
{
  if (i_slot >= PLAN_N_SLOTS) {
    return false;
  }

  Slot* const slot = &self->slots[i_slot];
  if (slot->state != SLOT_ASKED && slot->state != SLOT_LOST) {
    return false;
  }

  const bool is_wanted = slot->serial && slot->serial == serial;
  slot->state          = is_wanted && is_composed ? SLOT_READY : SLOT_FREE;
  return slot->state == SLOT_READY;
}

void
plan_give_up(Plan* const self)
{
  for (uint32_t i = 0U; i < PLAN_N_SLOTS; ++i) {
    if (self->slots[i].state == SLOT_ASKED) {
      self->slots[i].state = SLOT_LOST;
    }
  }
}

void
plan_forget(Plan* const self)
{
  for (uint32_t i = 0U; i < PLAN_N_SLOTS; ++i) {
    Slot* const slot = &self->slots[i];
    if (slot->state == SLOT_READY) {
      slot->state = SLOT_FREE;
    } else {
      slot->serial = 0U;
    }
  }
}
