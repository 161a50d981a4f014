// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/summary.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NO_ROW UINT32_MAX
#define LEAST_KEPT 0.9 ///< Of distinct bars, behind the gate

/// How a line is filled in
typedef enum {
  LINE_FIGURE,    ///< A row of figures, and a row of the styles' tables
  LINE_MEANS,     ///< All means of a part's features
  LINE_STYLE,     ///< What the style probe says, through a view
  LINE_GATE,      ///< Behind the gate against before it
  LINE_ELSEWHERE, ///< Another command
} Kind;

typedef struct {
  const char* number;
  const char* must;
  const char* aim;
  Kind        kind;
  uint32_t    a; ///< Row of figures; part; or view
  uint32_t    b; ///< Row of the styles' tables, or NO_ROW
  const char* where;
} LineRow;

static const LineRow rows[] = {
  {"mean OA, melody, per style",
   "at least .95 x real",
   ".98 x",
   LINE_FIGURE,
   ROW_MELODY_MEAN_OA,
   STYLE_OA + PART_MELODY,
   NULL},
  {"mean OA, drums, per style",
   "at least .95 x real",
   ".98 x",
   LINE_FIGURE,
   ROW_DRUMS_MEAN_OA,
   STYLE_OA + PART_DRUMS,
   NULL},
  {"1-NN, melody",
   "at most .58",
   ".46 to .54",
   LINE_FIGURE,
   ROW_MELODY_NEIGHBOURS,
   STYLE_NEIGHBOURS + PART_MELODY,
   NULL},
  {"1-NN, drums",
   "at most .58",
   ".46 to .54",
   LINE_FIGURE,
   ROW_DRUMS_NEIGHBOURS,
   STYLE_NEIGHBOURS + PART_DRUMS,
   NULL},
  {"copied 8-grams",
   "at most real + .01",
   "as real",
   LINE_FIGURE,
   ROW_COPIED,
   NO_ROW,
   NULL},
  {"longest run copied",
   "at most real + 2 notes",
   "as real",
   LINE_FIGURE,
   ROW_LONGEST_RUN,
   NO_ROW,
   NULL},
  {"bits per note", "real within 1", ".5", LINE_FIGURE, ROW_BITS, NO_ROW, NULL},
  {"held-out loss of the LSTMs",
   "below trigram and 5-gram",
   "15 % below",
   LINE_ELSEWHERE,
   0U,
   0U,
   "./waf train --evaluate models/melody.safetensors, and drums"},
  {"whole against float weights",
   "loss within 1 %",
   ".3 %",
   LINE_ELSEWHERE,
   0U,
   0U,
   "./waf train --part melody, and drums: the model's card"},
  {"every mean, melody",
   "real within 1 sd",
   ".3 sd",
   LINE_MEANS,
   PART_MELODY,
   STYLE_FARTHEST + PART_MELODY,
   NULL},
  {"every mean, drums",
   "real within 1 sd",
   ".3 sd",
   LINE_MEANS,
   PART_DRUMS,
   STYLE_FARTHEST + PART_DRUMS,
   NULL},
  {"style known by its melody",
   "at least 2 x chance",
   ".8 x real",
   LINE_STYLE,
   VIEW_MELODY,
   NO_ROW,
   NULL},
  {"style known by its drums",
   "at least 2 x chance",
   ".8 x real",
   LINE_STYLE,
   VIEW_DRUMS,
   NO_ROW,
   NULL},
  {"style known by both",
   "at least 2 x chance",
   ".8 x real",
   LINE_STYLE,
   VIEW_BOTH,
   NO_ROW,
   NULL},
  {"mix weight moves the style",
   "monotonically",
   "",
   LINE_ELSEWHERE,
   0U,
   0U,
   "./waf sweep --real FOLDER"},
  {"density, register, energy",
   "Spearman at least .9",
   ".97",
   LINE_ELSEWHERE,
   0U,
   0U,
   "./waf sweep"},
  {"notes in a locked scale",
   "all",
   "all",
   LINE_ELSEWHERE,
   0U,
   0U,
   "./waf sweep"},
  {"AUC of the gates",
   "at least .90, .95, .65",
   "",
   LINE_ELSEWHERE,
   0U,
   0U,
   "./waf train --evaluate models/gate_melody.safetensors, and gate_drums"},
  {"accepted against ungated",
   "toward real, .9 of bars",
   "",
   LINE_GATE,
   0U,
   NO_ROW,
   NULL},
  {"kick on 1",
   "real within .1",
   ".03",
   LINE_FIGURE,
   ROW_DRUMS + DRUMS_KICK_ON_1,
   STYLE_KICK_ON_1,
   NULL},
  {"backbeat",
   "real within .1",
   ".03",
   LINE_FIGURE,
   ROW_DRUMS + DRUMS_BACKBEAT,
   STYLE_BACKBEAT,
   NULL},
  {"distinct bars of drums",
   ".5 to .95",
   "",
   LINE_FIGURE,
   ROW_DISTINCT,
   STYLE_DISTINCT,
   NULL},
  {"fill contrast",
   "at least real",
   "",
   LINE_FIGURE,
   ROW_FILL,
   STYLE_FILL,
   NULL},
};

static void
say(SummaryLine* line, const char* format, ...) PRINTF_LIKE(2, 3);

/// Append to the text of a line
static void
say(SummaryLine* const line, const char* const format, ...)
{
  const size_t n = strlen(line->value);
  va_list      args;
  va_start(args, format);
  vsnprintf(line->value + n, sizeof(line->value) - n, format, args);
  va_end(args);
}

// ----------------------------------------------------------------- the styles

/// What all styles make of a mark
typedef struct {
  uint32_t n; ///< That can be measured
  uint32_t n_met;
  uint32_t n_aim;
  uint32_t n_widened; ///< Against pieces to learn from, too
  uint32_t worst;     ///< Index of a table
} Verdicts;

static Verdicts
ask_styles(const Report* const report,
           const uint32_t      i_set,
           const uint32_t      i_row)
{
  const Row      row     = style_table_row(i_row);
  const uint32_t i_own   = i_set - report->n_baselines;
  Verdicts       all     = {0U, 0U, 0U, 0U, 0U};
  double         badness = -INFINITY;
  for (uint32_t i = 0U; i < report->n_styles; ++i) {
    const StyleTable* const table = &report->by_style[i];
    const Mark              mark  = style_table_mark(table, i_own, i_row);
    if (mark != MARK_NONE) {
      const double own = row_badness(
        &row, table->sets[i_own].value[i_row], table->real.value[i_row]);
      all.worst = own > badness ? i : all.worst;
      badness   = own > badness ? own : badness;
      all.n_met += mark >= MARK_MET;
      all.n_aim += mark == MARK_AIM;
      all.n_widened += table->is_widened;
      ++all.n;
    }
  }
  return all;
}

/// Say how the styles fare, whose verdict it is then
static void
add_styles(const Report* const report,
           const uint32_t      i_set,
           const uint32_t      i_row,
           SummaryLine* const  line)
{
  if (i_row == NO_ROW) {
    return;
  }
  if (!report->n_styles) {
    say(line, "; all styles together (--by-style)");
    return;
  }
  const Verdicts all = ask_styles(report, i_set, i_row);
  if (!all.n) {
    say(line, "; no style has enough real pieces");
    return;
  }
  const StyleTable* const   table = &report->by_style[all.worst];
  const StyleFigures* const own   = &table->sets[i_set - report->n_baselines];
  const int                 n_decimals = (int)style_table_row(i_row).n_decimals;
  say(line,
      "; %u of %u styles, worst %.*f",
      all.n_met,
      all.n,
      n_decimals,
      own->value[i_row]);
  if (i_row >= STYLE_KICK_ON_1) {
    say(line, " (real %.*f)", n_decimals, table->real.value[i_row]);
  }
  say(line, " %s", style_row(table->style)->symbol);
  if (i_row >= STYLE_FARTHEST && i_row < STYLE_KICK_ON_1) {
    const unsigned part = i_row - STYLE_FARTHEST;
    say(line,
        " (%s, %s)",
        style_feature_name(part, own->farthest[part]),
        own->is_more[part] ? "more" : "less");
  }
  if (all.n_widened) {
    say(line, "; %u with what was learned from", all.n_widened);
  }
  line->mark = all.n_met < all.n   ? MARK_MISSED
               : all.n_aim < all.n ? MARK_MET
                                   : MARK_AIM;
}

// ------------------------------------------------------------------ the lines

static void
fill_figure(const Report* const  report,
            const uint32_t       i_set,
            const LineRow* const it,
            SummaryLine* const   line)
{
  const Figures* const own  = &report->sets[i_set];
  const double         real = report->real->value[it->a];
  const Row            row  = figures_row(it->a);
  line->mark                = figures_mark(it->a, own, report->real);
  if (isnan(own->value[it->a])) {
    say(line, "no such music");
    return;
  }
  if (row.rule == RULE_RATIO && !isnan(real)) {
    say(line, "%.3f x real", own->value[it->a] / real);
  } else {
    say(line, "%.*f", (int)row.n_decimals, own->value[it->a]);
    if (!isnan(real)) {
      say(line, " (real %.*f)", (int)row.n_decimals, real);
    }
  }
  add_styles(report, i_set, it->b, line);
}

static void
fill_means(const Report* const  report,
           const uint32_t       i_set,
           const LineRow* const it,
           SummaryLine* const   line)
{
  const Figures* const own   = &report->sets[i_set];
  const Figures* const real  = report->real;
  const uint32_t       first = it->a == PART_MELODY ? ROW_MELODY : ROW_DRUMS;
  const uint32_t       end =
    first + (it->a == PART_MELODY ? (uint32_t)N_MELODY_FEATURES
                                  : (uint32_t)N_DRUM_FEATURES);
  uint32_t n        = 0U;
  uint32_t n_met    = 0U;
  uint32_t n_aim    = 0U;
  uint32_t farthest = first;
  double   most     = -1.0;
  for (uint32_t i = first; i < end; ++i) {
    const Mark mark = figures_mark(i, own, real);
    if (figures_row(i).rule == RULE_SPREAD && mark != MARK_NONE) {
      const double off = fabs(own->value[i] - real->value[i]);
      const double far = off > 0.0 ? off / real->spread[i] : 0.0;
      n_met += mark >= MARK_MET;
      n_aim += mark == MARK_AIM;
      farthest = far > most ? i : farthest;
      most     = far > most ? far : most;
      ++n;
    }
  }
  if (!n) {
    say(line, "no such music");
    return;
  }
  say(line,
      "%u of %u, %u within .3; farthest %.2f sd: %s",
      n_met,
      n,
      n_aim,
      most,
      figures_row(farthest).label);
  line->mark = n_met < n ? MARK_MISSED : n_aim < n ? MARK_MET : MARK_AIM;
  add_styles(report, i_set, it->b, line);
}

static void
fill_style(const Report* const  report,
           const uint32_t       i_set,
           const LineRow* const it,
           SummaryLine* const   line)
{
  if (!report->guesses) {
    say(line, "./waf judge --by-style");
    return;
  }
  const Guesses* const guesses = &report->guesses[it->a];
  const ProbeResult    result =
    guesses_result(guesses, i_set - report->n_baselines);
  if (!result.n_styles) {
    say(line, "no style that can be learned and compared");
    return;
  }
  line->mark = guesses_mark(&result);
  say(line,
      "%.3f (real %.3f, chance %.3f) over %u of %u styles",
      result.accuracy,
      result.real,
      result.chance,
      result.n_styles,
      guesses->probe.n_styles);
}

/// Whether an overlap has grown, or is at what real music gets
static bool
is_nearer(const double now, const double before, const double real)
{
  return isnan(now) || isnan(before) || now >= before || now >= real;
}

static bool
is_less_told(const double now, const double before)
{
  return isnan(now) || isnan(before) || fabs(now - 0.5) <= fabs(before - 0.5);
}

static void
fill_gate(const Report* const report,
          const uint32_t      i_set,
          SummaryLine* const  line)
{
  if (!report->has_ungated) {
    say(line, "./waf judge --ungated FOLDER");
    return;
  }
  if (i_set == report->i_ungated) {
    say(line, "this is the ungated one");
    return;
  }
  const double* const own    = report->sets[i_set].value;
  const double* const before = report->sets[report->i_ungated].value;
  const double* const real   = report->real->value;
  const double        kept   = own[ROW_DISTINCT] / before[ROW_DISTINCT];
  const bool          ok =
    is_nearer(own[ROW_MELODY_MEAN_OA],
              before[ROW_MELODY_MEAN_OA],
              real[ROW_MELODY_MEAN_OA]) &&
    is_nearer(own[ROW_DRUMS_MEAN_OA],
              before[ROW_DRUMS_MEAN_OA],
              real[ROW_DRUMS_MEAN_OA]) &&
    is_less_told(own[ROW_MELODY_NEIGHBOURS], before[ROW_MELODY_NEIGHBOURS]) &&
    is_less_told(own[ROW_DRUMS_NEIGHBOURS], before[ROW_DRUMS_NEIGHBOURS]) &&
    (isnan(kept) || kept >= LEAST_KEPT);
  static const struct {
    const char* name;
    uint32_t    row;
  } parts[] = {{"OA melody", ROW_MELODY_MEAN_OA},
               {"drums", ROW_DRUMS_MEAN_OA},
               {"1-NN melody", ROW_MELODY_NEIGHBOURS},
               {"drums", ROW_DRUMS_NEIGHBOURS}};
  bool any  = false;
  for (uint32_t i = 0U; i < sizeof(parts) / sizeof(parts[0]); ++i) {
    any = any || (!isnan(own[parts[i].row]) && !isnan(before[parts[i].row]));
  }
  line->mark = !any ? MARK_NONE : ok ? MARK_MET : MARK_MISSED;
  for (uint32_t i = 0U; i < sizeof(parts) / sizeof(parts[0]); ++i) {
    if (!isnan(own[parts[i].row]) && !isnan(before[parts[i].row])) {
      say(line,
          "%s %.3f from %.3f, ",
          parts[i].name,
          own[parts[i].row],
          before[parts[i].row]);
    }
  }
  if (isnan(kept)) {
    say(line, "no bars of drums");
  } else {
    say(line, "%.2f of distinct bars", kept);
  }
}

uint32_t
summary_n_lines(void)
{
  return sizeof(rows) / sizeof(rows[0]);
}

SummaryLine
summary_line(const Report* const report,
             const uint32_t      i_set,
             const uint32_t      i_line)
{
  const LineRow* const it   = &rows[i_line];
  SummaryLine          line = {it->number, it->must, it->aim, MARK_NONE, ""};
  switch (it->kind) {
  case LINE_FIGURE:
    fill_figure(report, i_set, it, &line);
    break;
  case LINE_MEANS:
    fill_means(report, i_set, it, &line);
    break;
  case LINE_STYLE:
    fill_style(report, i_set, it, &line);
    break;
  case LINE_GATE:
    fill_gate(report, i_set, &line);
    break;
  case LINE_ELSEWHERE:
    say(&line, "%s", it->where);
    break;
  }
  return line;
}

const char*
summary_verdict(const SummaryLine* const line)
{
  switch (line->mark) {
  case MARK_MISSED:
    return "MISSED";
  case MARK_MET:
    return "met";
  case MARK_AIM:
    return "aim reached";
  default:
    return "not measured";
  }
}
