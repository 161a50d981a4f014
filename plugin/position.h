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

/**
   Take each field that is there, of whatever numeric type.

   @return false when the atom is no time:Position.
*/
REALTIME bool
position_read(const Urids* urids, const LV2_Atom* atom, Position* position);

#endif // PERPETUO_PLUGIN_POSITION_H
