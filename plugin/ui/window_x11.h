// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Xlib for the window's sources, without its words that are others' too, and
   without its habit of ending the process.
*/
#ifndef PERPETUO_PLUGIN_UI_WINDOW_X11_H
#define PERPETUO_PLUGIN_UI_WINDOW_X11_H

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/cursorfont.h>
#include <X11/keysym.h>
#undef Bool   // An int there, and a field of LV2's here
#undef Status // An int there, and base/status.h's here

#include <stdbool.h>

/**
   Keeps errors of one connection from the process's handler, which may end it.

   Windows that are not ours vanish whenever they like, so requests about them
   fail.  Errors of a connection are only ever told while somebody waits or
   reads there, and that is us: the trap is set around our own calls, and needs
   no waiting for errors at its end.
*/
typedef struct Trap {
  Display*     display;
  Window       window;  ///< Ours
  bool         is_gone; ///< It was not there any more
  unsigned     n_errors;
  struct Trap* next;
} Trap;

/// Catch the errors of this connection; those of others are handed on
void
trap_hold(Trap* trap);

/// No longer; the handler that was there before is there again
void
trap_release(Trap* trap);

#endif // PERPETUO_PLUGIN_UI_WINDOW_X11_H
