// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/tally.h"

#include <stdlib.h>
#include <string.h>

void
tally_add(Tally* const      tally,
          const char* const name,
          const uint32_t    column,
          const uint64_t    n)
{
  uint32_t i = 0U;
  while (i < tally->n_rows &&
         strncmp(tally->row[i].name, name, sizeof(tally->row[i].name) - 1U)) {
    ++i;
  }
  if (i == TALLY_ROWS) {
    --i;
  } else if (i == tally->n_rows) {
    const size_t length = strlen(name);
    const size_t most   = sizeof(tally->row[i].name) - 1U;
    memset(&tally->row[i], 0, sizeof(tally->row[i]));
    memcpy(tally->row[i].name,
           i + 1U == TALLY_ROWS ? "others" : name,
           i + 1U == TALLY_ROWS ? 6U
           : length < most      ? length
                                : most);
    ++tally->n_rows;
  }
  tally->row[i].n[column] += n;
}

static int
compare_rows(const void* const a, const void* const b)
{
  return strcmp(((const TallyRow*)a)->name, ((const TallyRow*)b)->name);
}

void
tally_print(Tally* const             tally,
            const char* const        title,
            const char* const* const columns,
            const uint32_t           n_columns,
            FILE* const              file)
{
  qsort(tally->row, tally->n_rows, sizeof(TallyRow), compare_rows);
  fprintf(file, "\n%-44s", title);
  for (uint32_t k = 0U; k < n_columns; ++k) {
    fprintf(file, " %12s", columns[k]);
  }
  fputc('\n', file);
  for (uint32_t i = 0U; i < tally->n_rows; ++i) {
    fprintf(file, "  %-42s", tally->row[i].name);
    for (uint32_t k = 0U; k < n_columns; ++k) {
      fprintf(file, " %12llu", (unsigned long long)tally->row[i].n[k]);
    }
    fputc('\n', file);
  }
}
