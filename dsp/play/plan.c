// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "play/plan.h"

#include <string.h>

/// What differs between the requests that lie side by side
static uint8_t
tag_of(const Request* const request)
{
  return (uint8_t)((uint32_t)request->i_phrase * N_PARTS +
                   (uint32_t)request->part);
}

/// Whether one of eight bytes is that of which `all` has eight
static bool
has_byte(const uint8_t* const bytes, const uint64_t all)
{
  uint64_t word = 0U;
  memcpy(&word, bytes, sizeof(word));
  word ^= all;
  return (word - UINT64_C(0x0101010101010101)) & ~word &
         UINT64_C(0x8080808080808080);
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
    self->tags[i]          = 0U;
  }
}

void
plan_begin(Plan* const self)
{
  ++self->moment;
}

/// Whether a slot holds or will hold the answer to a request
static bool
has_answer(const Slot* const slot, const Request* const request)
{
  return (slot->state == SLOT_READY ||
          (slot->state == SLOT_ASKED && slot->serial)) &&
         request_is_equal(&slot->request, request);
}

int
plan_find(Plan* const self, const Request* const request)
{
  enum { STEP = 8 };
  _Static_assert(PLAN_N_SLOTS % STEP == 0U, "tags are looked at by eights");
  const uint8_t  tag = tag_of(request);
  const uint64_t all = tag * UINT64_C(0x0101010101010101);

  for (uint32_t i = 0U; i < PLAN_N_SLOTS; i += STEP) {
    if (!has_byte(&self->tags[i], all)) {
      continue;
    }
    for (uint32_t j = i; j < i + STEP; ++j) {
      Slot* const slot = &self->slots[j];
      if (self->tags[j] == tag && has_answer(slot, request)) {
        slot->touched = self->moment;
        return (int)j;
      }
    }
  }
  return -1;
}

int
plan_peek(const Plan* const self, const Request* const request)
{
  const uint8_t tag = tag_of(request);
  for (uint32_t i = 0U; i < PLAN_N_SLOTS; ++i) {
    if (self->tags[i] == tag && has_answer(&self->slots[i], request)) {
      return (int)i;
    }
  }
  return -1;
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

    self->tags[i_slot] = tag_of(request);
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
