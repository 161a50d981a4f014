// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A few figures of each style: ours against real music of the same style.

   Styles have few pieces, and how far two sets overlap depends on how large
   they are.  So overlaps are compared at one size: each draw halves the real
   pieces and takes as many of ours as a half has; the share is the overlap of
   ours with one half over that of the other half with it.  Music that is real
   gets a share of 1.
*/
#ifndef PERPETUO_TOOLS_JUDGE_BY_STYLE_H
#define PERPETUO_TOOLS_JUDGE_BY_STYLE_H

#include "base/status.h"
#include "music/part.h"
#include "music/style.h"
#include "tools/judge/figures.h"
#include "tools/judge/takes.h"

#include <stdbool.h>
#include <stdint.h>

/// Held-out pieces of a style and part that say something of it: two halves
/// of four
#define STYLE_LEAST_PIECES 8U

enum {
  STYLE_OA, ///< Share of what real music gets, by part
  STYLE_NEIGHBOURS = STYLE_OA + N_PARTS,         ///< 1-NN, by part
  STYLE_FARTHEST   = STYLE_NEIGHBOURS + N_PARTS, ///< Mean that is farthest from
                                                 ///< the real one, sd, by part
  STYLE_KICK_ON_1 = STYLE_FARTHEST + N_PARTS,
  STYLE_BACKBEAT,
  STYLE_DISTINCT,
  STYLE_FILL,
  N_STYLE_ROWS
};

/// The figures of a set
typedef struct {
  uint32_t n_pieces[N_PARTS];
  uint32_t farthest[N_PARTS];   ///< The feature that is
  bool     is_more[N_PARTS];    ///< Is it more than the real one?
  double   value[N_STYLE_ROWS]; ///< Not a number where there is none
} StyleFigures;

typedef struct {
  Style        style;
  bool         is_widened; ///< Pieces to learn from count as real, too
  uint32_t     n_held_out[N_PARTS];
  bool         is_enough[N_PARTS]; ///< Are there pieces to compare with?
  StyleFigures real;
  StyleFigures sets[FIGURES_MAX_SETS];
} StyleTable;

/// What there is of one style, and of others, which are left out.  Borrows all.
typedef struct {
  Style          style;
  const TakeSet* held_out;
  const TakeSet* known; ///< To widen what is real where it is too little, or
                        ///< null: never
  uint32_t       n_sets;
  const TakeSet* sets; ///< (n_sets) to be judged
} StyleMusic;

/// What a row is called, and its mark
Row
style_table_row(uint32_t i_row);

/// Whether a set's figure reaches its mark; without enough real pieces of the
/// part there is none
Mark
style_table_mark(const StyleTable* table, uint32_t i_set, uint32_t i_row);

/// Measure the sets.  STATUS_NO_MEM.
NODISCARD Status
style_table_measure(const StyleMusic* music, StyleTable* table);

/// The name of a feature of a part
const char*
style_feature_name(unsigned part, uint32_t feature);

#endif // PERPETUO_TOOLS_JUDGE_BY_STYLE_H
