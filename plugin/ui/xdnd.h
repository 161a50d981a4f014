// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Dragging a file to another program's window, or to the host's: the source's
   side of XDND.

   It is fed with the window's events and never waits for anybody.  All calls
   are made while the connection's errors are trapped.
   Source: XDND, drag and drop for the X window system, version 5, freedesktop.
*/
#ifndef PERPETUO_PLUGIN_UI_XDND_H
#define PERPETUO_PLUGIN_UI_XDND_H

#include "plugin/ui/window.h"
#include "plugin/ui/window_x11.h"

#include <stdbool.h>
#include <stdint.h>

/// How long somebody may take to answer, microseconds
#define XDND_PATIENCE_US 5000000

#define XDND_MAX_PATH 4096U

typedef enum {
  XDND_AWARE,
  XDND_PROXY,
  XDND_ENTER,
  XDND_POSITION,
  XDND_STATUS,
  XDND_LEAVE,
  XDND_DROP,
  XDND_FINISHED,
  XDND_SELECTION,
  XDND_COPY,
  XDND_TARGETS,
  XDND_URI_LIST,
  XDND_PLAIN,
  N_XDND_ATOMS
} XdndAtom;

typedef enum {
  XDND_IDLE,
  XDND_MOVING, ///< The button is down
  XDND_LET_GO, ///< It is up, and we have to know whether they want it
  XDND_DROPPED ///< They have it; what do they say?
} XdndState;

typedef struct {
  Display*  display;
  Window    source; ///< Ours
  Window    root;
  Atom      atoms[N_XDND_ATOMS];
  Cursor    yes, no;
  XdndState state;
  char      path[XDND_MAX_PATH];
  Window    target;     ///< Under the pointer, or None
  Window    listener;   ///< It, or who hears for it
  long      version;    ///< That it speaks
  bool      is_asked;   ///< Position was sent, and no Status came yet
  bool      is_late;    ///< The pointer has moved since
  bool      is_welcome; ///< They would take it
  bool      has_given;  ///< They have asked for it
  bool      has_yes;    ///< The cursor says so
  int       x, y;       ///< Of the pointer, on the screen
  Time      time;
  int64_t   until_us;
  bool      has_ended;
  DragEnd   end;
} Xdnd;

/// Nothing is dragged
void
xdnd_init(Xdnd* drag, Display* display, Window source, Window root);

/// What is under way is given up
void
xdnd_clear(Xdnd* drag);

/// Begin, at a place on the screen.  @return false when it cannot be.
bool
xdnd_begin(Xdnd* drag, const char* path, int x, int y, Time time);

/// Something is being dragged, or was and they have not said yet
bool
xdnd_is_busy(const Xdnd* drag);

/// An event of the window.  @return Whether it belongs to the drag.
bool
xdnd_hear(Xdnd* drag, const XEvent* event, int64_t now_us);

/// See whether time is over.  @return true, once, when the drag has ended.
bool
xdnd_poll(Xdnd* drag, int64_t now_us, DragEnd* end);

#endif // PERPETUO_PLUGIN_UI_XDND_H
