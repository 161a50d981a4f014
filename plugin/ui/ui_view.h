// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The window's face: draws the model, and turns pointer and keys into wishes.

   It knows no window system: it draws on a canvas in memory and is told of
   pointer and keys, so it is tested without a screen.  Only what looks
   different from the last time is drawn.
*/
#ifndef PERPETUO_PLUGIN_UI_UI_VIEW_H
#define PERPETUO_PLUGIN_UI_UI_VIEW_H

#include "plugin/ports.h"
#include "plugin/ui/canvas.h"
#include "plugin/ui/take.h"
#include "plugin/ui/ui_model.h"
#include "plugin/ui/window.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct View View;

/// Size that it is made for, points; and the smallest at which nothing shrinks
#define VIEW_WIDTH 1080.0
#define VIEW_HEIGHT 760.0
#define VIEW_MIN_WIDTH 900.0
#define VIEW_MIN_HEIGHT 690.0

/// What a person wishes, told while an event is taken in
typedef struct {
  void* data;
  /// A port is to have another value.  The model has it already.
  void (*set)(void* data, PortIndex index, float value);
  /// A port is being moved by hand, from now on or no longer
  void (*touch)(void* data, PortIndex index, bool is_held);
  /// Music is to be dragged out; view_drag_ended() follows
  void (*drag)(void* data, TakeKind kind, uint32_t n_bars);
  /// Music is to be written into the folder
  void (*save)(void* data, TakeKind kind, uint32_t n_bars);
  /// Another folder is wanted; view_set_folder() or view_say() follows
  void (*folder)(void* data, const char* text);
  void (*cursor)(void* data, CursorLook cursor);
  /// Text is to be typed, or keys are to go to a control
  void (*focus)(void* data, bool is_wanted);
} ViewCalls;

/// @param model Borrowed; the view changes its ports.  @param calls Copied.
/// @return Null when there is no memory.
View*
view_new(UiModel* model, const ViewCalls* calls);

/// Null is allowed
void
view_free(View* view);

/// @param scale Pixels in a point.  @return false: out of memory, and the old
/// size stays.
bool
view_resize(View* view, uint32_t width, uint32_t height, double scale);

/// What it has drawn.  Borrowed until the next view_resize().
Canvas*
view_canvas(View* view);

/**
   Draw what has changed.

   @param boxes (VIEW_MAX_BOXES) What was drawn, in pixels.
   @return How many; 0 when nothing looks different.
*/
#define VIEW_MAX_BOXES 64U
uint32_t
view_draw(View* view, int64_t now_us, Rect* boxes);

void
view_pointer(View* view, const Pointer* pointer, int64_t now_us);

/// @return Whether the key meant anything here
bool
view_key(View* view, const Key* key, int64_t now_us);

/// The keyboard is ours, or not any more
void
view_focus(View* view, bool has_it, int64_t now_us);

void
view_drag_ended(View* view, DragEnd end);

void
view_set_folder(View* view, const char* folder);

/// Show a sentence for some seconds
void
view_say(View* view, const char* text, int64_t now_us);

/// Where a port's control is, points: for tests and for hosts' tooltips.
/// @return false when it is not shown.
bool
view_find_port(const View* view, PortIndex index, Rect* box);

/// Where something else is that can be touched, by name: "pad", "threshold",
/// "scores" (its span, 100 to 0 %), "dice", "drag_phrase", "save_phrase",
/// "drag_bars", "n_bars", "save_bars", "folder"
bool
view_find(const View* view, const char* name, Rect* box);

#endif // PERPETUO_PLUGIN_UI_UI_VIEW_H
