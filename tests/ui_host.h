// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A host's part towards the window: loads perpetuo_ui.so from the bundle, lends
   it a place on the test's screen, and writes down what it wants.
*/
#ifndef PERPETUO_TESTS_UI_HOST_H
#define PERPETUO_TESTS_UI_HOST_H

#include "screen.h"

#include "plugin/ports.h"
#include "plugin/talk.h"

#include <lv2/log/log.h>
#include <lv2/ui/ui.h>
#include <lv2/urid/urid.h>

#include <stdbool.h>
#include <stdint.h>

#define UI_HOST_MAX 4096U
#define UI_HOST_MAX_HOME 64U

/// A port's value that was wished for
typedef struct {
  PortIndex index;
  float     value;
  double    s; ///< When
} UiWrite;

/// What a host offers; what is zero it does not
typedef struct {
  Window parent;
  double scale;       ///< ui:scaleFactor
  bool   has_options; ///< With `scale` in them, whatever it is
  bool   has_resize;
  bool   has_touch;
  bool   has_log;
  bool   lacks_map;
} UiOffers;

typedef struct {
  const LV2UI_Descriptor*     descriptor;
  const LV2UI_Idle_Interface* idle;
  const LV2UI_Show_Interface* show;
  const LV2UI_Resize*         resize;
  LV2UI_Handle                handle;
  LV2UI_Widget                widget;
  LV2UI_Resize                lent_resize; ///< What the window keeps
  LV2UI_Touch                 lent_touch;
  LV2_Log_Log                 lent_log;
  TalkUrids                   urids;
  UiWrite                     writes[UI_HOST_MAX];
  unsigned                    n_writes;
  unsigned                    n_hellos, n_heres;
  unsigned                    n_strange; ///< Writes that mean nothing
  unsigned                    n_touches; ///< Begun
  int                         n_held;    ///< Begun and not ended
  unsigned                    n_sizes;
  int                         width, height; ///< As told through ui:resize
  unsigned                    n_logged;
} UiHost;

/**
   Load the window's library, open a screen, and live in a home that is empty.

   @param home (UI_HOST_MAX_HOME)
   @return Null, or why that cannot be tried here.
*/
const char*
ui_host_begin(char* home);

/// Take that home away
bool
ui_host_end(const char* home);

/// The host's numbers, for all windows
LV2_URID_Map*
ui_host_map(void);

/// @return false when it did not open
bool
ui_host_open(UiHost* host, const UiOffers* offers);

void
ui_host_close(UiHost* host);

/// What the last idle() said, after some of them
int
ui_host_turn(UiHost* host);

/// Call idle() for so long
void
ui_host_wait(UiHost* host, double s);

void
ui_host_set(UiHost* host, PortIndex index, float value);

/// Let the plugin say something
void
ui_host_say(UiHost* host, const TalkMessage* message);

/// The value that was wished last for a port, or -1
float
ui_host_last(const UiHost* host, PortIndex index);

/// How often a port was written
unsigned
ui_host_count(const UiHost* host, PortIndex index);

#endif // PERPETUO_TESTS_UI_HOST_H
