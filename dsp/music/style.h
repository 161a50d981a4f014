// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The table of styles, in the order in which the models know them.

   To add a style: a row here, a port in the plugin's description, music in the
   corpus, and a retraining.
*/
#ifndef PERPETUO_MUSIC_STYLE_H
#define PERPETUO_MUSIC_STYLE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
  STYLE_HOUSE,
  STYLE_DEEPHOUSE,
  STYLE_PROGRESSIVE,
  STYLE_TECHNO,
  STYLE_TRANCE,
  STYLE_SYNTHWAVE,
  STYLE_DNB,
  STYLE_FUTUREBASS,
  STYLE_GARAGE,
  STYLE_ACID,
  STYLE_GAME,
  STYLE_ROCK,
  STYLE_FUNK,
  STYLE_BAROQUE,
  STYLE_CLASSICAL,
  STYLE_ROMANTIC,
  N_STYLES
} Style;

typedef struct {
  const char* symbol;      ///< As in `mix_<symbol>` and in model files
  const char* name;        ///< As shown to people
  bool        has_part[2]; ///< By Part: is there music of it to learn from?
  uint8_t     minor;       ///< Share of its pieces in a minor mode, percent
  int8_t      density[2];  ///< By Part: usual one, as vocab_density() has it
  uint8_t     density_spread[2]; ///< By Part: how far themes are from it
  int8_t      range;             ///< Its usual one, as vocab_range() has it
  uint8_t     range_spread;      ///< How far songs and themes are from it
  uint16_t    looseness;         ///< How uneven its drums are in time, percent
  uint8_t     variation[2];      ///< By Part: the `variation` at which phrases
                                 ///< return as often as its own do
} StyleRow;

/// The row of a style.  Thread: any.
const StyleRow*
style_row(Style style);

/// The style with that symbol, or -1.  Thread: any.
int
style_find(const char* symbol);

#endif // PERPETUO_MUSIC_STYLE_H
