// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What is told to a person through the host's log, never from run()
#ifndef PERPETUO_PLUGIN_LOG_H
#define PERPETUO_PLUGIN_LOG_H

#include "base/attributes.h"

#include <lv2/log/log.h>
#include <lv2/urid/urid.h>

typedef struct {
  const LV2_Log_Log* log; ///< Null when the host has none: then standard error
  LV2_URID           error;
  LV2_URID           warning;
} Log;

/// @param log The host's, or null.  Thread: setup.
void
log_init(Log* self, const LV2_Log_Log* log, LV2_URID_Map* map);

/// Say one sentence; name and line end are added.
/// Thread: worker, setup, save, restore.
void
log_error(const Log* self, const char* format, ...) PRINTF_LIKE(2, 3);

/// As log_error, for what went on well in spite of it
void
log_warning(const Log* self, const char* format, ...) PRINTF_LIKE(2, 3);

#endif // PERPETUO_PLUGIN_LOG_H
