// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the styles' music is usually like: the columns of dsp/music/style.c
/// that are measured
#ifndef PERPETUO_TOOLS_TRAIN_STYLE_TABLE_H
#define PERPETUO_TOOLS_TRAIN_STYLE_TABLE_H

#include "tools/train/corpus.h"

#include <stdio.h>

/**
   Measure every four bars of the training split, and print a row for each
   style.

   Of melodies the first line of a piece counts, which is the lead.  Spreads are
   halfway (as squares) between the standard deviation of all four bars and of
   the means of lines.  A slope is how much density rises with energy, where
   sections state it.
*/
void
style_table_print(const Corpus* corpus, FILE* file);

#endif // PERPETUO_TOOLS_TRAIN_STYLE_TABLE_H
