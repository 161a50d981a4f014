// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/report.h"

#include <math.h>
#include <string.h>

#define LABEL_WIDTH 24
#define COLUMN_WIDTH 11

/// A figure in its column, with a sign for its mark
static void
print_figure(FILE* const          file,
             const uint32_t       i_row,
             const Figures* const figures,
             const Figures* const real)
{
  static const char signs[] = {
    [MARK_NONE] = ' ', [MARK_MISSED] = '-', [MARK_MET] = '+', [MARK_AIM] = '*'};
  const double value = figures->value[i_row];
  if (isnan(value)) {
    fprintf(file, "%*s ", COLUMN_WIDTH - 1, ".");
    return;
  }
  fprintf(file,
          "%*.*f%c",
          COLUMN_WIDTH - 1,
          (int)figures_row(i_row).n_decimals,
          value,
          figures == real ? ' ' : signs[figures_mark(i_row, figures, real)]);
}

/// The last of a name that fits
static void
print_name(FILE* const file, const char* const name)
{
  const size_t n    = strlen(name);
  const size_t most = COLUMN_WIDTH - 2U;
  fprintf(file, "%*s ", COLUMN_WIDTH - 1, n > most ? name + (n - most) : name);
}

static void
print_head(const Report* const report, FILE* const file)
{
  fprintf(file,
          "Real music: \"%s\", styles: %s; held out against %u pieces to learn "
          "from.\n",
          report->real_folder,
          report->styles ? report->styles : "all",
          report->n_known);
  for (uint32_t i = 0U; i < report->n_sets; ++i) {
    if (report->folders[i]) {
      fprintf(file,
              "%s: \"%s\", %u pieces\n",
              report->sets[i].name,
              report->folders[i],
              report->sets[i].set->n_takes);
    }
  }
  fputs("\n* reaches the aim   + meets the mark   - misses it   . not to be "
        "measured\n",
        file);
}

/// What a reader has to be told
static void
print_cautions(const Report* const report, FILE* const file)
{
  if (report->real->value[ROW_PIECES] < REPORT_ENOUGH_PIECES) {
    fprintf(file,
            "\nOnly %.0f held-out pieces have melody: take these figures as "
            "rough.\n",
            report->real->value[ROW_PIECES]);
  }
  for (uint32_t i = 0U; i < report->n_sets; ++i) {
    const double n = report->sets[i].value[ROW_PIECES];
    if (n < REPORT_ENOUGH_PIECES && report->folders[i]) {
      fprintf(file,
              "\n%s has %.0f pieces: with fewer than %u, 1-NN wavers by more "
              "than a tenth.\n",
              report->sets[i].name,
              n,
              REPORT_ENOUGH_PIECES);
    }
  }
  fputs("\nOf real music, OA and 1-NN are one half of the pieces against the "
        "other.\nOnly bars of 4/4 (and 2/2) count.  Held-out loss, rounding, "
        "controls and the gate\nare measured by the trainer and the tests, not "
        "here.\n",
        file);
}

void
report_text(const Report* const report, FILE* const file)
{
  print_head(report, file);
  for (uint32_t i_row = 0U; i_row < N_ROWS; ++i_row) {
    const Row row = figures_row(i_row);
    if (row.heading) {
      fprintf(file, "\n%-*s", LABEL_WIDTH, row.heading);
      if (strlen(row.heading) >= LABEL_WIDTH) {
        fprintf(file, "\n%*s", LABEL_WIDTH, "");
      }
      print_name(file, "real");
      fprintf(file, "%*s ", COLUMN_WIDTH - 1, "sd");
      for (uint32_t i = 0U; i < report->n_sets; ++i) {
        print_name(file, report->sets[i].name);
      }
      fputs(" mark\n", file);
    }

    char text[80];
    figures_mark_text(i_row, text, sizeof(text));
    fprintf(file, "  %-*s", LABEL_WIDTH - 2, row.label);
    print_figure(file, i_row, report->real, report->real);
    if (report->real->spread[i_row] > 0.0) {
      fprintf(file, "%*.3f ", COLUMN_WIDTH - 1, report->real->spread[i_row]);
    } else {
      fprintf(file, "%*s ", COLUMN_WIDTH - 1, "");
    }
    for (uint32_t i = 0U; i < report->n_sets; ++i) {
      print_figure(file, i_row, &report->sets[i], report->real);
    }
    fprintf(file, "%s%s\n", text[0] ? " " : "", text);
  }
  print_cautions(report, file);
}
