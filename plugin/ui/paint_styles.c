// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"
#include "plugin/ui/ui_panels.h"

#include "plugin/ui/ui_controls.h"

#include <math.h>
#include <stdio.h>

static double
weight_of(const Scene* const scene, const unsigned style)
{
  return (double)scene->model->ports[PORT_MIX_FIRST + style];
}

static double
weight_sum(const Scene* const scene)
{
  double sum = 0.0;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    sum += weight_of(scene, i);
  }
  return sum;
}

/// The strongest styles, in words
static void
mix_text(const Scene* const scene, char* const text, const size_t size)
{
  const double sum           = weight_sum(scene);
  bool         has[N_STYLES] = {false};
  size_t       n             = 0U;
  (void)snprintf(text, size, "%s", sum > 0.0 ? "" : "nothing: house");
  for (unsigned k = 0U; sum > 0.0 && k < 3U; ++k) {
    unsigned best = 0U;
    for (unsigned i = 1U; i < N_STYLES; ++i) {
      const bool is_better =
        has[best] || weight_of(scene, i) > weight_of(scene, best);
      best = !has[i] && is_better ? i : best;
    }
    if (has[best] || weight_of(scene, best) <= 0.0) {
      return;
    }
    has[best]   = true;
    const int m = snprintf(text + n,
                           size - n,
                           "%s%s %.0f %%",
                           n ? ", " : "",
                           style_row((Style)best)->name,
                           100.0 * weight_of(scene, best) / sum);
    n += m > 0 && (size_t)m < size - n ? (size_t)m : 0U;
  }
}

void
paint_pad(const Scene* const scene, Canvas* const canvas)
{
  const Layout* const layout = scene->layout;
  const Rect          panel  = layout->panels[PANEL_PAD];
  const Rect          pad    = layout->pad;
  const double        sum    = weight_sum(scene);
  const double        x      = pad.x + pad.w * scene->point.x;
  const double        y      = pad.y + pad.h * scene->point.y;
  const int           item   = layout_find(layout, ITEM_PAD, PORT_MIX_FIRST);

  brush_panel(scene, PANEL_PAD, canvas);
  brush_title(canvas, panel, control_group_name(GROUP_STYLES));
  char       text[BRUSH_LINE];
  const Rect right = {panel.x + 64.0, panel.y + 2.0, panel.w - 72.0, 15.0};
  mix_text(scene, text, sizeof(text));
  canvas_text(canvas, right, ALIGN_RIGHT, FONT_SMALL, ink_text, text);

  canvas_round(canvas, pad, 4.0, ink_deep);
  canvas_clip(canvas, pad);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const MapPoint place = style_map_place((Style)i);
    const double   share = sum > 0.0 ? weight_of(scene, i) / sum : 0.0;
    if (share > 0.0) {
      canvas_line(canvas,
                  x,
                  y,
                  pad.x + pad.w * place.x,
                  pad.y + pad.h * place.y,
                  1.0 + 3.0 * share,
                  brush_faded(style_inks[i], 0.25 + 0.5 * share));
    }
  }
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const MapPoint place = style_map_place((Style)i);
    const double   px    = pad.x + pad.w * place.x;
    const double   py    = pad.y + pad.h * place.y;
    const double   share = sum > 0.0 ? weight_of(scene, i) / sum : 0.0;
    const double   wide =
      canvas_text_width(canvas, FONT_SMALL, style_row((Style)i)->name) + 4.0;
    const double left  = px - 0.5 * wide;
    const double least = pad.x + 2.0;
    const double most  = pad.x + pad.w - 2.0 - wide;
    const Rect   label = {left < least  ? least
                          : left > most ? most
                                        : left,
                        py + 4.0,
                        wide,
                        13.0};
    canvas_disc(canvas,
                px,
                py,
                3.0 + 6.0 * sqrt(share),
                brush_faded(style_inks[i], share > 0.0 ? 1.0 : 0.6));
    canvas_text(canvas,
                label,
                ALIGN_CENTRE,
                FONT_SMALL,
                share > 0.0 ? ink_text : ink_dim,
                style_row((Style)i)->name);
  }
  canvas_ring(canvas, x, y, 8.0, 2.0, ink_white);
  canvas_disc(canvas, x, y, 2.0, ink_white);
  canvas_unclip(canvas);
  if (scene->hovered == item || scene->held == item) {
    canvas_frame(canvas, pad, 4.0, 1.0, ink_edge);
  }
  brush_focus(scene, item, canvas);
}

void
paint_weights(const Scene* const scene, Canvas* const canvas)
{
  brush_panel(scene, PANEL_WEIGHTS, canvas);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const PortIndex port      = (PortIndex)(PORT_MIX_FIRST + i);
    const int       item      = layout_find(scene->layout, ITEM_PORT, port);
    const Rect      box       = scene->layout->items[item].box;
    const double    value     = weight_of(scene, i);
    const bool      is_bright = scene->hovered == item || scene->held == item;
    const Rect      name      = {box.x, box.y, LAYOUT_WEIGHT_NAME_W, box.h};
    const Rect      bar       = layout_weight_bar(box);
    const Rect      part      = {bar.x, bar.y, bar.w * value / 100.0, bar.h};
    const Rect      number    = {box.x + box.w - 24.0, box.y, 22.0, box.h};

    char text[16];
    (void)snprintf(text, sizeof(text), "%.0f", value);
    canvas_text(canvas,
                name,
                ALIGN_LEFT,
                FONT_SMALL,
                value > 0.0 || is_bright ? ink_text : ink_dim,
                control_name(port));
    canvas_round(canvas, bar, 2.0, is_bright ? ink_knob : ink_deep);
    if (value > 0.0) {
      canvas_round(canvas, part, 2.0, style_inks[i]);
    }
    canvas_text(canvas,
                number,
                ALIGN_RIGHT,
                FONT_SMALL,
                value > 0.0 || is_bright ? ink_text : ink_faint,
                text);
    if (item == scene->focused && scene->entry.is_on) {
      const Rect wide = {number.x - 16.0, box.y - 2.0, 40.0, box.h + 4.0};
      brush_entry(scene, wide, canvas);
    }
    brush_focus(scene, item, canvas);
  }
}
