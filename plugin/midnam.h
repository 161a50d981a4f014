// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Names for the drums' notes, in hosts that show them beside a piano roll.

   Hosts ask by an extension of Ardour's, http://ardour.org/lv2/midnam: for a
   MIDI name document (XML, by the MIDI Manufacturers Association), and for the
   name of the model in it, which is another one for every instance.  They are
   told to ask again when the drums' channel or map has changed.
*/
#ifndef PERPETUO_PLUGIN_MIDNAM_H
#define PERPETUO_PLUGIN_MIDNAM_H

#include "music/drum_map.h"

#include <lv2/core/lv2.h>

#include <stdint.h>

#define MIDNAM_URI "http://ardour.org/lv2/midnam"
#define MIDNAM__interface MIDNAM_URI "#interface"
#define MIDNAM__update MIDNAM_URI "#update"

/// What the host may offer, as the data of the feature MIDNAM__update
typedef struct {
  void* handle;
  void (*update)(void* handle); ///< Ask anew, later.  Thread: audio
} MidnamUpdate;

/// What the host finds by MIDNAM__interface.  It gives every text back to free.
typedef struct {
  char* (*midnam)(LV2_Handle instance); ///< The document, or null
  char* (*model)(LV2_Handle instance);  ///< The model's name in it, or null
  void (*free)(char* text);
} MidnamInterface;

/// Which notes have which names
typedef struct {
  uint8_t channel; ///< The drums', 1 .. 16; 0 when none sound
  uint8_t map;     ///< DrumMap
} Midnam;

/**
   Write the document.  Thread: any but audio.

   @param model Unique to the instance; plain text without markup.
   @return A text to free(); null when there is no memory.
*/
char*
midnam_document(const char* model, Midnam names);

#endif // PERPETUO_PLUGIN_MIDNAM_H
