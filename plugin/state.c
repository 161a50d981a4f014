// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/state.h"

#include "plugin/box.h"

#include <lv2/atom/atom.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 4096 };

_Static_assert(sizeof(State) % 4U == 0U, "A State is copied as words");
_Static_assert(STATE_N_WORDS <= BOX_MAX_WORDS, "A State fits a Box");
_Static_assert(MAX_REROLLS * sizeof("-2147483648:65535") < MAX_TEXT,
               "All rerolls fit the text");

/// A property: its key, its name for people, and how it is written and read
typedef struct {
  LV2_URID    key;
  const char* name;
  void (*write)(const State* state, unsigned i, char* text);
  bool (*read)(const char* text, unsigned i, State* state); ///< Or no change
  unsigned i; ///< For the model ids: which one
} Property;

void
state_init(State* const self)
{
  memset(self, 0, sizeof(*self));
}

static uint64_t*
id_of(ModelIds* const ids, const unsigned i)
{
  return i < N_PARTS ? &ids->part[i] : &ids->gate[i - N_PARTS];
}

static void
write_version(const State* const state, const unsigned i, char* const text)
{
  (void)state;
  (void)i;
  (void)snprintf(text, MAX_TEXT, "%d", STATE_VERSION);
}

static bool
read_version(const char* const text, const unsigned i, State* const state)
{
  (void)i;
  (void)state;
  return !strcmp(text, "1");
}

static void
write_id(const State* const state, const unsigned i, char* const text)
{
  ModelIds ids = state->models;
  (void)snprintf(text, MAX_TEXT, "%016" PRIx64, *id_of(&ids, i));
}

static bool
read_id(const char* const text, const unsigned i, State* const state)
{
  if (strlen(text) != 16U || strspn(text, "0123456789abcdefABCDEF") != 16U) {
    return false;
  }
  *id_of(&state->models, i) = (uint64_t)strtoull(text, NULL, 16);
  return true;
}

/// Read a whole number of a range; false when there is none
static bool
read_whole(const char* const  text,
           const char** const end,
           const long         low,
           const long         high,
           long* const        value)
{
  char* after = NULL;
  errno       = 0;
  *value      = strtol(text, &after, 10);
  *end        = after;
  return after != text && !errno && *value >= low && *value <= high;
}

static void
write_held(const State* const state, const unsigned i, char* const text)
{
  (void)i;
  text[0] = '\0';
  if (state->is_held) {
    (void)snprintf(text, MAX_TEXT, "%" PRId32, state->held);
  }
}

static bool
read_held(const char* const text, const unsigned i, State* const state)
{
  (void)i;
  if (!text[0]) {
    state->is_held = 0U;
    state->held    = 0;
    return true;
  }

  const char* end  = text;
  long        held = 0;
  if (!read_whole(text, &end, -100000000L, 100000000L, &held) || *end) {
    return false;
  }
  state->is_held = 1U;
  state->held    = (int32_t)held;
  return true;
}

static void
write_rerolls(const State* const state, const unsigned i, char* const text)
{
  size_t n = 0U;

  (void)i;
  text[0] = '\0';
  for (uint32_t r = 0U; r < state->rerolls.n; ++r) {
    const Reroll* const row     = &state->rerolls.rows[r];
    const int           written = snprintf(text + n,
                                 MAX_TEXT - n,
                                 "%s%" PRId32 ":%" PRIu32,
                                 r ? " " : "",
                                 row->bar,
                                 row->count);
    n += written > 0 ? (size_t)written : 0U;
  }
}

static bool
read_rerolls(const char* const text, const unsigned i, State* const state)
{
  Rerolls     rerolls = {0};
  const char* at      = text;

  (void)i;
  while (*at) {
    long bar   = 0;
    long count = 0;
    if (!read_whole(at, &at, -100000000L, 100000000L, &bar) || *at++ != ':' ||
        !read_whole(at, &at, 0L, 65535L, &count)) {
      return false;
    }
    rerolls_add(&rerolls, (int32_t)bar, (uint32_t)count);
    at += strspn(at, " ");
  }
  state->rerolls = rerolls;
  return true;
}

enum { N_PROPERTIES = 7 };

static void
properties(const Urids* const urids, Property* const rows)
{
  const Property all[N_PROPERTIES] = {
    {urids->state_version, "version", write_version, read_version, 0U},
    {urids->state_melody, "melody", write_id, read_id, PART_MELODY},
    {urids->state_drums, "drums", write_id, read_id, PART_DRUMS},
    {urids->state_gate_melody,
     "gate_melody",
     write_id,
     read_id,
     N_PARTS + PART_MELODY},
    {urids->state_gate_drums,
     "gate_drums",
     write_id,
     read_id,
     N_PARTS + PART_DRUMS},
    {urids->state_held, "held", write_held, read_held, 0U},
    {urids->state_rerolls, "rerolls", write_rerolls, read_rerolls, 0U},
  };
  memcpy(rows, all, sizeof(all));
}

LV2_State_Status
state_save(const State* const             self,
           const Urids* const             urids,
           const LV2_State_Store_Function store,
           const LV2_State_Handle         handle)
{
  Property         rows[N_PROPERTIES];
  LV2_State_Status worst = LV2_STATE_SUCCESS;

  properties(urids, rows);
  for (unsigned i = 0U; i < N_PROPERTIES; ++i) {
    char text[MAX_TEXT];
    rows[i].write(self, rows[i].i, text);

    const LV2_State_Status st = store(handle,
                                      rows[i].key,
                                      text,
                                      strlen(text) + 1U,
                                      urids->atom_String,
                                      LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE);
    worst                     = st ? st : worst;
  }
  return worst;
}

/// Copy a property's text, with or without its terminator counted; null when
/// it is none.  The host's own copy may be gone at the next question.
static const char*
text_of(const Urids* const urids,
        const void* const  value,
        const size_t       size,
        const uint32_t     type,
        char* const        text)
{
  if (type != urids->atom_String || size > MAX_TEXT) {
    return NULL;
  }

  size_t n = 0U;
  while (n < size && ((const char*)value)[n]) {
    ++n;
  }
  if (n >= MAX_TEXT) {
    return NULL;
  }
  memcpy(text, value, n);
  text[n] = '\0';
  return text;
}

bool
state_restore(State* const                      self,
              const Urids* const                urids,
              const LV2_State_Retrieve_Function retrieve,
              const LV2_State_Handle            handle,
              const Log* const                  log)
{
  Property rows[N_PROPERTIES];
  State    fresh;
  bool     is_any = false;

  properties(urids, rows);
  state_init(&fresh);
  for (unsigned i = 0U; i < N_PROPERTIES; ++i) {
    size_t            size  = 0U;
    uint32_t          type  = 0U;
    uint32_t          flags = 0U;
    const void* const value =
      retrieve(handle, rows[i].key, &size, &type, &flags);
    if (!value) {
      continue;
    }

    char              copy[MAX_TEXT];
    const char* const text = text_of(urids, value, size, type, copy);
    is_any                 = true;
    if (rows[i].read == read_version && text && !read_version(text, 0U, self)) {
      log_warning(log,
                  "The project's state is of version %.20s, and this is "
                  "made for %d: what it says beyond that is lost",
                  text,
                  STATE_VERSION);
    } else if (!text || !rows[i].read(text, rows[i].i, &fresh)) {
      log_warning(log,
                  "The project's state has no sense in \"%s\"; it is left "
                  "as it was",
                  rows[i].name);

      // The old value takes the same way as the one that should have come
      rows[i].write(self, rows[i].i, copy);
      (void)rows[i].read(copy, rows[i].i, &fresh);
    }
  }

  if (is_any) {
    *self = fresh;
  }
  return is_any;
}
