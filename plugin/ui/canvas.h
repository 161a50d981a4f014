// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A sheet to draw on: a handful of primitives in points, on pixels in memory.

   A point is a pixel on an ordinary screen and `scale` pixels on a denser one.
   It needs no screen; a window shows what is on it.
*/
#ifndef PERPETUO_PLUGIN_UI_CANVAS_H
#define PERPETUO_PLUGIN_UI_CANVAS_H

#include "base/attributes.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Canvas Canvas;

/// A colour: 0xRRGGBB, and how much it covers, 0 .. 1
typedef struct {
  uint32_t rgb;
  float    alpha;
} Ink;

/// A rectangle, in points from the upper left corner
typedef struct {
  double x, y, w, h;
} Rect;

typedef enum { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT } Align;

typedef enum { FONT_SMALL, FONT_NORMAL, FONT_LARGE, N_FONTS } FontSize;

/// Whether a point lies in it
static inline bool
rect_has(const Rect box, const double x, const double y)
{
  return x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h;
}

/**
   A canvas of so many pixels, black; null when there is no memory.

   Memory: canvas_free().
*/
Canvas*
canvas_new(uint32_t width, uint32_t height, double scale);

/// Null is allowed
void
canvas_free(Canvas* canvas);

uint32_t
canvas_width(const Canvas* canvas);

uint32_t
canvas_height(const Canvas* canvas);

/// Its pixels, 0xAARRGGBB in the machine's order, rows of `stride` bytes.
/// Borrowed until the next drawing.
const uint8_t*
canvas_pixels(Canvas* canvas, uint32_t* stride);

/// Draw nowhere else until canvas_unclip(); they do not nest
void
canvas_clip(Canvas* canvas, Rect box);

void
canvas_unclip(Canvas* canvas);

/// A rectangle of whole pixels, the nearest ones
void
canvas_fill(Canvas* canvas, Rect box, Ink ink);

/// As canvas_fill(), with round corners
void
canvas_round(Canvas* canvas, Rect box, double radius, Ink ink);

/// Its outline, inside of it
void
canvas_frame(Canvas* canvas, Rect box, double radius, double width, Ink ink);

void
canvas_line(Canvas* canvas,
            double  x0,
            double  y0,
            double  x1,
            double  y1,
            double  width,
            Ink     ink);

/// A line through `n` points (x, y, x, y, ...)
void
canvas_path(Canvas*       canvas,
            const double* points,
            uint32_t      n,
            double        width,
            Ink           ink);

void
canvas_disc(Canvas* canvas, double x, double y, double radius, Ink ink);

void
canvas_ring(Canvas* canvas,
            double  x,
            double  y,
            double  radius,
            double  width,
            Ink     ink);

/// A piece of a circle's line; angles in turns, clockwise from the top
void
canvas_arc(Canvas* canvas,
           double  x,
           double  y,
           double  radius,
           double  from,
           double  to,
           double  width,
           Ink     ink);

/// One line of text, in the middle of the box's height; what is too wide is cut
/// and ends with dots, and bytes that are no UTF-8 become question marks
void
canvas_text(Canvas*     canvas,
            Rect        box,
            Align       align,
            FontSize    font,
            Ink         ink,
            const char* text);

/// How wide a text is, points
double
canvas_text_width(Canvas* canvas, FontSize font, const char* text);

/// Copy a part of another canvas of the same size and scale to the same place
void
canvas_copy(Canvas* canvas, Canvas* from, Rect box);

#endif // PERPETUO_PLUGIN_UI_CANVAS_H
