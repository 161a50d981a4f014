// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "music/style.h"

#include <string.h>

// The last column is measured: see the trainer's report on its corpus
static const StyleRow styles[N_STYLES] = {
  [STYLE_HOUSE]       = {"house", "House", {true, true}, 72U},
  [STYLE_DEEPHOUSE]   = {"deephouse", "Deep house", {true, true}, 85U},
  [STYLE_PROGRESSIVE] = {"progressive", "Progressive", {true, true}, 65U},
  [STYLE_TECHNO]      = {"techno", "Techno", {true, true}, 100U},
  [STYLE_TRANCE]      = {"trance", "Trance", {true, true}, 88U},
  [STYLE_SYNTHWAVE]   = {"synthwave", "Synthwave", {true, true}, 75U},
  [STYLE_DNB]         = {"dnb", "Drum and bass", {true, true}, 86U},
  [STYLE_FUTUREBASS]  = {"futurebass", "Future bass", {true, true}, 48U},
  [STYLE_GARAGE]      = {"garage", "UK garage", {true, true}, 92U},
  [STYLE_ACID]        = {"acid", "Acid", {true, true}, 88U},
  [STYLE_GAME]        = {"game", "Game", {true, true}, 63U},
  [STYLE_ROCK]        = {"rock", "Rock", {true, true}, 88U},
  [STYLE_FUNK]        = {"funk", "Funk", {false, true}, 60U},
  [STYLE_BAROQUE]     = {"baroque", "Baroque", {true, false}, 48U},
  [STYLE_CLASSICAL]   = {"classical", "Classical", {true, false}, 20U},
  [STYLE_ROMANTIC]    = {"romantic", "Romantic", {true, false}, 34U},
};

const StyleRow*
style_row(const Style style)
{
  return &styles[(unsigned)style < N_STYLES ? style : STYLE_HOUSE];
}

int
style_find(const char* const symbol)
{
  for (int i = 0; i < (int)N_STYLES; ++i) {
    if (!strcmp(styles[i].symbol, symbol)) {
      return i;
    }
  }
  return -1;
}
