// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"
#include "plugin/ui/ui_panels.h"

#include <stdio.h>

/// What tells that something can be dragged
static void
draw_grip(const Rect box, Canvas* const canvas)
{
  for (unsigned i = 0U; i < 3U; ++i) {
    const double y = box.y + 0.5 * box.h + 4.0 * ((double)i - 1.0);
    canvas_disc(canvas, box.x + 8.0, y, 1.1, ink_dim);
    canvas_disc(canvas, box.x + 12.0, y, 1.1, ink_dim);
  }
}

static void
draw_drag(const Scene* const scene,
          const int          item,
          const char* const  text,
          const bool         is_able,
          Canvas* const      canvas)
{
  const Rect box  = scene->layout->items[item].box;
  const Rect rest = {box.x + 18.0, box.y, box.w - 22.0, box.h};
  canvas_round(canvas, box, 4.0, ink_deep);
  canvas_frame(canvas,
               box,
               4.0,
               1.0,
               scene->hovered == item && is_able ? ink_accent : ink_edge);
  draw_grip(box, canvas);
  canvas_text(canvas,
              rest,
              ALIGN_CENTRE,
              FONT_NORMAL,
              is_able ? ink_text : ink_faint,
              text);
  brush_focus(scene, item, canvas);
}

void
paint_take(const Scene* const scene, Canvas* const canvas)
{
  const Layout* const layout     = scene->layout;
  const bool          has_phrase = brush_phrase(scene, SHOW_NOW, PART_MELODY) ||
                          brush_phrase(scene, SHOW_NOW, PART_DRUMS);
  const bool has_bars = scene->model->n_played;
  char       text[ENTRY_ROOM];

  brush_panel(scene, PANEL_TAKE, canvas);
  draw_drag(scene,
            layout_find(layout, ITEM_DRAG_PHRASE, PORT_CONTROL),
            "This phrase",
            has_phrase,
            canvas);
  brush_button(scene,
               layout_find(layout, ITEM_SAVE_PHRASE, PORT_CONTROL),
               "Save",
               false,
               has_phrase,
               canvas);
  draw_drag(scene,
            layout_find(layout, ITEM_DRAG_BARS, PORT_CONTROL),
            "The last",
            has_bars,
            canvas);
  (void)snprintf(text,
                 sizeof(text),
                 "%u bar%s",
                 scene->n_bars,
                 scene->n_bars == 1U ? "" : "s");
  brush_button(scene,
               layout_find(layout, ITEM_N_BARS, PORT_CONTROL),
               text,
               false,
               true,
               canvas);
  brush_button(scene,
               layout_find(layout, ITEM_SAVE_BARS, PORT_CONTROL),
               "Save",
               false,
               has_bars,
               canvas);

  const int  folder = layout_find(layout, ITEM_FOLDER, PORT_CONTROL);
  const Rect box    = layout->items[folder].box;
  const Rect label  = {box.x - 24.0, box.y, 22.0, box.h};
  const Rect inside = {box.x + 6.0, box.y, box.w - 12.0, box.h};
  canvas_text(canvas, label, ALIGN_RIGHT, FONT_SMALL, ink_dim, "to");
  if (scene->focused == folder && scene->entry.is_on) {
    brush_entry(scene, box, canvas);
    return;
  }
  canvas_round(canvas, box, 4.0, ink_deep);
  canvas_frame(
    canvas, box, 4.0, 1.0, scene->hovered == folder ? ink_dim : ink_edge);
  canvas_text(canvas,
              inside,
              ALIGN_LEFT,
              FONT_SMALL,
              ink_dim,
              scene->folder[0] ? scene->folder : "no folder yet: type one");
  brush_focus(scene, folder, canvas);
}
