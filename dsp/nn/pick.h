// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Choose one of V by what a net says of each.

   Logits become whole-number weights (2^24 for the likeliest), so that sums
   have no order and the same choice is made on every machine.  A class whose
   weight rounds down to 0, some 17 nats * temperature below the likeliest, is
   never chosen.
*/
#ifndef PERPETUO_NN_PICK_H
#define PERPETUO_NN_PICK_H

#include <stdint.h>

/// How to choose
typedef struct {
  const uint8_t* allowed;     ///< (V) 0 where never to be chosen; null for all
  float          temperature; ///< Above 0; 0 takes the likeliest
  float          top_p;       ///< Choose among the likeliest classes that
                              ///< together have this share; 1 for all
} PickRule;

/// What pick() returns when nothing is allowed
#define PICK_NONE UINT32_MAX

/**
   Choose one of `n` classes.

   Among equals the lower index is the likelier.  A logit that is not a number
   counts as the least.
   @param logits (V).
   @param random 32 random bits: all that the choice depends on besides.
   @param weights (V) scratch; afterwards the weight of each class, 0 where it
   is not allowed (before top_p).
   @return An allowed index, or PICK_NONE.
   Thread: any.  Memory: none allocated.
   Source: top-p is the nucleus sampling of Holtzman et al. 2020.
*/
uint32_t
pick(const PickRule* rule,
     const float*    logits,
     uint32_t        n,
     uint32_t        random,
     uint32_t*       weights);

#endif // PERPETUO_NN_PICK_H
