// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The composer: generate candidates, let the gate judge, take one that it
   likes.

   A pure function from (models, Request) to Phrase (law 1), with a memory of
   recent results that saves work and changes nothing.  Effort is counted in
   candidates and rounds, never in time (law 5).
*/
#ifndef PERPETUO_COMPOSE_COMPOSER_H
#define PERPETUO_COMPOSE_COMPOSER_H

#include "base/status.h"
#include "music/phrase.h"
#include "music/request.h"

#include <stdint.h>

typedef struct Composer Composer;

/// Which models a project plays with: ids as in nn/model.h, 0 for "the newest"
typedef struct {
  uint64_t part[N_PARTS];
  uint64_t gate[N_PARTS];
} ModelIds;

/**
   Load the models of a folder.

   Looks for "<part>*.safetensors" and "gate_<part>*.safetensors" (part:
   melody, drums).  Of several, the one whose id `wanted` names is taken, else
   the plain-named "<part>.safetensors"; when a wanted one cannot be found,
   `trouble` says so and the status is still STATUS_SUCCESS.

   @param wanted Null for the newest.
   Thread: worker, setup, tools.  `*composer` is written only on success.
*/
NODISCARD Status
composer_new(const char*     folder,
             const ModelIds* wanted,
             Composer**      composer,
             Trouble*        trouble);

/// Null is allowed
void
composer_free(Composer* composer);

/// The ids of the models in use
ModelIds
composer_models(const Composer* composer);

/**
   Compose the phrase that `request` asks for.  Always writes a whole phrase.

   Thread: worker, tools; one at a time for each Composer.
*/
void
composer_compose(Composer* composer, const Request* request, Phrase* phrase);

/// Name of the section that a bar stands in and its energy, 0 .. 100, for
/// pictures and the gate's report; a pure function as the phrases are
const char*
composer_section(const Request* request, uint32_t* energy);

#endif // PERPETUO_COMPOSE_COMPOSER_H
