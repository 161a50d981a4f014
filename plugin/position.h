// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// time:Position atoms, as hosts really send them
#ifndef PERPETUO_PLUGIN_POSITION_H
#define PERPETUO_PLUGIN_POSITION_H

#include "base/attributes.h"
#include "play/transport.h"
#include "plugin/urids.h"

#include <lv2/atom/atom.h>

#include <stdbool.h>

/// Most properties of a position whose order is remembered
#define POSITION_MAX_PLACES 16U

/// A property as it stood in the last position
typedef struct {
  LV2_Atom_Property_Body head; ///< Key, context, size and type
  uint32_t               at;   ///< Offset into the atom
  uint16_t               kind; ///< Of its number
  uint16_t               to;   ///< Offset of its field in a Position
} PositionPlace;

/// How the last position was laid out: hosts say the same things every time.
/// A zeroed one knows nothing.
typedef struct {
  uint32_t      size; ///< Of the atom; 0 when nothing is known
  uint32_t      n;
  unsigned      fields;
  PositionPlace places[POSITION_MAX_PLACES];
} PositionLayout;

/**
   Take each field that is there, of whatever numeric type.

   @param layout Of the last one, which is faster where this one is alike.
   @return false when the atom is no time:Position.
*/
REALTIME bool
position_read(const Urids*    urids,
              PositionLayout* layout,
              const LV2_Atom* atom,
              Position*       position);

#endif // PERPETUO_PLUGIN_POSITION_H
