// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What the ports are to a person: groups, names, values in words, and a
/// sentence for each
#ifndef PERPETUO_PLUGIN_UI_UI_CONTROLS_H
#define PERPETUO_PLUGIN_UI_UI_CONTROLS_H

#include "plugin/ports.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
  CONTROL_NONE, ///< Not for people
  CONTROL_KNOB,
  CONTROL_CHOICE, ///< One of a few
  CONTROL_SWITCH,
  CONTROL_BUTTON, ///< Does something once
  CONTROL_WEIGHT, ///< Of a style
  CONTROL_NUMBER  ///< Typed, as the seed
} ControlKind;

/// As in the plugin's description; the first is at the top of the window
typedef enum {
  GROUP_TOP,
  GROUP_STYLES,
  GROUP_SONG,
  GROUP_HARMONY,
  GROUP_MELODY,
  GROUP_DRUMS,
  GROUP_FEEL,
  GROUP_QUALITY,
  GROUP_MIDI,
  GROUP_TIME,
  N_GROUPS
} Group;

typedef struct {
  ControlKind kind;
  Group       group;
  const char* name; ///< Short: the group stands above it; see control_name()
  const char* unit; ///< Behind the value, or ""
  const char* tip;  ///< What it does, in a musician's words
} Control;

/// Thread: any, as all here.
const Control*
control_at(PortIndex index);

/// Its name; that of a weight is its style's
const char*
control_name(PortIndex index);

/// A group's name
const char*
control_group_name(Group group);

/// Its value in words, such as "60 %", "Club" or "F#"
void
control_text(PortIndex index, float value, char* text, size_t size);

/// The value that a typed text stands for.  @return false for none in its
/// range.
bool
control_parse(PortIndex index, const char* text, float* value);

/// The nearest value that the port takes
float
control_round(PortIndex index, double value);

/// The value some steps away: a step is 1, or what is usual for large ranges.
/// @param is_fine The smallest steps that there are.
float
control_step(PortIndex index, float value, int n_steps, bool is_fine);

#endif // PERPETUO_PLUGIN_UI_UI_CONTROLS_H
