// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A model's card: what it learned from, by which command, and how well.

   The same figures go into the model file's metadata, so that anyone who has
   the music can compute them again.
*/
#ifndef PERPETUO_TOOLS_TRAIN_CARD_H
#define PERPETUO_TOOLS_TRAIN_CARD_H

#include "base/status.h"
#include "learn/held_out.h"
#include "tools/train/corpus.h"
#include "tools/train/gate_report.h"

#include <stdbool.h>
#include <stdint.h>

/// Held-out figures of a net and of what it is compared with
typedef struct {
  Score    float_net;
  Score    int8_net;
  Score    unigram;
  Score    trigram;
  Score    fivegram;
  bool     has_float;   ///< Only the trainer itself has the float net
  bool     is_held_out; ///< false: there was none, so training music was read
  uint32_t n_sequences;
} Figures;

typedef struct {
  const char*    name; ///< "melody", "gate_drums" ...
  Part           part;
  bool           is_gate;
  const Corpus*  corpus;
  const char*    map; ///< Path of the map, or null
  const Dataset* set;
  const char*    command;
  uint64_t       seed;
  uint64_t       id;      ///< Of the model
  uint64_t       n_steps; ///< Planned
  uint64_t       best_step;
  uint32_t       n_hidden;
  uint32_t       n_layers;
  bool           is_normed; ///< Whether layers' outputs are normalised
  uint64_t       n_weights;
  const Figures* figures;

  const GateFigure* gate;   ///< (N_GATE_KINDS + 1), or null
  const char*       quotes; ///< What is said of its index of quotes, or null
} Card;

/// Share of held-out loss that rounding added, in percent
double
figures_cost(const Figures* figures);

/// A name for a group of the data: the style's, or "no style"; a gate's groups
/// are kinds of phrases
const char*
card_group_name(uint32_t group, bool is_gate);

/// Write a card as Markdown, whole or not at all.  STATUS_NO_WRITE,
/// STATUS_NO_MEM, STATUS_NO_FILE when there is no map.
NODISCARD Status
card_save(const char* path, const Card* card, Trouble* trouble);

/**
   Change the id in a card, and what it says of an index of quotes; the rest
   stays as it is.

   @param quotes As in a Card; null takes it out.
   @return STATUS_NO_FILE, STATUS_MISMATCH for the card of a model with another
   id than `old_id`, STATUS_NO_WRITE or STATUS_NO_MEM.
*/
NODISCARD Status
card_change(const char* path,
            uint64_t    old_id,
            uint64_t    new_id,
            const char* quotes,
            Trouble*    trouble);

#endif // PERPETUO_TOOLS_TRAIN_CARD_H
