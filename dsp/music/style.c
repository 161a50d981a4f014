// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "music/style.h"

#include <string.h>

// The last columns are measured: means over what the models learned from
static const StyleRow styles[N_STYLES] = {
  [STYLE_HOUSE] = {"house", "House", {true, true}, 72U, {-41, 41}, 16},
  [STYLE_DEEPHOUSE] =
    {"deephouse", "Deep house", {true, true}, 85U, {-71, 41}, 15},
  [STYLE_PROGRESSIVE] =
    {"progressive", "Progressive", {true, true}, 65U, {-14, 61}, 35},
  [STYLE_TECHNO] = {"techno", "Techno", {true, true}, 100U, {-30, 44}, -20},
  [STYLE_TRANCE] = {"trance", "Trance", {true, true}, 88U, {10, 55}, 57},
  [STYLE_SYNTHWAVE] =
    {"synthwave", "Synthwave", {true, true}, 75U, {-22, 32}, 18},
  [STYLE_DNB] = {"dnb", "Drum and bass", {true, true}, 86U, {-55, 13}, 50},
  [STYLE_FUTUREBASS] =
    {"futurebass", "Future bass", {true, true}, 48U, {-40, -1}, 61},
  [STYLE_GARAGE]  = {"garage", "UK garage", {true, true}, 92U, {-65, 7}, 39},
  [STYLE_ACID]    = {"acid", "Acid", {true, true}, 88U, {-41, -10}, -43},
  [STYLE_GAME]    = {"game", "Game", {true, true}, 63U, {-36, 4}, 25},
  [STYLE_ROCK]    = {"rock", "Rock", {true, true}, 88U, {-30, 1}, 9},
  [STYLE_FUNK]    = {"funk", "Funk", {false, true}, 60U, {0, 26}, 0},
  [STYLE_BAROQUE] = {"baroque", "Baroque", {true, false}, 48U, {-13, 0}, 19},
  [STYLE_CLASSICAL] =
    {"classical", "Classical", {true, false}, 20U, {-30, 0}, 35},
  [STYLE_ROMANTIC] = {"romantic", "Romantic", {true, false}, 34U, {-45, 0}, 32},
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
