// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Lie to talk_read(): an atom of any bytes.

   The input is the atom, head and body; its size is made to be that of the
   input.  URIDs are counted from 1 on, in the order in which talk.c asks for
   them.  See tests/fuzz.h.
*/

#include "tests/check.h"
#include "tests/fuzz.h"

#include "plugin/talk.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char     uris[128][96];
static uint32_t n_uris;

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  (void)handle;
  for (uint32_t i = 0U; i < n_uris; ++i) {
    if (!strcmp(uris[i], uri)) {
      return i + 1U;
    }
  }
  snprintf(uris[n_uris], sizeof(uris[0]), "%s", uri);
  return ++n_uris;
}

int
LLVMFuzzerTestOneInput(const uint8_t* const bytes, const size_t n_bytes)
{
  LV2_URID_Map   map = {NULL, map_uri};
  TalkUrids      urids;
  LV2_Atom_Forge forge;
  TalkMessage    message;
  uint64_t       room[TALK_MAX_BYTES / 8U];
  if (n_bytes < sizeof(LV2_Atom) || n_bytes > UINT32_MAX) {
    return 0;
  }

  talk_urids_init(&urids, &map);
  lv2_atom_forge_init(&forge, &map);

  // Just its size, so that a checker sees what is read past it
  const uint32_t size = (uint32_t)(n_bytes - sizeof(LV2_Atom));
  uint8_t* const copy = (uint8_t*)malloc(n_bytes);
  memcpy(copy, bytes, n_bytes);
  memcpy(copy, &size, sizeof(size));
  const LV2_Atom* const atom = (const LV2_Atom*)(const void*)copy;
  const TalkKind        kind = talk_kind(&urids, atom);
  const bool            is   = talk_read(&urids, atom, &message);
  free(copy);
  CHECK(message.kind == (is ? kind : TALK_NOTHING));
  if (is) {
    // What was taken can be said, and comes back
    TalkMessage again;
    lv2_atom_forge_set_buffer(&forge, (uint8_t*)room, sizeof(room));
    CHECK(talk_write(&urids, &forge, &message));
    CHECK(talk_read(&urids, (const LV2_Atom*)(const void*)room, &again));
    CHECK(!memcmp(&again, &message, sizeof(message)));
  }
  if (check_n_failed || check_n_bad) {
    abort();
  }
  return 0;
}
