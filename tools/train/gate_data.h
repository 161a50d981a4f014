// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What a gate learns from: phrases that people wrote, and others that nobody
   would have.

   Every real phrase has a partner that is spoilt in one of the ways below, for
   the same place and inputs, so that about half of what is read is real; what
   is hard to tell, and our own, is more frequent than the rest.  Each line is
   cut several times.  Inputs are often left unknown, and styles at times
   blended, as in use.

   A step has a target where a bar has ended, and after the last token: there
   the gate is asked.  Targets are a GateClass, groups a GateKind.
*/
#ifndef PERPETUO_TOOLS_TRAIN_GATE_DATA_H
#define PERPETUO_TOOLS_TRAIN_GATE_DATA_H

#include "base/status.h"
#include "learn/dataset.h"
#include "music/part.h"
#include "tools/train/corpus.h"

#include <stdint.h>

/// What a phrase of the gate's data is
typedef enum {
  KIND_REAL,
  KIND_BARS_SHUFFLED,
  KIND_PITCHES_RANDOM, ///< In the scale; drums: voices
  KIND_RHYTHM_RANDOM,
  KIND_HALF_MOVED, ///< Its second half transposed; drums: shifted in time
  KIND_WRONG_STYLE,
  KIND_NOISE_REPEATED,
  KIND_OWN, ///< What the part's model writes, not gated
  N_GATE_KINDS
} GateKind;

/// A kind in words.  Thread: any.
const char*
gate_kind_name(unsigned kind);

/**
   The training data of a part's gate.

   @param models Folder in which the part's model may lie; where there is none,
   or null is given, there is no KIND_OWN.
   @param set Initialised here; cleared again when that fails.
   @return STATUS_NO_MEM, or why the model cannot be used.
*/
NODISCARD Status
gate_dataset(const Corpus* corpus,
             Part          part,
             const char*   models,
             uint64_t      seed,
             Dataset*      set,
             Trouble*      trouble);

#endif // PERPETUO_TOOLS_TRAIN_GATE_DATA_H
