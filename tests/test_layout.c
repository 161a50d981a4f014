// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Positions read as the last one was laid out, and read anew: always the same

#include "tests/check.h"

#include "plugin/position.h"

#include "base/rng.h"

#include <lv2/atom/atom.h>

#include <stdint.h>
#include <string.h>

#define MAX_BYTES 1024U

/// Numbers for words, none of them alike
static const Urids urids = {
  .atom_Blank          = 1U,
  .atom_Bool           = 2U,
  .atom_Double         = 3U,
  .atom_Float          = 4U,
  .atom_Int            = 5U,
  .atom_Long           = 6U,
  .atom_Object         = 7U,
  .atom_String         = 8U,
  .time_Position       = 20U,
  .time_bar            = 21U,
  .time_barBeat        = 22U,
  .time_beatUnit       = 23U,
  .time_beatsPerBar    = 24U,
  .time_beatsPerMinute = 25U,
  .time_frame          = 26U,
  .time_speed          = 27U,
};

/// A position of up to 20 random properties, some of which mean nothing.
/// @param form What it is laid out like.  @param numbers What it says.
static void
make(uint8_t* const bytes, const uint64_t form, const uint64_t numbers)
{
  LV2_Atom_Object* const object = (LV2_Atom_Object*)(void*)bytes;
  const uint32_t         n      = rng_below(form, 0U, 21U);
  uint32_t               at     = sizeof(LV2_Atom_Object);
  memset(bytes, 0, MAX_BYTES);
  for (uint32_t i = 0U; i < n; ++i) {
    LV2_Atom_Property_Body* const property =
      (LV2_Atom_Property_Body*)(void*)(bytes + at);
    const uint32_t type  = 2U + rng_below(form, 3U * i + 1U, 6U);
    const bool     is_64 = type == urids.atom_Double || type == urids.atom_Long;
    const uint32_t size =
      rng_below(form, 3U * i + 2U, 9U) ? is_64 ? 8U : 4U : 1U;
    property->key        = 20U + rng_below(form, 3U * i + 3U, 9U);
    property->value.type = type;
    property->value.size = size;

    const int32_t whole = (int32_t)rng_below(numbers, i, 1000U) - 300;
    if (type == urids.atom_Double) {
      const double x = whole * 0.25;
      memcpy(property + 1, &x, size);
    } else if (type == urids.atom_Float) {
      const float x = (float)whole * 0.25f;
      memcpy(property + 1, &x, size);
    } else if (type == urids.atom_Long) {
      const int64_t x = whole;
      memcpy(property + 1, &x, size);
    } else {
      memcpy(property + 1, &whole, size);
    }
    at += sizeof(*property) + (size + 7U) / 8U * 8U;
  }
  object->atom.type  = urids.atom_Object;
  object->atom.size  = at - (uint32_t)sizeof(LV2_Atom);
  object->body.otype = urids.time_Position;
  if (!rng_below(form, 99U, 8U) && n) {
    object->atom.size -= 5U; // Cut short
  }
}

static void
test_a_layout_that_is_known_changes_nothing(void)
{
  _Alignas(8) uint8_t bytes[MAX_BYTES];
  PositionLayout      known   = {0};
  uint32_t            n_alike = 0U;
  for (uint32_t i = 0U; i < 60000U; ++i) {
    // Mostly as the last one, now and then as another of a few
    const uint64_t  form   = rng_seed(i / 5U % 300U + (i % 7U == 3U));
    PositionLayout  fresh  = {0};
    Position        as_is  = {0};
    Position        anew   = {0};
    const LV2_Atom* atom   = (const LV2_Atom*)(const void*)bytes;
    const uint32_t  before = known.size;
    make(bytes, form, rng_seed(90000U + i));

    const bool is_read = position_read(&urids, &known, atom, &as_is);
    CHECK(is_read == position_read(&urids, &fresh, atom, &anew));
    CHECK(as_is.fields == anew.fields);
    CHECK(!memcmp(&as_is, &anew, sizeof(anew)));
    n_alike += before && before == atom->size;
  }
  CHECK(n_alike > 10000U); // Or nothing was tried
}

int
main(void)
{
  RUN(test_a_layout_that_is_known_changes_nothing);
  CHECK_END();
}
