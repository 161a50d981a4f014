// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Where melody and drums fall together
#ifndef PERPETUO_COMPOSE_ACCENTS_H
#define PERPETUO_COMPOSE_ACCENTS_H

#include "compose/sketch.h"

#include <stdint.h>

/**
   By how much a sketch of drums meets its melody more often than chance would:
   the share of the melody's sixteenths that it has hits on, less the share of
   all sixteenths, in thousandths.

   @return -1000 .. 1000; 0 where no melody is known, or it is silent.
   Thread: any.
*/
int
accents_met(const Wish* wish, const Sketch* drums);

/// How many times as likely as others drums that meet that much are to be drawn
float
accents_favour(int met);

#endif // PERPETUO_COMPOSE_ACCENTS_H
