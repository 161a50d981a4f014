// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "music/style.h"

#include <string.h>

// The last columns are what `perpetuo-train --styles` measures, on every four
// bars of the first lines of what the models learned from: means, and halfway
// between the standard deviations of these and of whole lines.  Looseness is
// how far hits of one moment are apart, where that of most machines is 100.
static const StyleRow styles[N_STYLES] = {
  [STYLE_HOUSE] =
    {"house", "House", {true, true}, 72U, {-56, 38}, {21U, 37U}, 17, 40U, 160U},
  [STYLE_DEEPHOUSE]   = {"deephouse",
                         "Deep house",
                         {true, true},
                         85U,
                         {-78, 36},
                         {14U, 38U},
                         18,
                         39U,
                         120U},
  [STYLE_PROGRESSIVE] = {"progressive",
                         "Progressive",
                         {true, true},
                         65U,
                         {-57, 54},
                         {23U, 42U},
                         41,
                         45U,
                         100U},
  [STYLE_TECHNO]      = {"techno",
                         "Techno",
                         {true, true},
                         100U,
                         {-33, 38},
                         {42U, 43U},
                         -21,
                         30U,
                         90U},
  [STYLE_TRANCE]      = {"trance",
                         "Trance",
                         {true, true},
                         88U,
                         {-67, 47},
                         {22U, 42U},
                         56,
                         41U,
                         90U},
  [STYLE_SYNTHWAVE]   = {"synthwave",
                         "Synthwave",
                         {true, true},
                         75U,
                         {-70, 31},
                         {20U, 35U},
                         34,
                         46U,
                         90U},
  [STYLE_DNB]         = {"dnb",
                         "Drum and bass",
                         {true, true},
                         86U,
                         {-69, 4},
                         {24U, 41U},
                         56,
                         46U,
                         70U},
  [STYLE_FUTUREBASS]  = {"futurebass",
                         "Future bass",
                         {true, true},
                         48U,
                         {-60, -6},
                         {29U, 32U},
                         68,
                         42U,
                         160U},
  [STYLE_GARAGE]      = {"garage",
                         "UK garage",
                         {true, true},
                         92U,
                         {-71, 0},
                         {17U, 34U},
                         42,
                         44U,
                         50U},
  [STYLE_ACID] =
    {"acid", "Acid", {true, true}, 88U, {-37, -4}, {26U, 28U}, -40, 43U, 0U},
  [STYLE_GAME] =
    {"game", "Game", {true, true}, 63U, {-38, 2}, {60U, 58U}, 23, 61U, 130U},
  [STYLE_ROCK] =
    {"rock", "Rock", {true, true}, 88U, {-32, 3}, {70U, 45U}, 3, 65U, 340U},
  [STYLE_FUNK] =
    {"funk", "Funk", {false, true}, 60U, {0, 29}, {0U, 44U}, 0, 0U, 450U},
  [STYLE_BAROQUE]   = {"baroque",
                       "Baroque",
                       {true, false},
                       48U,
                       {-3, 0},
                       {65U, 0U},
                       28,
                       44U,
                       100U},
  [STYLE_CLASSICAL] = {"classical",
                       "Classical",
                       {true, false},
                       20U,
                       {-29, 0},
                       {53U, 0U},
                       49,
                       48U,
                       100U},
  [STYLE_ROMANTIC]  = {"romantic",
                       "Romantic",
                       {true, false},
                       34U,
                       {-52, 0},
                       {37U, 0U},
                       34,
                       49U,
                       100U},
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
