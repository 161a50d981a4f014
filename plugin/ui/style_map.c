// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/style_map.h"

#include <math.h>

/// How far a style reaches
static const double reach = 0.42;

/// Nearer than that a point is on a style
static const double touching = 0.025;

/// What makes less of a mix than that is left out, percent
static const double least = 4.0;

static const MapPoint places[N_STYLES] = {
  [STYLE_TECHNO]      = {0.11, 0.08},
  [STYLE_ACID]        = {0.37, 0.05},
  [STYLE_TRANCE]      = {0.63, 0.08},
  [STYLE_DNB]         = {0.88, 0.05},
  [STYLE_HOUSE]       = {0.10, 0.34},
  [STYLE_PROGRESSIVE] = {0.37, 0.31},
  [STYLE_FUTUREBASS]  = {0.65, 0.34},
  [STYLE_ROCK]        = {0.91, 0.31},
  [STYLE_DEEPHOUSE]   = {0.12, 0.60},
  [STYLE_GARAGE]      = {0.38, 0.57},
  [STYLE_SYNTHWAVE]   = {0.64, 0.60},
  [STYLE_GAME]        = {0.90, 0.57},
  [STYLE_FUNK]        = {0.10, 0.86},
  [STYLE_ROMANTIC]    = {0.37, 0.83},
  [STYLE_CLASSICAL]   = {0.64, 0.86},
  [STYLE_BAROQUE]     = {0.90, 0.83},
};

MapPoint
style_map_place(const Style style)
{
  return places[style];
}

/// Bring shares to whole percents; the largest takes what rounding leaves
static void
round_shares(const double* const shares, uint8_t* const weights)
{
  unsigned largest = 0U;
  double   sum     = 0.0;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    largest = shares[i] > shares[largest] ? i : largest;
    sum += shares[i];
  }

  double kept = 0.0;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    kept += 100.0 * shares[i] / sum < least ? 0.0 : shares[i];
  }
  int left = 100;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const bool is_in = 100.0 * shares[i] / sum >= least;
    weights[i] = (uint8_t)(is_in ? floor(100.0 * shares[i] / kept + 0.5) : 0.0);
    left -= weights[i];
  }
  weights[largest] = (uint8_t)(weights[largest] + left);
}

void
style_map_mix(const MapPoint point, uint8_t* const weights)
{
  double shares[N_STYLES];
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const double d  = hypot(point.x - places[i].x, point.y - places[i].y);
    const double to = d < touching ? touching : d;
    const double r  = (reach - to) / (reach * to);
    shares[i]       = to < reach ? r * r : 0.0;
    if (d < touching) { // On it, nothing else is heard
      for (unsigned j = 0U; j < N_STYLES; ++j) {
        weights[j] = j == i ? 100U : 0U;
      }
      return;
    }
  }
  round_shares(shares, weights);
}

MapPoint
style_map_point(const uint8_t* const weights)
{
  MapPoint point = {0.0, 0.0};
  double   sum   = 0.0;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    point.x += weights[i] * places[i].x;
    point.y += weights[i] * places[i].y;
    sum += weights[i];
  }
  if (sum <= 0.0) {
    return places[STYLE_HOUSE];
  }
  point.x /= sum;
  point.y /= sum;
  return point;
}
