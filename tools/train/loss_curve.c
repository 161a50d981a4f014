// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/loss_curve.h"

#include <cairo.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#define WIDTH 960
#define HEIGHT 540
#define LEFT 70.0
#define RIGHT 150.0
#define TOP 56.0
#define BOTTOM 52.0

typedef struct {
  double red, green, blue;
} Colour;

static const Colour paper    = {0.985, 0.98, 0.965};
static const Colour ink      = {0.18, 0.18, 0.20};
static const Colour grid     = {0.86, 0.85, 0.82};
static const Colour train    = {0.55, 0.62, 0.70};
static const Colour held_out = {0.80, 0.25, 0.15};
static const Colour rival    = {0.25, 0.50, 0.35};

/// What is drawn on, and how steps and losses lie on it
typedef struct {
  cairo_t* cr;
  double   n_steps;
  double   low;  ///< Loss at the bottom
  double   high; ///< Loss at the top
} Paper;

static double
x_of(const Paper* const p, const double step)
{
  return LEFT + step / p->n_steps * (WIDTH - LEFT - RIGHT);
}

static double
y_of(const Paper* const p, const double loss)
{
  const double share = (loss - p->low) / (p->high - p->low);
  return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

static void
set_colour(const Paper* const p, const Colour colour)
{
  cairo_set_source_rgb(p->cr, colour.red, colour.green, colour.blue);
}

static void
write_at(const Paper* const p,
         const double       x,
         const double       y,
         const double       size,
         const char* const  text)
{
  cairo_set_font_size(p->cr, size);
  cairo_move_to(p->cr, x, y);
  cairo_show_text(p->cr, text);
}

/// Range of losses, from what is worth seeing: the first marks may stand out
static void
find_range(Paper* const p, const LossCurve* const curve)
{
  const double rivals[2] = {curve->trigram, curve->fivegram};
  double       low       = INFINITY;
  double       high      = -INFINITY;
  for (uint32_t i = 0U; i < curve->n_marks; ++i) {
    const Mark* const mark = &curve->mark[i];
    low                    = fmin(low, mark->train);
    high = mark->held_out >= 0.0 ? fmax(high, mark->held_out) : high;
    low  = mark->held_out >= 0.0 ? fmin(low, mark->held_out) : low;
  }
  if (curve->n_marks) {
    high = fmax(high, curve->mark[curve->n_marks - 1U].train);
  }
  for (uint32_t i = 0U; i < 2U; ++i) {
    if (rivals[i] > 0.0) {
      low  = fmin(low, rivals[i]);
      high = fmax(high, rivals[i]);
    }
  }
  if (!isfinite(low) || !isfinite(high)) {
    low  = 0.0;
    high = 1.0;
  }

  const double margin = fmax(0.05 * (high - low), 0.02);
  p->low              = fmax(0.0, low - margin);
  p->high             = high + margin;
}

/// A step of 1, 2 or 5 times a power of ten that divides `span` in about `n`
static double
nice_step(const double span, const double n)
{
  const double rough = span / n;
  const double power = pow(10.0, floor(log10(rough)));
  const double lead  = rough / power;
  return power * (lead < 1.5   ? 1.0
                  : lead < 3.5 ? 2.0
                  : lead < 7.5 ? 5.0
                               : 10.0);
}

static void
draw_axes(const Paper* const p)
{
  char text[32];
  cairo_set_line_width(p->cr, 1.0);
  const double loss_step = nice_step(p->high - p->low, 7.0);
  for (double v = ceil(p->low / loss_step) * loss_step; v <= p->high;
       v += loss_step) {
    set_colour(p, grid);
    cairo_move_to(p->cr, LEFT, floor(y_of(p, v)) + 0.5);
    cairo_line_to(p->cr, WIDTH - RIGHT, floor(y_of(p, v)) + 0.5);
    cairo_stroke(p->cr);
    set_colour(p, ink);
    snprintf(text, sizeof(text), "%.2f", v);
    write_at(p, LEFT - 40.0, y_of(p, v) + 4.0, 12.0, text);
  }

  const double count_step = fmax(1.0, nice_step(p->n_steps, 7.0));
  for (double v = 0.0; v <= p->n_steps; v += count_step) {
    snprintf(text, sizeof(text), "%.0f", v);
    write_at(p, x_of(p, v) - 12.0, HEIGHT - BOTTOM + 20.0, 12.0, text);
  }
  write_at(p, WIDTH - RIGHT - 36.0, HEIGHT - 14.0, 12.0, "steps");
  write_at(p, 14.0, TOP - 12.0, 12.0, "nats per event");
}

static void
draw_line(const Paper* const     p,
          const LossCurve* const curve,
          const bool             is_held_out)
{
  bool   any = false;
  double x   = 0.0;
  double y   = 0.0;
  set_colour(p, is_held_out ? held_out : train);
  cairo_set_line_width(p->cr, is_held_out ? 2.4 : 1.6);
  for (uint32_t i = 0U; i < curve->n_marks; ++i) {
    const Mark* const mark = &curve->mark[i];
    const double      loss = is_held_out ? mark->held_out : mark->train;
    if (loss < 0.0 || !isfinite(loss)) {
      continue;
    }

    x = x_of(p, (double)mark->n_steps);
    y = y_of(p, fmin(loss, p->high));
    if (any) {
      cairo_line_to(p->cr, x, y);
    } else {
      cairo_move_to(p->cr, x, y);
    }
    any = true;
  }
  cairo_stroke(p->cr);
  if (any && is_held_out) {
    cairo_arc(p->cr, x, y, 3.0, 0.0, 6.2832);
    cairo_fill(p->cr);
  }
}

static void
draw_rival(const Paper* const p, const double loss, const char* const name)
{
  if (loss > 0.0) {
    const double dashes[2] = {6.0, 4.0};
    char         text[64];
    set_colour(p, rival);
    cairo_set_line_width(p->cr, 1.4);
    cairo_set_dash(p->cr, dashes, 2, 0.0);
    cairo_move_to(p->cr, LEFT, y_of(p, loss));
    cairo_line_to(p->cr, WIDTH - RIGHT, y_of(p, loss));
    cairo_stroke(p->cr);
    cairo_set_dash(p->cr, NULL, 0, 0.0);
    snprintf(text, sizeof(text), "%s %.3f", name, loss);
    write_at(p, WIDTH - RIGHT + 8.0, y_of(p, loss) + 4.0, 13.0, text);
  }
}

static void
draw_legend(const Paper* const p, const LossCurve* const curve)
{
  double last_train    = -1.0;
  double best_held_out = -1.0;
  for (uint32_t i = 0U; i < curve->n_marks; ++i) {
    const double loss = curve->mark[i].held_out;
    last_train        = curve->mark[i].train;
    if (loss >= 0.0 && (best_held_out < 0.0 || loss < best_held_out)) {
      best_held_out = loss;
    }
  }

  char text[64];
  if (best_held_out >= 0.0) {
    set_colour(p, held_out);
    snprintf(text, sizeof(text), "held out, best %.3f", best_held_out);
    write_at(p, WIDTH - RIGHT - 330.0, TOP - 12.0, 13.0, text);
  }
  if (last_train >= 0.0) {
    set_colour(p, train);
    snprintf(text, sizeof(text), "training, now %.3f", last_train);
    write_at(p, WIDTH - RIGHT - 140.0, TOP - 12.0, 13.0, text);
  }
}

Status
loss_curve_draw(const char* const      path,
                const LossCurve* const curve,
                Trouble* const         trouble)
{
  cairo_surface_t* const surface =
    cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
  Paper p = {
    cairo_create(surface), fmax(1.0, (double)curve->n_steps), 0.0, 1.0};
  find_range(&p, curve);

  set_colour(&p, paper);
  cairo_paint(p.cr);
  cairo_select_font_face(
    p.cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  set_colour(&p, ink);
  write_at(&p, 14.0, 26.0, 17.0, curve->title ? curve->title : "Training");
  draw_axes(&p);
  draw_rival(&p, curve->trigram, "trigram");
  draw_rival(&p, curve->fivegram, "5-gram");
  draw_line(&p, curve, false);
  draw_line(&p, curve, true);
  draw_legend(&p, curve);
  cairo_destroy(p.cr);

  char       name[4096];
  const int  n = snprintf(name, sizeof(name), "%s.new", path);
  const bool ok =
    n > 0 && n < (int)sizeof(name) &&
    cairo_surface_write_to_png(surface, name) == CAIRO_STATUS_SUCCESS &&
    !rename(name, path);
  cairo_surface_destroy(surface);
  if (!ok && n > 0 && n < (int)sizeof(name)) {
    remove(name); // There was no room for all of it
  }
  return ok
           ? STATUS_SUCCESS
           : trouble_say(trouble, STATUS_NO_WRITE, "Cannot write \"%s\"", path);
}
