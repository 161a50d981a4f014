// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Counting by name, for reports
#ifndef PERPETUO_TOOLS_TRAIN_TALLY_H
#define PERPETUO_TOOLS_TRAIN_TALLY_H

#include <stdint.h>
#include <stdio.h>

#define TALLY_COLUMNS 6U
#define TALLY_ROWS 256U ///< Names beyond that are counted together

typedef struct {
  char     name[96];
  uint64_t n[TALLY_COLUMNS];
} TallyRow;

typedef struct {
  uint32_t n_rows;
  TallyRow row[TALLY_ROWS];
} Tally;

/// Add to a column of the row of that name, which is made when there is none
void
tally_add(Tally* tally, const char* name, uint32_t column, uint64_t n);

/// Print as a table, in order of names.  @param columns (n_columns) headings.
void
tally_print(Tally*             tally,
            const char*        title,
            const char* const* columns,
            uint32_t           n_columns,
            FILE*              file);

#endif // PERPETUO_TOOLS_TRAIN_TALLY_H
