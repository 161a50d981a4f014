// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A screen in memory for one test program, with a hand and a keyboard.

   Xvfb runs on a display that is free and ends with the program, whatever
   becomes of it.
*/
#ifndef PERPETUO_TESTS_SCREEN_H
#define PERPETUO_TESTS_SCREEN_H

#include "plugin/ui/window_x11.h"

#include <stdbool.h>
#include <stdint.h>

/// The test's own connection: the host's, or another program's
extern Display* screen;

/// Start one and set $DISPLAY; @param kind "1280x1024x24".
/// @return Why it cannot be, or null.
const char*
screen_open(const char* kind);

void
screen_close(void);

/// Move the pointer there
void
screen_point(int x, int y);

void
screen_button(unsigned button, bool is_down);

/// Press a button and let it go
void
screen_click(int x, int y, unsigned button);

/// Press a key or let it go, by its symbol
void
screen_key(KeySym symbol, bool is_down);

void
screen_type(KeySym symbol);

/// Wait until the server has done all that was asked, and some milliseconds
void
screen_wait(unsigned ms);

/// A pixel as it is seen
uint32_t
screen_pixel(int x, int y);

/// A window of the test's, shown, without a window manager's help
Window
screen_window(int x, int y, unsigned width, unsigned height);

#endif // PERPETUO_TESTS_SCREEN_H
