// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/report.h"

#include "tools/judge/summary.h"

#include <math.h>
#include <string.h>

#define LABEL_WIDTH 24
#define COLUMN_WIDTH 11
#define STYLE_WIDTH 11

static char
sign_of(const Mark mark)
{
  static const char signs[] = {
    [MARK_NONE] = ' ', [MARK_MISSED] = '-', [MARK_MET] = '+', [MARK_AIM] = '*'};
  return signs[mark];
}

/// A figure in its column, with a sign for its mark
static void
print_figure(FILE* const          file,
             const uint32_t       i_row,
             const Figures* const figures,
             const Figures* const real)
{
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
          figures == real ? ' ' : sign_of(figures_mark(i_row, figures, real)));
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

// ----------------------------------------------------------------- the styles

/// A figure of a style; with the real one beside it where that says more
static void
print_style_figure(FILE* const             file,
                   const StyleTable* const table,
                   const uint32_t          i_set,
                   const uint32_t          i_row)
{
  const Row    row   = style_table_row(i_row);
  const double value = table->sets[i_set].value[i_row];
  const double real  = table->real.value[i_row];
  char         text[40];
  if (isnan(value)) {
    snprintf(text, sizeof(text), ". ");
  } else if (i_row >= STYLE_KICK_ON_1 && !isnan(real)) {
    snprintf(text,
             sizeof(text),
             "%.*f/%.*f%c",
             (int)row.n_decimals,
             value,
             (int)row.n_decimals,
             real,
             sign_of(style_table_mark(table, i_set, i_row)));
  } else {
    snprintf(text,
             sizeof(text),
             "%.*f%c",
             (int)row.n_decimals,
             value,
             sign_of(style_table_mark(table, i_set, i_row)));
  }
  fprintf(file, "%*s ", STYLE_WIDTH - 1, text);
}

/// How many pieces a part has: ours, and real ones
static void
print_pieces(FILE* const             file,
             const StyleTable* const table,
             const uint32_t          i_set,
             const unsigned          part)
{
  char text[40];
  snprintf(text,
           sizeof(text),
           "%u/%u%s",
           table->sets[i_set].n_pieces[part],
           table->real.n_pieces[part],
           table->is_widened ? "w" : "");
  fprintf(file, "%*s ", STYLE_WIDTH - 1, text);
}

/// Which means are farthest from the real ones
static void
print_farthest(FILE* const file, const StyleFigures* const own)
{
  const char* between = " ";
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    if (!isnan(own->value[STYLE_FARTHEST + part])) {
      fprintf(file,
              "%s%s, %s",
              between,
              style_feature_name(part, own->farthest[part]),
              own->is_more[part] ? "more" : "less");
      between = "; ";
    }
  }
}

static void
print_style_lines(const Report* const report,
                  const uint32_t      i_own,
                  FILE* const         file)
{
  for (uint32_t i = 0U; i < report->n_styles; ++i) {
    const StyleTable* const table = &report->by_style[i];
    fprintf(file, "  %-12s", style_row(table->style)->symbol);
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      print_pieces(file, table, i_own, part);
    }
    for (uint32_t i_row = 0U; i_row < N_STYLE_ROWS; ++i_row) {
      print_style_figure(file, table, i_own, i_row);
    }
    print_farthest(file, &table->sets[i_own]);
    fputs("\n", file);
  }
}

static void
print_style_notes(const Report* const report, FILE* const file)
{
  fprintf(file,
          "\nBy style, what stands behind a slash is real; pieces are ours and "
          "real ones.\nOA is a share of what one half of the real pieces gets "
          "against the other, at one\nnumber of pieces.  Far is the mean that "
          "is farthest from the real one,\nwhich is named at the end of the "
          "line.  A part of a style with fewer than %u real\npieces is not "
          "compared.  Where pieces to learn from count as real (w), a model\n"
          "that copies would do best.\n",
          STYLE_LEAST_PIECES);
  for (uint32_t i = 0U; i < report->n_styles; ++i) {
    const StyleTable* const table  = &report->by_style[i];
    const char* const       symbol = style_row(table->style)->symbol;
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      const char* const name = part == PART_MELODY ? "melody" : "drums";
      if (style_row(table->style)->has_part[part] &&
          table->n_held_out[part] < STYLE_LEAST_PIECES) {
        fprintf(file,
                "%s, %s: too few held-out pieces (%u)%s.\n",
                symbol,
                name,
                table->n_held_out[part],
                table->is_widened ? "; pieces to learn from count as real (w)"
                                  : "");
      } else if (table->is_enough[part] &&
                 table->real.n_pieces[part] < REPORT_ENOUGH_PIECES) {
        fprintf(file,
                "%s, %s: %u real pieces are few: take it as rough.\n",
                symbol,
                name,
                table->real.n_pieces[part]);
      }
    }
  }
}

static void
print_styles(const Report* const report, FILE* const file)
{
  static const char* const heads[] = {"pieces,",
                                      "pieces,",
                                      "OA share,",
                                      "OA share,",
                                      "1-NN,",
                                      "1-NN,",
                                      "far sd,",
                                      "far sd,",
                                      "kick on",
                                      "backbeat",
                                      "distinct",
                                      "fill con-"};
  static const char* const feet[]  = {"melody",
                                      "drums",
                                      "melody",
                                      "drums",
                                      "melody",
                                      "drums",
                                      "melody",
                                      "drums",
                                      "1",
                                      "",
                                      "bars",
                                      "trast"};
  for (uint32_t s = report->n_baselines; s < report->n_sets; ++s) {
    fprintf(file, "\nBy style: %s\n  %-12s", report->sets[s].name, "");
    for (uint32_t i = 0U; i < sizeof(heads) / sizeof(heads[0]); ++i) {
      fprintf(file, "%*s ", STYLE_WIDTH - 1, heads[i]);
    }
    fprintf(file, "\n  %-12s", "");
    for (uint32_t i = 0U; i < sizeof(feet) / sizeof(feet[0]); ++i) {
      fprintf(file, "%*s ", STYLE_WIDTH - 1, feet[i]);
    }
    fputs("\n", file);
    print_style_lines(report, s - report->n_baselines, file);
  }
  if (report->n_styles) {
    print_style_notes(report, file);
  }
}

// ----------------------------------------------------------------- the guesses

static void
print_share(FILE* const file, const double share)
{
  if (isnan(share)) {
    fprintf(file, "%*s ", COLUMN_WIDTH - 1, ".");
  } else {
    fprintf(file, "%*.3f ", COLUMN_WIDTH - 1, share);
  }
}

/// Means over the styles that both a set and real music have
static void
print_guess_means(const Report* const  report,
                  const Guesses* const guesses,
                  const bool           is_real,
                  FILE* const          file)
{
  fprintf(file,
          "  %-*s%*s ",
          LABEL_WIDTH - 2,
          is_real ? "real, the same styles" : "mean",
          COLUMN_WIDTH - 1,
          "");
  for (uint32_t s = 0U; s < report->n_sets - report->n_baselines; ++s) {
    const ProbeResult result = guesses_result(guesses, s);
    if (result.n_styles) {
      fprintf(file,
              "%*.3f%c",
              COLUMN_WIDTH - 1,
              is_real ? result.real : result.accuracy,
              is_real ? ' ' : sign_of(guesses_mark(&result)));
    } else {
      fprintf(file, "%*s ", COLUMN_WIDTH - 1, ".");
    }
  }
  if (is_real) {
    fputs("\n", file);
  } else {
    fprintf(file,
            " at least %g x chance (aim %g x real)\n",
            GUESSES_MUST,
            GUESSES_AIM);
  }
}

static void
print_guesses(const Report* const report, FILE* const file)
{
  for (uint32_t v = 0U; report->guesses && v < N_VIEWS; ++v) {
    const Guesses* const    guesses = &report->guesses[v];
    const StyleProbe* const probe   = &guesses->probe;
    fprintf(file,
            "\nStyle known by %s (a plain classifier that learned from real "
            "music)\n",
            view_name((View)v));
    if (!probe->n_styles) {
      fputs("  too little real music to tell styles apart\n", file);
      continue;
    }
    fprintf(file,
            "  %u styles, chance %.3f; share of windows of two bars\n%-*s",
            probe->n_styles,
            1.0 / probe->n_styles,
            LABEL_WIDTH,
            "");
    print_name(file, "real");
    for (uint32_t s = report->n_baselines; s < report->n_sets; ++s) {
      print_name(file, report->sets[s].name);
    }
    fputs("\n", file);
    for (uint32_t i = 0U; i < probe->n_styles; ++i) {
      const Style style = probe->style[i];
      fprintf(file, "  %-*s", LABEL_WIDTH - 2, style_row(style)->symbol);
      print_share(file, guesses_share(guesses->real, style));
      for (uint32_t s = 0U; s < report->n_sets - report->n_baselines; ++s) {
        print_share(file, guesses_share(guesses->sets[s], style));
      }
      fputs("\n", file);
    }
    print_guess_means(report, guesses, true, file);
    print_guess_means(report, guesses, false, file);
  }
}

// ------------------------------------------------------------------- the marks

static void
print_summary(const Report* const report, FILE* const file)
{
  for (uint32_t s = report->n_baselines; s < report->n_sets; ++s) {
    fprintf(file,
            "\nAll marks: %s\n  %-13s %-28s %-25s %-12s %s\n",
            report->sets[s].name,
            "",
            "number",
            "must",
            "aim",
            "value");
    for (uint32_t i = 0U; i < summary_n_lines(); ++i) {
      const SummaryLine line = summary_line(report, s, i);
      fprintf(file,
              "  %-13s %-28s %-25s %-12s %s\n",
              summary_verdict(&line),
              line.number,
              line.must,
              line.aim,
              line.value);
    }
  }
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
        "other.\nOnly bars of 4/4 (and 2/2) count.\n",
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
  print_styles(report, file);
  print_guesses(report, file);
  print_summary(report, file);
}
