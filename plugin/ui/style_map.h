// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The styles laid out on a square: what a point between them mixes, and which
   point a mix is at.

   Across goes from the club to the concert hall, down from hard to soft.
*/
#ifndef PERPETUO_PLUGIN_UI_STYLE_MAP_H
#define PERPETUO_PLUGIN_UI_STYLE_MAP_H

#include "music/style.h"

#include <stdint.h>

typedef struct {
  double x, y; ///< 0 .. 1, from the upper left corner
} MapPoint;

/// Where a style lies
MapPoint
style_map_place(Style style);

/**
   What a point mixes: near a style mostly that one, on it nothing else.

   @param weights (N_STYLES) Percent, 100 in all.
   Source of the weighting: Franke and Little's, of Shepard's interpolation.
*/
void
style_map_mix(MapPoint point, uint8_t* weights);

/**
   The point that stands for a mix: the middle of its styles by weight.

   @param weights (N_STYLES) Anything; all 0 is house.
*/
MapPoint
style_map_point(const uint8_t* weights);

#endif // PERPETUO_PLUGIN_UI_STYLE_MAP_H
