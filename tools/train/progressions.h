// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The chord progressions that music of each style goes round, counted.

   What is printed are the rows of dsp/music/harmony.c.
*/
#ifndef PERPETUO_TOOLS_TRAIN_PROGRESSIONS_H
#define PERPETUO_TOOLS_TRAIN_PROGRESSIONS_H

#include "base/status.h"
#include "tools/train/corpus.h"

#include <stdio.h>

/**
   Count every four bars of the training split all of whose chords are known,
   and print those that are frequent in the styles, as rows of C.

   @return STATUS_NO_MEM.
*/
NODISCARD Status
progressions_print(const Corpus* corpus, FILE* file);

#endif // PERPETUO_TOOLS_TRAIN_PROGRESSIONS_H
