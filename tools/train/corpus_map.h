// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The map of a corpus: what the folders are, and how much of each is learned.

   A text of lines with tabs between the fields: path prefix, style symbol or
   "-", shares, licence and credit.  Shares are two numbers with a slash
   between, for melody and for drums; one number is for both.  They are shares
   of what is drawn in training, however many files the prefix covers.  The
   longest prefix that fits a path counts.  "#" begins a comment.
*/
#ifndef PERPETUO_TOOLS_TRAIN_CORPUS_MAP_H
#define PERPETUO_TOOLS_TRAIN_CORPUS_MAP_H

#include "base/status.h"
#include "music/part.h"

#include <stdint.h>

#define MAP_PREFIX_ROOM 128U

typedef struct {
  char  prefix[MAP_PREFIX_ROOM];
  int   style; ///< A Style, or -1
  float share[N_PARTS];
} MapRow;

typedef struct {
  uint32_t n_rows;
  MapRow*  rows;
} CorpusMap;

/// Read a map.  STATUS_NO_FILE; STATUS_BAD_FILE with the line that is wrong.
NODISCARD Status
corpus_map_load(const char* path, CorpusMap* map, Trouble* trouble);

/// Free the rows; a zeroed map is allowed
void
corpus_map_clear(CorpusMap* map);

/// The row of the longest prefix that fits, or null
const MapRow*
corpus_map_find(const CorpusMap* map, const char* path);

/// Without a map: the style that one of the path's folders is named after,
/// or -1
int
corpus_map_style(const char* path);

#endif // PERPETUO_TOOLS_TRAIN_CORPUS_MAP_H
