// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A window in the host's, or one of its own: shows a canvas, hears pointer and
   keys, and lets a file be dragged out of it.

   Everything happens in window_poll(), on the thread that calls it; nothing
   waits.  window_x11.c and xdnd.c are the only files that know the window
   system.
*/
#ifndef PERPETUO_PLUGIN_UI_WINDOW_H
#define PERPETUO_PLUGIN_UI_WINDOW_H

#include "base/status.h"
#include "plugin/ui/canvas.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct UiWindow UiWindow;

/// Keys that are held with a button or another key
enum { MOD_SHIFT = 1U << 0U, MOD_CTRL = 1U << 1U, MOD_ALT = 1U << 2U };

typedef enum {
  POINTER_MOVE,
  POINTER_PRESS, ///< The first button; `n_clicks` is 2 for the second of two
  POINTER_RELEASE,
  POINTER_MENU,  ///< The third button was pressed
  POINTER_WHEEL, ///< `wheel` steps, up and away are above 0
  POINTER_LEAVE, ///< It is not over the window any more
  POINTER_LOST   ///< The button went up where we could not hear it
} PointerKind;

typedef struct {
  PointerKind kind;
  double      x, y; ///< In pixels
  unsigned    mods;
  unsigned    n_clicks;
  double      wheel;
} Pointer;

typedef enum {
  KEY_TEXT, ///< `text` was typed
  KEY_TAB,
  KEY_BACK_TAB,
  KEY_ENTER,
  KEY_ESCAPE,
  KEY_BACKSPACE,
  KEY_DELETE,
  KEY_LEFT,
  KEY_RIGHT,
  KEY_UP,
  KEY_DOWN,
  KEY_PAGE_UP,
  KEY_PAGE_DOWN,
  KEY_HOME,
  KEY_END,
  KEY_PASTE ///< `text` is what the clipboard holds; empty: is that wanted?
} KeyKind;

typedef struct {
  KeyKind  kind;
  unsigned mods;
  char     text[1024]; ///< UTF-8
} Key;

/// How a drag came to its end
typedef enum {
  DRAG_TAKEN,   ///< Somebody took the file
  DRAG_DROPPED, ///< It was let go over nobody, or they did not want it
} DragEnd;

typedef enum {
  CURSOR_ARROW,
  CURSOR_HAND,
  CURSOR_TEXT,
  CURSOR_RESIZE
} CursorLook;

/// What the window calls, from within window_poll() only
typedef struct {
  void* data;
  void (*pointer)(void* data, const Pointer* pointer);
  /// @return Whether the key was for us: others are passed on to the host
  bool (*key)(void* data, const Key* key);
  void (*resize)(void* data, uint32_t width, uint32_t height);
  /// Part of the window must be shown again, pixels
  void (*expose)(void* data, Rect box);
  /// The keyboard is ours, or not any more
  void (*focus)(void* data, bool has_it);
  void (*drag_end)(void* data, DragEnd end);
  /// A person closed a window of our own
  void (*close)(void* data);
} WindowCalls;

/// Microseconds of a clock that only goes on
int64_t
window_now_us(void);

/**
   Open a window.

   @param parent The host's window, or 0 for one of our own.
   @param calls Copied.
   @return STATUS_NO_FILE where there is no display, STATUS_NO_MEM.
   Thread: the host's for windows, as all here.
*/
NODISCARD Status
window_new(uintptr_t          parent,
           uint32_t           width,
           uint32_t           height,
           const char*        title,
           const WindowCalls* calls,
           UiWindow**         window,
           Trouble*           trouble);

/// Null is allowed.  Also where the host has destroyed it before.  A drag comes
/// to its end with it, and that is told.
void
window_free(UiWindow* window);

/// The native window, for the host
uintptr_t
window_native(const UiWindow* window);

/// Show a window of our own, or hide it
void
window_show(UiWindow* window, bool is_shown);

/// Hear what happened.  @return false when the window is not there any more.
bool
window_poll(UiWindow* window);

/// Show part of a canvas, pixels; at most as large as the window
void
window_draw(UiWindow* window, Canvas* canvas, Rect box);

/// Change its size, where it is our own or the host lets us
void
window_resize(UiWindow* window, uint32_t width, uint32_t height);

void
window_set_cursor(UiWindow* window, CursorLook cursor);

/// Ask for the keyboard
void
window_take_focus(UiWindow* window);

/// Give it back to the host
void
window_give_focus(UiWindow* window);

/// The smallest size that makes sense, for whoever lays windows out
void
window_set_least(UiWindow* window, uint32_t width, uint32_t height);

/// How many pixels a point is according to the screen's settings, 1 if unknown
double
window_scale(const UiWindow* window);

/**
   Begin to drag a file, while the first button is down.

   drag_end is called once; until then no pointer events come.
   @param path Absolute; copied.
   @return false when it cannot be begun.
*/
bool
window_drag(UiWindow* window, const char* path);

#endif // PERPETUO_PLUGIN_UI_WINDOW_H
