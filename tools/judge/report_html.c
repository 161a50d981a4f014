// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/report.h"

#include "tools/judge/overlap.h"
#include "tools/judge/summary.h"

#include <math.h>

#define PLOT_WIDTH 300.0
#define PLOT_HEIGHT 110.0
#define POINT_STEP 4U ///< Every so many points of a density are drawn
#define ROLL_STEP 6.0 ///< Width of a sixteenth
#define ROLL_ROW 3.0  ///< Height of a semitone
#define ROLL_ROWS 40  ///< Semitones in a roll
#define ROLLS 4U      ///< Of each set

static const char* const colours[] = {"#b9b3a6",
                                      "#8aa07a",
                                      "#6f8fb0",
                                      "#c0392b",
                                      "#7d3c98",
                                      "#d68910",
                                      "#148f77",
                                      "#2e4053"};
#define N_COLOURS (sizeof(colours) / sizeof(colours[0]))

static const char style[] =
  "<style>body{font:15px sans-serif;background:#fbfaf6;color:#2e2e33;"
  "margin:2em;max-width:75em}table{border-collapse:collapse}"
  "td,th{padding:.15em .7em;text-align:right;border-bottom:1px solid #dcd9d1}"
  "td:first-child,th:first-child{text-align:left}"
  "td:last-child,th:last-child{text-align:left;color:#77736a}"
  "tr.h th{padding-top:1.2em}"
  ".aim{background:#cfe8cf}.met{background:#e9f4e0}.missed{background:#f6d3cd}"
  ".p{display:inline-block;margin:.4em;vertical-align:top}"
  "svg{background:#fff;border:1px solid #dcd9d1}"
  "small{color:#77736a}</style>\n";

/// Text with nothing in it that a browser would take for a tag
static void
print_safe(FILE* const file, const char* text)
{
  for (; *text; ++text) {
    switch (*text) {
    case '<':
      fputs("&lt;", file);
      break;
    case '>':
      fputs("&gt;", file);
      break;
    case '&':
      fputs("&amp;", file);
      break;
    case '"':
      fputs("&quot;", file);
      break;
    default:
      fputc((unsigned char)*text < 0x20U ? '?' : *text, file);
    }
  }
}

// ------------------------------------------------------------------ the table

static const char*
class_of(const Mark mark)
{
  static const char* const names[] = {[MARK_NONE]   = "",
                                      [MARK_MISSED] = "missed",
                                      [MARK_MET]    = "met",
                                      [MARK_AIM]    = "aim"};
  return names[mark];
}

/// A figure, its mark in colour and words
static void
print_number(FILE* const    file,
             const double   value,
             const uint32_t n_decimals,
             const Mark     mark)
{
  if (isnan(value)) {
    fputs("<td>&ndash;</td>", file);
    return;
  }
  fprintf(file,
          "<td class=\"%s\">%.*f<small>%s%s</small></td>",
          class_of(mark),
          (int)n_decimals,
          value,
          mark == MARK_NONE ? "" : " ",
          class_of(mark));
}

static void
print_cell(FILE* const          file,
           const uint32_t       i_row,
           const Figures* const figures,
           const Figures* const real)
{
  print_number(file,
               figures->value[i_row],
               figures_row(i_row).n_decimals,
               figures == real ? MARK_NONE
                               : figures_mark(i_row, figures, real));
}

static void
print_table(const Report* const report, FILE* const file)
{
  fputs("<table>\n", file);
  for (uint32_t i_row = 0U; i_row < N_ROWS; ++i_row) {
    const Row row = figures_row(i_row);
    char      text[80];
    figures_mark_text(i_row, text, sizeof(text));
    if (row.heading) {
      fprintf(file, "<tr class=\"h\"><th>%s</th><th>real</th>", row.heading);
      for (uint32_t i = 0U; i < report->n_sets; ++i) {
        fputs("<th>", file);
        print_safe(file, report->sets[i].name);
        fputs("</th>", file);
      }
      fputs("<th>mark</th></tr>\n", file);
    }
    fprintf(file, "<tr><td>%s</td>", row.label);
    print_cell(file, i_row, report->real, report->real);
    for (uint32_t i = 0U; i < report->n_sets; ++i) {
      print_cell(file, i_row, &report->sets[i], report->real);
    }
    fprintf(file, "<td>%s</td></tr>\n", text);
  }
  fputs("</table>\n", file);
}

// ------------------------------------------------------------------ by style

static void
print_style_pieces(FILE* const             file,
                   const StyleTable* const table,
                   const uint32_t          i_own)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    fprintf(file,
            "<td>%u <small>of %u%s</small></td>",
            table->sets[i_own].n_pieces[part],
            table->real.n_pieces[part],
            table->is_widened ? " widened" : "");
  }
}

static void
print_style_line(FILE* const             file,
                 const StyleTable* const table,
                 const uint32_t          i_own)
{
  fprintf(file, "<tr><td>%s</td>", style_row(table->style)->name);
  print_style_pieces(file, table, i_own);
  for (uint32_t i_row = 0U; i_row < N_STYLE_ROWS; ++i_row) {
    print_number(file,
                 table->sets[i_own].value[i_row],
                 style_table_row(i_row).n_decimals,
                 style_table_mark(table, i_own, i_row));
    if (i_row >= STYLE_KICK_ON_1) {
      print_number(file,
                   table->real.value[i_row],
                   style_table_row(i_row).n_decimals,
                   MARK_NONE);
    }
  }
  fputs("<td></td></tr>\n", file);
}

static void
print_style_head(FILE* const file)
{
  fputs("<tr><th>style</th><th>pieces, melody</th><th>pieces, drums</th>",
        file);
  for (uint32_t i_row = 0U; i_row < N_STYLE_ROWS; ++i_row) {
    fprintf(file, "<th>%s</th>", style_table_row(i_row).label);
    if (i_row >= STYLE_KICK_ON_1) {
      fputs("<th>real</th>", file);
    }
  }
  fputs("<th></th></tr>\n", file);
}

static void
print_styles(const Report* const report, FILE* const file)
{
  if (!report->n_styles) {
    return;
  }
  fprintf(file,
          "<h2>By style</h2>\n<p>Pieces are ours, of real ones; widened: "
          "held-out pieces were too few, and pieces to learn from count as "
          "real.  OA is a share of what one half of the real pieces gets "
          "against the other, at one number of pieces.  Farthest is the mean "
          "that is farthest from the real one, in standard deviations.  A part "
          "of a style with fewer than %u real pieces is not compared; with "
          "fewer than %u it is rough.</p>\n",
          STYLE_LEAST_PIECES,
          REPORT_ENOUGH_PIECES);
  for (uint32_t s = report->n_baselines; s < report->n_sets; ++s) {
    fputs("<h3>", file);
    print_safe(file, report->sets[s].name);
    fputs("</h3>\n<table>\n", file);
    print_style_head(file);
    for (uint32_t i = 0U; i < report->n_styles; ++i) {
      print_style_line(file, &report->by_style[i], s - report->n_baselines);
    }
    fputs("</table>\n", file);
  }
}

static void
print_guess_means(const Report* const  report,
                  const Guesses* const guesses,
                  const bool           is_real,
                  FILE* const          file)
{
  fprintf(file,
          "<tr><td>%s</td><td></td>",
          is_real ? "real, the same styles" : "mean");
  for (uint32_t s = 0U; s < report->n_sets - report->n_baselines; ++s) {
    const ProbeResult result = guesses_result(guesses, s);
    print_number(file,
                 is_real ? result.real : result.accuracy,
                 3U,
                 is_real ? MARK_NONE : guesses_mark(&result));
  }
  fputs("<td></td></tr>\n", file);
}

static void
print_guess_table(const Report* const  report,
                  const Guesses* const guesses,
                  FILE* const          file)
{
  fputs("<table>\n<tr><th>style</th><th>real</th>", file);
  for (uint32_t s = report->n_baselines; s < report->n_sets; ++s) {
    fputs("<th>", file);
    print_safe(file, report->sets[s].name);
    fputs("</th>", file);
  }
  fputs("<th></th></tr>\n", file);
  for (uint32_t i = 0U; i < guesses->probe.n_styles; ++i) {
    const Style style = guesses->probe.style[i];
    fprintf(file, "<tr><td>%s</td>", style_row(style)->name);
    print_number(file, guesses_share(guesses->real, style), 3U, MARK_NONE);
    for (uint32_t s = 0U; s < report->n_sets - report->n_baselines; ++s) {
      print_number(file, guesses_share(guesses->sets[s], style), 3U, MARK_NONE);
    }
    fputs("<td></td></tr>\n", file);
  }
  print_guess_means(report, guesses, true, file);
  print_guess_means(report, guesses, false, file);
  fputs("</table>\n", file);
}

static void
print_guesses(const Report* const report, FILE* const file)
{
  for (uint32_t v = 0U; report->guesses && v < N_VIEWS; ++v) {
    const Guesses* const guesses = &report->guesses[v];
    fprintf(file, "<h2>Style known by %s</h2>\n", view_name((View)v));
    if (!guesses->probe.n_styles) {
      fputs("<p>Too little real music to tell styles apart.</p>\n", file);
      continue;
    }
    fprintf(file,
            "<p>A plain classifier that learned from real music: share of "
            "windows of two bars that it takes for their style.  %u styles; "
            "chance is %.3f.</p>\n",
            guesses->probe.n_styles,
            1.0 / guesses->probe.n_styles);
    print_guess_table(report, guesses, file);
  }
}

// ------------------------------------------------------------------ all marks

static void
print_summary(const Report* const report, FILE* const file)
{
  for (uint32_t s = report->n_baselines; s < report->n_sets; ++s) {
    fputs("<h2>All marks: ", file);
    print_safe(file, report->sets[s].name);
    fputs("</h2>\n<table>\n<tr><th>number</th><th>verdict</th><th>must</th>"
          "<th>aim</th><th>value, or who measures it</th></tr>\n",
          file);
    for (uint32_t i = 0U; i < summary_n_lines(); ++i) {
      const SummaryLine line = summary_line(report, s, i);
      fprintf(file,
              "<tr><td>%s</td><td class=\"%s\">%s</td><td>%s</td><td>%s</td>"
              "<td>",
              line.number,
              class_of(line.mark),
              summary_verdict(&line),
              line.must,
              line.aim);
      print_safe(file, line.value);
      fputs("</td></tr>\n", file);
    }
    fputs("</table>\n", file);
  }
}

// ------------------------------------------------------------------ densities

static const Samples*
samples_of(const Figures* const figures, const bool is_drums)
{
  return is_drums ? &figures->drums : &figures->melody;
}

/// A span that holds a feature of all sets
static Span
find_span(const Report* const report,
          const bool          is_drums,
          const uint32_t      column)
{
  const Samples* const real = samples_of(report->real, is_drums);
  Span                 span = overlap_span(real, real, column);
  for (uint32_t i = 0U; i < report->n_sets; ++i) {
    const Samples* const own = samples_of(&report->sets[i], is_drums);
    if (own->n_rows) {
      const Span other = overlap_span(own, own, column);
      span.low         = fmin(span.low, other.low);
      span.high        = fmax(span.high, other.high);
    }
  }
  return span;
}

static void
print_curve(FILE* const         file,
            const double* const density,
            const double        top,
            const char* const   colour,
            const bool          is_filled)
{
  fprintf(file,
          "<polyline fill=\"%s\" fill-opacity=\".5\" stroke=\"%s\" "
          "stroke-width=\"1.5\" points=\"",
          is_filled ? colour : "none",
          colour);
  for (uint32_t k = 0U; k < OVERLAP_POINTS; k += POINT_STEP) {
    fprintf(file,
            "%.1f,%.1f ",
            PLOT_WIDTH * k / (OVERLAP_POINTS - 1U),
            PLOT_HEIGHT - (PLOT_HEIGHT - 6.0) * density[k] / top);
  }
  fputs("\"/>\n", file);
}

static void
print_plot(const Report* const report,
           FILE* const         file,
           const bool          is_drums,
           const uint32_t      column)
{
  const Samples* const real = samples_of(report->real, is_drums);
  const Span           span = find_span(report, is_drums, column);
  double               density[REPORT_MAX_SETS + 1U][OVERLAP_POINTS];
  double               top = 1e-12;
  for (uint32_t i = 0U; i <= report->n_sets; ++i) {
    const Samples* const own =
      i ? samples_of(&report->sets[i - 1U], is_drums) : real;
    overlap_density(
      own, column, overlap_bandwidth(own, real, column), span, density[i]);
    for (uint32_t k = 0U; k < OVERLAP_POINTS; ++k) {
      top = fmax(top, density[i][k]);
    }
  }

  fprintf(file,
          "<div class=\"p\">%s<br><svg width=\"%.0f\" height=\"%.0f\">\n",
          is_drums ? drum_feature_name((DrumFeature)column)
                   : melody_feature_name((MelodyFeature)column),
          PLOT_WIDTH,
          PLOT_HEIGHT);
  for (uint32_t i = 0U; i <= report->n_sets; ++i) {
    print_curve(file,
                density[i],
                top,
                i ? colours[1U + (i - 1U) % (N_COLOURS - 1U)] : colours[0],
                !i);
  }
  fprintf(file,
          "</svg><br><small>%.3g &hellip; %.3g</small></div>\n",
          span.low,
          span.high);
}

static void
print_legend(const Report* const report, FILE* const file)
{
  fprintf(file, "<p><b style=\"color:%s\">&#9608; real</b>", colours[0]);
  for (uint32_t i = 0U; i < report->n_sets; ++i) {
    fprintf(file,
            " &nbsp; <b style=\"color:%s\">&#9644; ",
            colours[1U + i % (N_COLOURS - 1U)]);
    print_safe(file, report->sets[i].name);
    fputs("</b>", file);
  }
  fputs("</p>\n", file);
}

static void
print_plots(const Report* const report, FILE* const file)
{
  fputs("<h2>Melody, windows of two bars</h2>\n", file);
  print_legend(report, file);
  for (uint32_t c = 0U; c < N_MELODY_FEATURES; ++c) {
    print_plot(report, file, false, c);
  }
  fputs("<h2>Drums, bars</h2>\n", file);
  print_legend(report, file);
  for (uint32_t c = 0U; c < N_DRUM_FEATURES; ++c) {
    print_plot(report, file, true, c);
  }
}

// ---------------------------------------------------------------- piano rolls

static void
print_box(FILE* const       file,
          const double      x,
          const double      y,
          const double      width,
          const double      height,
          const char* const colour)
{
  fprintf(file,
          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
          "fill=\"%s\"/>",
          x,
          y,
          width,
          height,
          colour);
}

static void
print_roll(FILE* const       file,
           const Take* const take,
           const uint32_t    begin,
           const char* const colour)
{
  const double   floor_y = ROLL_ROW * ROLL_ROWS;
  uint32_t       n_notes = 0U;
  uint32_t       n_hits  = 0U;
  const uint32_t note =
    take_notes_within(&take->line[0], begin, begin + WINDOW_STEPS, &n_notes);
  const uint32_t hit =
    take_hits_within(take, begin, begin + WINDOW_STEPS, &n_hits);
  fprintf(file,
          "<div class=\"p\"><svg width=\"%.0f\" height=\"%.0f\">",
          ROLL_STEP * WINDOW_STEPS,
          floor_y + ROLL_ROW * N_DRUM_VOICES + 6.0);
  for (uint32_t s = 0U; s < WINDOW_STEPS; s += BEAT_STEPS) {
    print_box(file,
              s * ROLL_STEP,
              0.0,
              s % BAR_STEPS ? 0.5 : 1.5,
              floor_y + ROLL_ROW * N_DRUM_VOICES + 6.0,
              "#dcd9d1");
  }
  for (uint32_t i = note; i < note + n_notes; ++i) {
    const TakeNote* const it  = &take->line[0].notes[i];
    const int             row = it->pitch + 8;
    print_box(file,
              (it->step - begin) * ROLL_STEP,
              floor_y - ROLL_ROW * fmax(1.0, fmin(ROLL_ROWS, row)),
              it->length * ROLL_STEP - 1.0,
              ROLL_ROW,
              colour);
  }
  for (uint32_t i = hit; i < hit + n_hits; ++i) {
    print_box(file,
              (take->hits[i].step - begin) * ROLL_STEP,
              floor_y + 3.0 +
                ROLL_ROW * (N_DRUM_VOICES - 1U - take->hits[i].voice),
              ROLL_STEP - 2.0,
              ROLL_ROW,
              "#2e2e33");
  }
  fputs("</svg><br><small>", file);
  print_safe(file, take->name);
  fprintf(file, ", bar %u</small></div>\n", begin / BAR_STEPS + 1U);
}

/// A middle window of pieces that are spread over the set
static void
print_rolls_of(FILE* const          file,
               const Figures* const figures,
               const char* const    colour)
{
  fputs("<h3>", file);
  print_safe(file, figures->name);
  fputs("</h3>\n", file);
  const TakeSet* const set = figures->set;
  const uint32_t       n   = set->n_takes < ROLLS ? set->n_takes : ROLLS;
  for (uint32_t k = 0U; k < n; ++k) {
    const Take* const take =
      &set->takes[(2U * (uint64_t)k + 1U) * set->n_takes / (2U * n)];
    uint32_t       begin[WINDOWS_PER_PIECE];
    const uint32_t n_windows = melody_windows(take, begin);
    print_roll(file, take, n_windows ? begin[n_windows / 2U] : 0U, colour);
  }
}

static void
print_rolls(const Report* const report, FILE* const file)
{
  fputs("<h2>Some windows</h2>\n<p>Two bars of melody above, drums "
        "below.</p>\n",
        file);
  print_rolls_of(file, report->real, "#77736a");
  for (uint32_t i = 0U; i < report->n_sets; ++i) {
    print_rolls_of(file, &report->sets[i], colours[1U + i % (N_COLOURS - 1U)]);
  }
}

void
report_html(const Report* const report, FILE* const file)
{
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<title>How the music is judged</title>\n",
        file);
  fputs(style, file);
  fputs("</head><body>\n<h1>How the music is judged</h1>\n<p>Real music: ",
        file);
  print_safe(file, report->real_folder);
  fputs("; styles: ", file);
  print_safe(file, report->styles ? report->styles : "all");
  fprintf(file,
          "; held-out pieces against %u to learn from.  OA and 1-NN of real "
          "music are one half of its pieces against the other.</p>\n",
          report->n_known);
  for (uint32_t i = 0U; i < report->n_sets; ++i) {
    if (report->folders[i]) {
      fputs("<p><b>", file);
      print_safe(file, report->sets[i].name);
      fputs("</b>: ", file);
      print_safe(file, report->folders[i]);
      fprintf(file, ", %u pieces</p>\n", report->sets[i].set->n_takes);
    }
  }
  print_table(report, file);
  print_plots(report, file);
  print_rolls(report, file);
  print_styles(report, file);
  print_guesses(report, file);
  print_summary(report, file);
  fputs("</body></html>\n", file);
}
