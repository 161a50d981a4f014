// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Lie to restore(): every key with bytes of any kind, type and size.

   The input is a row of records: a byte for the key (7: none of ours), one for
   the type (0 .. 199 text, else another), two for the size, then the bytes.
   See tests/fuzz.h.
*/

#include "tests/check.h"
#include "tests/fuzz.h"

#include "plugin/state.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { N_KEYS_OF_STATE = 7, MAX_RECORD = 8192, NONE = 999 };

/// What the host keeps: where the value of a key is in the input
typedef struct {
  bool           is_there;
  uint32_t       type;
  uint32_t       size;
  const uint8_t* bytes;
} Value;

typedef struct {
  Value    values[N_KEYS_OF_STATE];
  LV2_URID keys[N_KEYS_OF_STATE];
  uint8_t* answer; ///< Of just its size; gone at the next question
} Keeper;

static Urids urids;

/// What is said is not looked at
static int
no_print(const LV2_Log_Handle handle,
         const LV2_URID       type,
         const char* const    format,
         ...)
{
  (void)handle;
  (void)type;
  (void)format;
  return 0;
}

static int
no_vprint(const LV2_Log_Handle handle,
          const LV2_URID       type,
          const char* const    format,
          va_list              arguments)
{
  char text[512];
  (void)handle;
  (void)type;
  return vsnprintf(text, sizeof(text), format, arguments);
}

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  (void)uri;
  return ++*(LV2_URID*)handle;
}

static const void*
retrieve(const LV2_State_Handle handle,
         const uint32_t         key,
         size_t* const          size,
         uint32_t* const        type,
         uint32_t* const        flags)
{
  Keeper* const self = (Keeper*)handle;
  free(self->answer);
  self->answer = NULL;
  for (unsigned i = 0U; i < N_KEYS_OF_STATE; ++i) {
    const Value* const value = &self->values[i];
    if (self->keys[i] == key && value->is_there) {
      self->answer = (uint8_t*)malloc(value->size ? value->size : 1U);
      if (value->size) {
        memcpy(self->answer, value->bytes, value->size);
      }
      *size  = value->size;
      *type  = value->type;
      *flags = LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE;
      return self->answer;
    }
  }
  return NULL;
}

/// Room for what state_save() stores
typedef struct {
  Keeper  keeper;
  uint8_t bytes[N_KEYS_OF_STATE][MAX_RECORD];
} Saved;

static LV2_State_Status
store(const LV2_State_Handle handle,
      const uint32_t         key,
      const void* const      value,
      const size_t           size,
      const uint32_t         type,
      const uint32_t         flags)
{
  Saved* const self = (Saved*)handle;
  (void)flags;
  CHECK(size && size <= MAX_RECORD && type == urids.atom_String);
  CHECK(!((const char*)value)[size - 1U]);
  CHECK(strlen((const char*)value) == size - 1U);
  for (unsigned i = 0U; i < N_KEYS_OF_STATE; ++i) {
    if (self->keeper.keys[i] == key) {
      const Value kept = {true, type, (uint32_t)size, self->bytes[i]};
      CHECK(!self->keeper.values[i].is_there); // Once
      memcpy(self->bytes[i], value, size);
      self->keeper.values[i] = kept;
    }
  }
  return LV2_STATE_SUCCESS;
}

static void
name_keys(Keeper* const self)
{
  const LV2_URID keys[N_KEYS_OF_STATE] = {urids.state_version,
                                          urids.state_melody,
                                          urids.state_drums,
                                          urids.state_gate_melody,
                                          urids.state_gate_drums,
                                          urids.state_held,
                                          urids.state_rerolls};
  memcpy(self->keys, keys, sizeof(keys));
}

static bool
read_records(Keeper* const self, const uint8_t* bytes, size_t n_bytes)
{
  bool is_any = false;
  while (n_bytes >= 4U) {
    const unsigned key  = bytes[0] % (N_KEYS_OF_STATE + 1U);
    const uint32_t type = bytes[1] < 200U ? urids.atom_String : bytes[1];
    const uint32_t size = bytes[2] | (uint32_t)bytes[3] << 8U;
    bytes += 4U;
    n_bytes -= 4U;
    const uint32_t n     = size < n_bytes ? size : (uint32_t)n_bytes;
    const Value    value = {true, type, n, bytes};
    if (key < N_KEYS_OF_STATE) {
      self->values[key] = value;
      is_any            = true;
    }
    bytes += n;
    n_bytes -= n;
  }
  return is_any;
}

static void
check_state(const State* const state)
{
  CHECK(state->is_held <= 1U && (state->is_held || !state->held));
  CHECK(state->held >= -100000000 && state->held <= 100000000);
  CHECK(state->rerolls.n <= MAX_REROLLS);
  for (uint32_t i = 0U; i < state->rerolls.n; ++i) {
    CHECK(state->rerolls.rows[i].count <= 65535U);
    for (uint32_t k = 0U; k < i; ++k) {
      CHECK(state->rerolls.rows[k].bar != state->rerolls.rows[i].bar);
    }
  }
}

/// The state before: something of everything
static State
state_before(void)
{
  State state;
  state_init(&state);
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    state.models.part[i] = 0x1234567890abcdefU + i;
    state.models.gate[i] = 0xfedcba0987654321U + i;
  }
  state.is_held = 1U;
  state.held    = -12;
  rerolls_add(&state.rerolls, 4, 2U);
  return state;
}

/// The rows, and nothing of what lies behind them
static bool
is_same(const State* const a, const State* const b)
{
  return !memcmp(&a->models, &b->models, sizeof(a->models)) &&
         a->is_held == b->is_held && a->held == b->held &&
         a->rerolls.n == b->rerolls.n &&
         !memcmp(a->rerolls.rows,
                 b->rerolls.rows,
                 a->rerolls.n * sizeof(a->rerolls.rows[0]));
}

int
LLVMFuzzerTestOneInput(const uint8_t* const bytes, const size_t n_bytes)
{
  static Saved saved;
  LV2_URID     n_urids = 0U;
  LV2_URID_Map map     = {&n_urids, map_uri};
  LV2_Log_Log  silent  = {NULL, no_print, no_vprint};
  const Log    log     = {&silent, 0U, 0U};
  Keeper       keeper;
  const State  before = state_before();
  State        state  = before;

  urids_init(&urids, &map);
  memset(&keeper, 0, sizeof(keeper));
  name_keys(&keeper);
  const bool is_any = read_records(&keeper, bytes, n_bytes);
  CHECK(state_restore(&state, &urids, retrieve, &keeper, &log) == is_any);
  free(keeper.answer);
  check_state(&state);
  CHECK(is_any || is_same(&state, &before));

  // What is saved now comes back as it is
  memset(&saved, 0, sizeof(saved));
  name_keys(&saved.keeper);
  CHECK(state_save(&state, &urids, store, &saved) == LV2_STATE_SUCCESS);
  State again;
  state_init(&again);
  CHECK(state_restore(&again, &urids, retrieve, &saved.keeper, &log));
  free(saved.keeper.answer);
  CHECK(is_same(&state, &again));
  if (check_n_failed || check_n_bad) {
    abort();
  }
  return 0;
}
