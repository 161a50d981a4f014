// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/canvas.h"

#include <cairo.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TURN 6.28318530717958647692
#define MAX_TEXT 512U

/// Heights of letters, points
static const double sizes[N_FONTS] = {10.0, 11.5, 18.0};

struct Canvas {
  cairo_surface_t* surface;
  cairo_t*         cairo;
  uint32_t         width;
  uint32_t         height;
  double           scale;
};

Canvas*
canvas_new(const uint32_t width, const uint32_t height, const double scale)
{
  Canvas* const self = (Canvas*)calloc(1U, sizeof(Canvas));
  if (!self) {
    return NULL;
  }

  self->width  = width;
  self->height = height;
  self->scale  = scale;
  self->surface =
    cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
  self->cairo = cairo_create(self->surface);
  if (cairo_status(self->cairo)) {
    canvas_free(self);
    return NULL;
  }

  cairo_scale(self->cairo, scale, scale);
  cairo_set_line_join(self->cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap(self->cairo, CAIRO_LINE_CAP_ROUND);
  cairo_select_font_face(self->cairo,
                         "sans-serif",
                         CAIRO_FONT_SLANT_NORMAL,
                         CAIRO_FONT_WEIGHT_NORMAL);

  // As wide at every scale: what fits on one screen fits on all
  cairo_font_options_t* const options = cairo_font_options_create();
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_set_font_options(self->cairo, options);
  cairo_font_options_destroy(options);
  return self;
}

void
canvas_free(Canvas* const self)
{
  if (self) {
    cairo_destroy(self->cairo);
    cairo_surface_destroy(self->surface);
    free(self);
  }
}

uint32_t
canvas_width(const Canvas* const self)
{
  return self->width;
}

uint32_t
canvas_height(const Canvas* const self)
{
  return self->height;
}

const uint8_t*
canvas_pixels(Canvas* const self, uint32_t* const stride)
{
  cairo_surface_flush(self->surface);
  *stride = (uint32_t)cairo_image_surface_get_stride(self->surface);
  return cairo_image_surface_get_data(self->surface);
}

/// The nearest edge of a pixel, points
static double
snap(const Canvas* const self, const double place)
{
  return floor(place * self->scale + 0.5) / self->scale;
}

/// The nearest whole pixels: they are crisp, and what is drawn over them again
/// covers them
static Rect
snap_box(const Canvas* const self, const Rect box)
{
  const double x     = snap(self, box.x);
  const double y     = snap(self, box.y);
  const Rect   whole = {
      x, y, snap(self, box.x + box.w) - x, snap(self, box.y + box.h) - y};
  return whole;
}

void
canvas_clip(Canvas* const self, const Rect box)
{
  const Rect whole = snap_box(self, box);
  cairo_save(self->cairo);
  cairo_rectangle(self->cairo, whole.x, whole.y, whole.w, whole.h);
  cairo_clip(self->cairo);
}

void
canvas_unclip(Canvas* const self)
{
  cairo_restore(self->cairo);
}

static void
use_ink(Canvas* const self, const Ink ink)
{
  cairo_set_source_rgba(self->cairo,
                        (double)(ink.rgb >> 16U & 0xFFU) / 255.0,
                        (double)(ink.rgb >> 8U & 0xFFU) / 255.0,
                        (double)(ink.rgb & 0xFFU) / 255.0,
                        (double)ink.alpha);
}

void
canvas_fill(Canvas* const self, const Rect box, const Ink ink)
{
  const Rect whole = snap_box(self, box);
  use_ink(self, ink);
  cairo_rectangle(self->cairo, whole.x, whole.y, whole.w, whole.h);
  cairo_fill(self->cairo);
}

static void
round_path(Canvas* const self, const Rect box, const double wanted)
{
  const double least   = box.w < box.h ? box.w : box.h;
  const double radius  = wanted > 0.5 * least ? 0.5 * least : wanted;
  const double right   = box.x + box.w - radius;
  const double low     = box.y + box.h - radius;
  const double quarter = 0.25 * TURN;

  cairo_new_sub_path(self->cairo);
  cairo_arc(self->cairo, right, box.y + radius, radius, -quarter, 0.0);
  cairo_arc(self->cairo, right, low, radius, 0.0, quarter);
  cairo_arc(self->cairo, box.x + radius, low, radius, quarter, 2.0 * quarter);
  cairo_arc(self->cairo,
            box.x + radius,
            box.y + radius,
            radius,
            2.0 * quarter,
            3.0 * quarter);
  cairo_close_path(self->cairo);
}

void
canvas_round(Canvas* const self,
             const Rect    box,
             const double  radius,
             const Ink     ink)
{
  use_ink(self, ink);
  round_path(self, snap_box(self, box), radius);
  cairo_fill(self->cairo);
}

static void
stroke(Canvas* const self, const double width, const Ink ink)
{
  use_ink(self, ink);
  cairo_set_line_width(self->cairo, width);
  cairo_stroke(self->cairo);
}

void
canvas_frame(Canvas* const self,
             const Rect    box,
             const double  radius,
             const double  width,
             const Ink     ink)
{
  const double half   = 0.5 * width;
  const Rect   inside = {
      box.x + half, box.y + half, box.w - width, box.h - width};
  round_path(self, inside, radius);
  stroke(self, width, ink);
}

void
canvas_line(Canvas* const self,
            const double  x0,
            const double  y0,
            const double  x1,
            const double  y1,
            const double  width,
            const Ink     ink)
{
  cairo_move_to(self->cairo, x0, y0);
  cairo_line_to(self->cairo, x1, y1);
  stroke(self, width, ink);
}

static void
point_path(Canvas* const self, const double* const points, const uint32_t n)
{
  cairo_new_sub_path(self->cairo);
  for (uint32_t i = 0U; i < n; ++i) {
    cairo_line_to(self->cairo, points[2U * i], points[2U * i + 1U]);
  }
}

void
canvas_path(Canvas* const       self,
            const double* const points,
            const uint32_t      n,
            const double        width,
            const Ink           ink)
{
  point_path(self, points, n);
  stroke(self, width, ink);
}

void
canvas_disc(Canvas* const self,
            const double  x,
            const double  y,
            const double  radius,
            const Ink     ink)
{
  use_ink(self, ink);
  cairo_new_sub_path(self->cairo);
  cairo_arc(self->cairo, x, y, radius, 0.0, TURN);
  cairo_fill(self->cairo);
}

void
canvas_ring(Canvas* const self,
            const double  x,
            const double  y,
            const double  radius,
            const double  width,
            const Ink     ink)
{
  cairo_new_sub_path(self->cairo);
  cairo_arc(self->cairo, x, y, radius, 0.0, TURN);
  stroke(self, width, ink);
}

void
canvas_arc(Canvas* const self,
           const double  x,
           const double  y,
           const double  radius,
           const double  from,
           const double  to,
           const double  width,
           const Ink     ink)
{
  cairo_new_sub_path(self->cairo);
  cairo_arc(
    self->cairo, x, y, radius, (from - 0.25) * TURN, (to - 0.25) * TURN);
  stroke(self, width, ink);
}

/// How many bytes the letter of UTF-8 takes that a text begins with; 0 where
/// there is none that cairo would take
static size_t
letter_size(const char* const text)
{
  static const uint32_t firsts[] = {0U, 0U, 0x80U, 0x800U, 0x10000U};

  const unsigned char head = (unsigned char)text[0];
  const size_t        n    = head < 0x80U   ? 1U
                             : head < 0xC0U ? 0U
                             : head < 0xE0U ? 2U
                             : head < 0xF0U ? 3U
                             : head < 0xF8U ? 4U
                                            : 0U;
  uint32_t            code = n == 1U ? head : head & 0x7FU >> n;
  for (size_t i = 1U; i < n; ++i) {
    if (((unsigned char)text[i] & 0xC0U) != 0x80U) {
      return 0U; // Also where it ends too early
    }
    code = code << 6U | ((unsigned char)text[i] & 0x3FU);
  }
  const bool is_letter =
    code >= firsts[n] && code <= 0x10FFFFU && (code & 0xFFFFF800U) != 0xD800U &&
    (code & 0xFFFEU) != 0xFFFEU && (code < 0xFDD0U || code > 0xFDEFU);
  return is_letter ? n : 0U;
}

/**
   Take whole letters of a text, as many as there is room for.

   Names of files may be of any bytes.  What is no letter becomes a question
   mark: cairo draws nothing any more once it was given one.
   @param taken (MAX_TEXT)
   @return Whether all of it was taken.
*/
static bool
take_letters(const char* const text, char* const taken)
{
  const char* from = text;
  size_t      n    = 0U;
  while (*from) {
    const size_t size = letter_size(from);
    const size_t more = size ? size : 1U;
    if (n + more > MAX_TEXT - 4U) {
      break;
    }
    memcpy(taken + n, size ? from : "?", more);
    n += more;
    from += more;
  }
  taken[n] = '\0';
  return !*from;
}

static double
width_of(Canvas* const self, const FontSize font, const char* const letters)
{
  cairo_text_extents_t extents;
  cairo_set_font_size(self->cairo, sizes[font]);
  cairo_text_extents(self->cairo, letters, &extents);
  return extents.x_advance;
}

double
canvas_text_width(Canvas* const     self,
                  const FontSize    font,
                  const char* const text)
{
  char letters[MAX_TEXT];
  (void)take_letters(text, letters);
  return width_of(self, font, letters);
}

/// Cut a text until it is narrow enough with dots behind it
static void
cut(Canvas* const     self,
    const FontSize    font,
    const double      width,
    const char* const text,
    char* const       fitting)
{
  const bool is_whole = take_letters(text, fitting);
  size_t     n        = strlen(fitting);
  if (is_whole && width_of(self, font, fitting) <= width) {
    return;
  }
  while (n) {
    do { // A letter of UTF-8 is cut as a whole
      --n;
    } while (n && ((unsigned char)fitting[n] & 0xC0U) == 0x80U);
    strcpy(fitting + n, "\xE2\x80\xA6");
    if (width_of(self, font, fitting) <= width) {
      return;
    }
  }
}

void
canvas_text(Canvas* const     self,
            const Rect        box,
            const Align       align,
            const FontSize    font,
            const Ink         ink,
            const char* const text)
{
  char fitting[MAX_TEXT];
  cut(self, font, box.w, text, fitting);

  const double room  = box.w - width_of(self, font, fitting);
  const double share = align == ALIGN_LEFT    ? 0.0
                       : align == ALIGN_RIGHT ? 1.0
                                              : 0.5;

  // Letters such as x are about half as high as the size says
  cairo_move_to(self->cairo,
                box.x + share * room,
                box.y + 0.5 * box.h + 0.36 * sizes[font]);
  use_ink(self, ink);
  cairo_show_text(self->cairo, fitting);
  cairo_new_path(self->cairo);
}

void
canvas_copy(Canvas* const self, Canvas* const from, const Rect box)
{
  const Rect whole = snap_box(self, box);
  cairo_save(self->cairo);
  cairo_rectangle(self->cairo, whole.x, whole.y, whole.w, whole.h);
  cairo_clip(self->cairo);
  cairo_identity_matrix(self->cairo);
  cairo_set_source_surface(self->cairo, from->surface, 0.0, 0.0);
  cairo_paint(self->cairo);
  cairo_restore(self->cairo);
}
