// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"
#include "plugin/ui/ui_panels.h"

#include "plugin/ui/ui_controls.h"

#include <stdio.h>

static double
share_of(const PortIndex index, const float value)
{
  const Port port = port_at(index);
  return (double)(value - port.minimum) / (double)(port.maximum - port.minimum);
}

static void
draw_knob(const Scene* const scene, const int item, Canvas* const canvas)
{
  const PortIndex port      = scene->layout->items[item].port;
  const Rect      box       = scene->layout->items[item].box;
  const float     value     = scene->model->ports[port];
  const bool      is_bright = scene->hovered == item || scene->held == item;
  const double    x         = box.x + 0.5 * box.w;
  const double    y         = box.y + 20.0;
  const double    from      = -0.375;
  const double    share     = share_of(port, value);
  const double    to        = from + 0.75 * share;
  const double    usual = from + 0.75 * share_of(port, port_at(port).standard);

  canvas_disc(canvas, x, y, 12.5, is_bright ? ink_knob : ink_deep);
  canvas_arc(canvas, x, y, 16.0, from, 0.375, 3.0, ink_knob);
  if (share > 0.004) {
    canvas_arc(
      canvas, x, y, 16.0, from, to, 3.0, is_bright ? ink_white : ink_accent);
  }
  canvas_arc(canvas, x, y, 19.5, usual - 0.006, usual + 0.006, 2.0, ink_faint);

  char       text[32];
  const Rect inside = {x - 15.0, y - 8.0, 30.0, 16.0};
  (void)snprintf(
    text, sizeof(text), "%g", (double)control_round(port, (double)value));
  canvas_text(canvas, inside, ALIGN_CENTRE, FONT_SMALL, ink_text, text);
}

static void
draw_choice(const Scene* const scene, const int item, Canvas* const canvas)
{
  const PortIndex port      = scene->layout->items[item].port;
  const Rect      box       = scene->layout->items[item].box;
  const Rect      field     = {box.x + 3.0, box.y + 9.0, box.w - 6.0, 22.0};
  const Rect      words     = {field.x + 8.0, field.y, field.w - 16.0, field.h};
  const double    y         = field.y + 0.5 * field.h;
  const bool      is_bright = scene->hovered == item || scene->held == item;
  const Ink       arrows    = is_bright ? ink_accent : ink_faint;
  char            text[64];

  control_text(port, scene->model->ports[port], text, sizeof(text));
  canvas_round(canvas, field, 4.0, ink_deep);
  canvas_frame(canvas, field, 4.0, 1.0, is_bright ? ink_dim : ink_edge);
  canvas_text(canvas, words, ALIGN_CENTRE, FONT_SMALL, ink_text, text);
  const double left[] = {
    field.x + 7.0, y - 3.0, field.x + 4.0, y, field.x + 7.0, y + 3.0};
  const double right[] = {field.x + field.w - 7.0,
                          y - 3.0,
                          field.x + field.w - 4.0,
                          y,
                          field.x + field.w - 7.0,
                          y + 3.0};
  canvas_path(canvas, left, 3U, 1.2, arrows);
  canvas_path(canvas, right, 3U, 1.2, arrows);
}

static void
draw_switch(const Scene* const scene, const int item, Canvas* const canvas)
{
  const PortIndex port  = scene->layout->items[item].port;
  const Rect      box   = scene->layout->items[item].box;
  const bool      is_on = scene->model->ports[port] > 0.5f;
  const double    x     = box.x + 0.5 * box.w;
  const double    y     = box.y + 20.0;
  const Rect      pill  = {x - 17.0, y - 9.0, 34.0, 18.0};
  canvas_round(canvas, pill, 9.0, is_on ? ink_accent : ink_knob);
  canvas_disc(canvas,
              is_on ? x + 8.0 : x - 8.0,
              y,
              6.5,
              scene->hovered == item ? ink_white : ink_text);
}

void
paint_group(const Scene* const scene, const Panel panel, Canvas* const canvas)
{
  const Group group = (Group)(GROUP_SONG + (panel - PANEL_GROUPS));
  brush_panel(scene, panel, canvas);
  brush_title(canvas, scene->layout->panels[panel], control_group_name(group));
  for (int i = 0; i < (int)scene->layout->n_items; ++i) {
    if (!brush_is_in(scene, i, panel)) {
      continue;
    }
    const PortIndex   port = scene->layout->items[i].port;
    const ControlKind kind = control_at(port)->kind;
    if (kind == CONTROL_KNOB) {
      draw_knob(scene, i, canvas);
    } else if (kind == CONTROL_CHOICE) {
      draw_choice(scene, i, canvas);
    } else {
      draw_switch(scene, i, canvas);
    }

    const Rect box   = scene->layout->items[i].box;
    const Rect label = {box.x, box.y + box.h - 17.0, box.w, 15.0};
    if (i == scene->focused && scene->entry.is_on) {
      const Rect wide = {box.x + 4.0, label.y - 1.0, box.w - 8.0, 17.0};
      brush_entry(scene, wide, canvas);
      continue;
    }
    char text[64];
    (void)snprintf(text, sizeof(text), "%s", control_name(port));
    if (scene->held == i) {
      control_text(port, scene->model->ports[port], text, sizeof(text));
    }
    canvas_text(canvas,
                label,
                ALIGN_CENTRE,
                FONT_SMALL,
                scene->held == i ? ink_white : ink_dim,
                text);
    brush_focus(scene, i, canvas);
  }
}
