// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What can go wrong, one word each, and the sentence that tells a person.

   A Status is enough for a caller that only has to decide.  What a person
   reads is a Trouble: what is wrong, where, and what to do about it.
*/
#ifndef PERPETUO_BASE_STATUS_H
#define PERPETUO_BASE_STATUS_H

#include "base/attributes.h"

typedef enum {
  STATUS_SUCCESS,
  STATUS_NO_MEM,   ///< Allocation failed
  STATUS_NO_FILE,  ///< File missing or unreadable
  STATUS_NO_WRITE, ///< File could not be written
  STATUS_BAD_FILE, ///< Not our format, cut short, or sizes that do not add up
  STATUS_BAD_ARG,  ///< A value outside of what the function takes
  STATUS_MISMATCH, ///< Valid, but for other styles or another vocabulary
  STATUS_FULL,     ///< No room; nothing was changed
  STATUS_REJECTED, ///< The gate liked none of the candidates
  N_STATUS
} Status;

/// One failure, told in full; `text` is empty when there is nothing to tell
typedef struct {
  char text[320];
} Trouble;

/// A sentence for `status`, in static memory.  Thread: any.
const char*
status_text(Status status);

/**
   Write a sentence into `trouble` (which may be null) and return `status`.

   So that a failure is one line: `return trouble_say(t, STATUS_BAD_FILE, ...)`.
   Thread: worker, tools.  Memory: none allocated; too long a text is cut.
*/
Status
trouble_say(Trouble* trouble, Status status, const char* format, ...)
  PRINTF_LIKE(3, 4);

#endif // PERPETUO_BASE_STATUS_H
