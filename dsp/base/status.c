// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

static const char* const texts[N_STATUS] = {
  [STATUS_SUCCESS]  = "Success",
  [STATUS_NO_MEM]   = "There is not enough memory",
  [STATUS_NO_FILE]  = "The file is missing or cannot be read",
  [STATUS_NO_WRITE] = "The file cannot be written",
  [STATUS_BAD_FILE] = "The file is damaged or of another format",
  [STATUS_BAD_ARG]  = "A value is out of range",
  [STATUS_MISMATCH] = "The file is for other styles or another vocabulary",
  [STATUS_FULL]     = "There is no room left",
  [STATUS_REJECTED] = "No candidate passed the gate",
};

const char*
status_text(const Status status)
{
  const unsigned i = (unsigned)status;
  return i < N_STATUS ? texts[i] : "Unknown status";
}

Status
trouble_say(Trouble* const    trouble,
            const Status      status,
            const char* const format,
            ...)
{
  if (trouble) {
    va_list args;
    va_start(args, format);
    if (vsnprintf(trouble->text, sizeof(trouble->text), format, args) < 0) {
      trouble->text[0] = '\0';
    }
    va_end(args);
  }
  return status;
}
