// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/sweep/sweep_report.h"

#include <math.h>

#define PLOT_WIDTH 300.0
#define PLOT_HEIGHT 140.0

static const char*
verdict(const Mark mark)
{
  static const char* const words[] = {[MARK_NONE]   = "not measured",
                                      [MARK_MISSED] = "MISSED",
                                      [MARK_MET]    = "met",
                                      [MARK_AIM]    = "aim reached"};
  return words[mark];
}

static const char*
symbol_of(const Style style)
{
  return style_row(style)->symbol;
}

// ------------------------------------------------------------------ the table

static void
print_question(const Sweep* const sweep, const uint32_t i, FILE* const file)
{
  const Question question = sweep_question(i);
  double         worst    = 0.0;
  const Mark     mark     = sweep_mark(sweep, i, &worst);
  for (uint32_t s = 0U; s < sweep->plan.n_styles; ++s) {
    const Answer answer = sweep_answer(sweep, i, s);
    fprintf(file,
            "  %-15s %-23s %-12s %6.3f %7.3f %8.3f   %8.2f %8.2f %8.2f\n",
            s ? "" : question.knob,
            s ? "" : question.measure,
            symbol_of(sweep->plan.styles[s]),
            answer.mean,
            answer.lowest,
            answer.of_means,
            answer.curve[0],
            answer.curve[KNOB_STEPS / 2U],
            answer.curve[KNOB_STEPS - 1U]);
  }
  fprintf(file,
          "  %-15s %-23s %-12s %6.3f   %s\n",
          "",
          "",
          "worst style",
          worst,
          verdict(mark));
}

static void
print_knobs(const Sweep* const sweep, FILE* const file)
{
  fprintf(file,
          "Knobs from 0 to 100 in steps of 10, %u bars of each of %u seeds; "
          "all else by\ndefault, form steady.  Spearman of each song: mean and "
          "lowest; and of the mean\nover songs.  Must: at least %g in every "
          "style; aim: %g.\n\n"
          "  %-15s %-23s %-12s %6s %7s %8s   %8s %8s %8s\n",
          sweep->plan.n_bars,
          sweep->plan.n_seeds,
          KNOB_MUST,
          KNOB_AIM,
          "knob",
          "measure",
          "style",
          "mean",
          "lowest",
          "of means",
          "at 0",
          "at 50",
          "at 100");
  for (uint32_t i = 0U; i < N_QUESTIONS; ++i) {
    print_question(sweep, i, file);
  }
}

static void
print_scales(const ScaleLock* const lock, FILE* const file)
{
  fputs("\nNotes in the scale when it is locked, in several keys.  Must: "
        "all.\n\n",
        file);
  for (uint32_t i = SCALE_FREE + 1U; i < N_SCALES; ++i) {
    fprintf(file,
            "  %-18s %7u of %7u\n",
            scale_name((Scale)i),
            lock->n_inside[i],
            lock->n_notes[i]);
  }
  fprintf(file, "  %-18s %s\n", "", verdict(scale_lock_mark(lock)));
}

static void
print_steer(const SweepReport* const report, FILE* const file)
{
  fprintf(file,
          "\nWhat a plain classifier that learned from real music hears, when "
          "one style is\nasked for: share of windows of two bars.  Must: %g x "
          "chance; aim: %g x real.\n",
          GUESSES_MUST,
          GUESSES_AIM);
  for (uint32_t v = 0U; v < N_VIEWS; ++v) {
    const Guesses* const guesses = &report->guesses[v];
    const ProbeResult    result  = guesses_result(guesses, 0U);
    fprintf(file, "\n  by %-20s %7s %7s\n", view_name((View)v), "real", "ours");
    for (uint32_t i = 0U; i < guesses->probe.n_styles; ++i) {
      const Style style = guesses->probe.style[i];
      fprintf(file,
              "  %-23s %7.3f %7.3f\n",
              symbol_of(style),
              guesses_share(guesses->real, style),
              guesses_share(guesses->sets[0], style));
    }
    if (result.n_styles) {
      fprintf(file,
              "  %-23s %7.3f %7.3f  chance %.3f  %s\n",
              "mean",
              result.real,
              result.accuracy,
              result.chance,
              verdict(guesses_mark(&result)));
    } else {
      fputs("  too little real music to tell styles apart\n", file);
    }
  }
}

static void
print_morphs(const SweepReport* const report, FILE* const file)
{
  fprintf(file,
          "\nThe mix goes from one style to another over 16 bars, weights 0, "
          "1/8 .. 1, two bars\neach: how likely the second style is, mean over "
          "%u seeds.  Must: rises by %g, and\nnever falls by more than %g.\n",
          report->n_morph_seeds,
          MORPH_LEAST_RISE,
          MORPH_TOLERANCE);
  for (uint32_t m = 0U; m < report->n_morphs; ++m) {
    const Morph* const morph = &report->morphs[m];
    fprintf(file,
            "\n  %s to %s, by %s\n  likely",
            symbol_of(morph->pair.from),
            symbol_of(morph->pair.to),
            view_name(morph->view));
    for (uint32_t i = 0U; i < MORPH_STEPS; ++i) {
      fprintf(file, " %6.3f", morph->likely[i]);
    }
    fputs("\n  error ", file);
    for (uint32_t i = 0U; i < MORPH_STEPS; ++i) {
      fprintf(file, " %6.3f", morph->error[i]);
    }
    fprintf(file,
            "\n  Spearman %.3f  %s\n",
            morph_spearman(morph),
            verdict(morph_mark(morph)));
  }
}

void
sweep_report_text(const SweepReport* const report, FILE* const file)
{
  print_knobs(report->sweep, file);
  print_scales(report->lock, file);
  if (report->guesses) {
    print_steer(report, file);
    print_morphs(report, file);
  } else {
    fputs(
      "\nHow far styles are known, and what the mix does, was not measured: "
      "say where real\nmusic is, with --real.\n",
      file);
  }
}

// ----------------------------------------------------------------------- JSON

/// A number, or null for none
static void
put_number(FILE* const file, const double value)
{
  if (isfinite(value)) {
    fprintf(file, "%.6g", value);
  } else {
    fputs("null", file);
  }
}

static void
put_field(FILE* const file, const char* const name, const double value)
{
  fprintf(file, "\"%s\": ", name);
  put_number(file, value);
}

static void
put_row(FILE* const         file,
        const char* const   name,
        const double* const value,
        const uint32_t      n)
{
  fprintf(file, "\"%s\": [", name);
  for (uint32_t i = 0U; i < n; ++i) {
    fputs(i ? ", " : "", file);
    put_number(file, value[i]);
  }
  fputs("]", file);
}

static void
put_question(const Sweep* const sweep, const uint32_t i, FILE* const file)
{
  const Question question = sweep_question(i);
  double         worst    = 0.0;
  const Mark     mark     = sweep_mark(sweep, i, &worst);
  fprintf(file,
          "%s    {\"knob\": \"%s\", \"measure\": \"%s\", \"verdict\": \"%s\", ",
          i ? ",\n" : "",
          question.knob,
          question.measure,
          verdict(mark));
  put_field(file, "worst", worst);
  fputs(", \"styles\": [\n", file);
  for (uint32_t s = 0U; s < sweep->plan.n_styles; ++s) {
    const Answer answer = sweep_answer(sweep, i, s);
    fprintf(file,
            "%s      {\"style\": \"%s\", ",
            s ? ",\n" : "",
            symbol_of(sweep->plan.styles[s]));
    put_field(file, "mean", answer.mean);
    fputs(", ", file);
    put_field(file, "lowest", answer.lowest);
    fputs(", ", file);
    put_field(file, "of_means", answer.of_means);
    fputs(", ", file);
    put_row(file, "curve", answer.curve, KNOB_STEPS);
    fputs("}", file);
  }
  fputs("]}", file);
}

static void
put_scales(const ScaleLock* const lock, FILE* const file)
{
  fprintf(file,
          "  \"scale_lock\": {\"verdict\": \"%s\", \"scales\": [",
          verdict(scale_lock_mark(lock)));
  for (uint32_t i = SCALE_FREE + 1U; i < N_SCALES; ++i) {
    fprintf(file,
            "%s\n    {\"scale\": \"%s\", \"notes\": %u, \"inside\": %u}",
            i > SCALE_FREE + 1U ? "," : "",
            scale_name((Scale)i),
            lock->n_notes[i],
            lock->n_inside[i]);
  }
  fputs("]}", file);
}

static void
put_steer(const SweepReport* const report, FILE* const file)
{
  fputs(",\n  \"style\": [", file);
  for (uint32_t v = 0U; v < N_VIEWS; ++v) {
    const Guesses* const guesses = &report->guesses[v];
    const ProbeResult    result  = guesses_result(guesses, 0U);
    const Mark           mark    = guesses_mark(&result);
    fprintf(file,
            "%s\n    {\"view\": \"%s\", \"verdict\": \"%s\", ",
            v ? "," : "",
            view_name((View)v),
            verdict(mark));
    put_field(file, "accuracy", result.accuracy);
    fputs(", ", file);
    put_field(file, "real", result.real);
    fputs(", ", file);
    put_field(file, "chance", result.chance);
    fputs(", \"styles\": [", file);
    for (uint32_t i = 0U; i < guesses->probe.n_styles; ++i) {
      const Style style = guesses->probe.style[i];
      fprintf(
        file, "%s\n      {\"style\": \"%s\", ", i ? "," : "", symbol_of(style));
      put_field(file, "real", guesses_share(guesses->real, style));
      fputs(", ", file);
      put_field(file, "ours", guesses_share(guesses->sets[0], style));
      fputs("}", file);
    }
    fputs("]}", file);
  }
  fputs("]", file);
}

static void
put_morphs(const SweepReport* const report, FILE* const file)
{
  fprintf(file,
          ",\n  \"morph_seeds\": %u, \"morph_tolerance\": %g,\n  \"morphs\": [",
          report->n_morph_seeds,
          MORPH_TOLERANCE);
  for (uint32_t m = 0U; m < report->n_morphs; ++m) {
    const Morph* const morph = &report->morphs[m];
    fprintf(file,
            "%s\n    {\"from\": \"%s\", \"to\": \"%s\", \"view\": \"%s\", "
            "\"verdict\": \"%s\", ",
            m ? "," : "",
            symbol_of(morph->pair.from),
            symbol_of(morph->pair.to),
            view_name(morph->view),
            verdict(morph_mark(morph)));
    put_field(file, "spearman", morph_spearman(morph));
    fputs(", ", file);
    put_row(file, "likely", morph->likely, MORPH_STEPS);
    fputs(", ", file);
    put_row(file, "error", morph->error, MORPH_STEPS);
    fputs("}", file);
  }
  fputs("]", file);
}

void
sweep_report_json(const SweepReport* const report, FILE* const file)
{
  const SweepPlan* const plan = &report->sweep->plan;
  fprintf(file,
          "{\n  \"bars\": %u, \"seeds\": %u,\n  \"knobs\": [\n",
          plan->n_bars,
          plan->n_seeds);
  for (uint32_t i = 0U; i < N_QUESTIONS; ++i) {
    put_question(report->sweep, i, file);
  }
  fputs("],\n", file);
  put_scales(report->lock, file);
  if (report->guesses) {
    put_steer(report, file);
    put_morphs(report, file);
  }
  fputs("\n}\n", file);
}

// ------------------------------------------------------------------- the page

static const char* const colours[] =
  {"#c0392b", "#6f8fb0", "#148f77", "#d68910", "#7d3c98", "#2e4053"};
#define N_COLOURS (sizeof(colours) / sizeof(colours[0]))

/// The span of a picture, bottom and top
typedef struct {
  double low;
  double high;
} Range;

static Range
range_of(const Sweep* const sweep, const uint32_t i_question)
{
  Range range = {INFINITY, -INFINITY};
  for (uint32_t s = 0U; s < sweep->plan.n_styles; ++s) {
    const Answer answer = sweep_answer(sweep, i_question, s);
    for (uint32_t i = 0U; i < KNOB_STEPS; ++i) {
      range.low  = fmin(range.low, answer.curve[i]);
      range.high = fmax(range.high, answer.curve[i]);
    }
  }
  return range.low < range.high ? range : (Range){0.0, 1.0};
}

static double
height_of(const double value, const Range range)
{
  return PLOT_HEIGHT - 5.0 -
         (PLOT_HEIGHT - 10.0) * (value - range.low) / (range.high - range.low);
}

static void
draw_curve(FILE* const         file,
           const double* const value,
           const uint32_t      n,
           const Range         range,
           const char* const   colour)
{
  fprintf(file,
          "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" "
          "points=\"",
          colour);
  for (uint32_t i = 0U; i < n; ++i) {
    if (!isnan(value[i])) {
      fprintf(file,
              "%.1f,%.1f ",
              PLOT_WIDTH * i / (n - 1U),
              height_of(value[i], range));
    }
  }
  fputs("\"/>\n", file);
}

static void
begin_plot(FILE* const file)
{
  fprintf(file,
          "<br><svg width=\"%.0f\" height=\"%.0f\">\n",
          PLOT_WIDTH,
          PLOT_HEIGHT);
}

static void
draw_question(const Sweep* const sweep, const uint32_t i, FILE* const file)
{
  const Question question = sweep_question(i);
  const Range    range    = range_of(sweep, i);
  double         worst    = 0.0;
  const Mark     mark     = sweep_mark(sweep, i, &worst);
  fprintf(file,
          "<div class=\"p\">%s &rarr; %s: %s",
          question.knob,
          question.measure,
          verdict(mark));
  begin_plot(file);
  for (uint32_t s = 0U; s < sweep->plan.n_styles; ++s) {
    const Answer answer = sweep_answer(sweep, i, s);
    draw_curve(file, answer.curve, KNOB_STEPS, range, colours[s % N_COLOURS]);
  }
  fprintf(file,
          "</svg><br><small>%.3g &hellip; %.3g, Spearman of the worst style "
          "%.3f</small></div>\n",
          range.low,
          range.high,
          worst);
}

static void
draw_legend(const SweepPlan* const plan, FILE* const file)
{
  fputs("<p>", file);
  for (uint32_t s = 0U; s < plan->n_styles; ++s) {
    fprintf(file,
            "<b style=\"color:%s\">&#9644; %s</b> &nbsp; ",
            colours[s % N_COLOURS],
            style_row(plan->styles[s])->name);
  }
  fputs("</p>\n", file);
}

/// Standard errors, as bars
static void
draw_errors(FILE* const file, const Morph* const morph, const Range range)
{
  for (uint32_t i = 0U; i < MORPH_STEPS; ++i) {
    if (morph->n[i]) {
      const double x = PLOT_WIDTH * i / (MORPH_STEPS - 1U);
      fprintf(file,
              "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" "
              "stroke=\"#b9b3a6\" stroke-width=\"3\"/>\n",
              x,
              x,
              height_of(morph->likely[i] - morph->error[i], range),
              height_of(morph->likely[i] + morph->error[i], range));
    }
  }
}

static void
draw_morph(const Morph* const morph, FILE* const file)
{
  const Range range = {0.0, 1.0};
  fprintf(file,
          "<div class=\"p\">%s &rarr; %s: %s",
          style_row(morph->pair.from)->name,
          style_row(morph->pair.to)->name,
          verdict(morph_mark(morph)));
  begin_plot(file);
  draw_errors(file, morph, range);
  draw_curve(file, morph->likely, MORPH_STEPS, range, colours[0]);
  fprintf(file,
          "</svg><br><small>0 &hellip; 1, by %s, Spearman %.3f</small></div>\n",
          view_name(morph->view),
          morph_spearman(morph));
}

void
sweep_report_html(const SweepReport* const report, FILE* const file)
{
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<title>What the knobs do</title>\n"
        "<style>body{font:15px sans-serif;background:#fbfaf6;color:#2e2e33;"
        "margin:2em;max-width:75em}.p{display:inline-block;margin:.4em}"
        "svg{background:#fff;border:1px solid #dcd9d1}small{color:#77736a}"
        "</style></head><body>\n<h1>What the knobs do</h1>\n",
        file);
  draw_legend(&report->sweep->plan, file);
  for (uint32_t i = 0U; i < N_QUESTIONS; ++i) {
    draw_question(report->sweep, i, file);
  }
  if (report->n_morphs) {
    fprintf(file,
            "<h2>From one style to another over 16 bars</h2>\n<p>How likely "
            "the second style is to a plain classifier that learned from real "
            "music: mean over %u seeds, and its standard error.</p>\n",
            report->n_morph_seeds);
  }
  for (uint32_t m = 0U; m < report->n_morphs; ++m) {
    draw_morph(&report->morphs[m], file);
  }
  fputs("<h2>The whole table</h2>\n<pre>", file);
  sweep_report_text(report, file);
  fputs("</pre></body></html>\n", file);
}
