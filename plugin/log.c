// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
log_init(Log* const self, const LV2_Log_Log* const log, LV2_URID_Map* const map)
{
  self->log     = log;
  self->error   = map->map(map->handle, LV2_LOG__Error);
  self->warning = map->map(map->handle, LV2_LOG__Warning);
}

static void
say(const Log* const  self,
    const LV2_URID    type,
    const char* const format,
    va_list           args)
{
  char      text[512] = "Perpetuo: ";
  const int n         = (int)strlen(text);
  (void)vsnprintf(text + n, sizeof(text) - (size_t)n - 1U, format, args);
  strcat(text, "\n");

  // Not fprintf: unbuffered, it takes 8 KiB of a worker's small stack
  if (self->log) {
    self->log->printf(self->log->handle, type, "%s", text);
  } else {
    (void)fputs(text, stderr);
  }
}

void
log_error(const Log* const self, const char* const format, ...)
{
  va_list args;
  va_start(args, format);
  say(self, self->error, format, args);
  va_end(args);
}

void
log_warning(const Log* const self, const char* const format, ...)
{
  va_list args;
  va_start(args, format);
  say(self, self->warning, format, args);
  va_end(args);
}
