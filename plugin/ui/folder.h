// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The folder that a person takes music away into, and keeps between sessions.

   The setting is a line of perpetuo/ui.conf in $XDG_CONFIG_HOME or ~/.config:

       folder=/home/ada/Music/Perpetuo

   Other lines are left as they are.  Thread: the window's, as all here.
*/
#ifndef PERPETUO_PLUGIN_UI_FOLDER_H
#define PERPETUO_PLUGIN_UI_FOLDER_H

#include "base/status.h"

/// Longest path, with its terminator
#define FOLDER_MAX_PATH 4096U

/**
   The one that was set last, or "Perpetuo" in the person's folder for music.

   @param folder (FOLDER_MAX_PATH) Empty when there is not even a home.
*/
void
folder_read(char* folder);

/**
   Keep another one from now on, also for other windows and sessions.

   "~" stands for the person's home.

   @param folder (FOLDER_MAX_PATH) The whole path, on success.
   @return STATUS_BAD_ARG for what is no path, STATUS_NO_WRITE when the setting
   cannot be kept: then nothing has changed.
*/
NODISCARD Status
folder_set(const char* text, char* folder, Trouble* trouble);

/// Make a folder and those above it, as far as they are not there.
/// STATUS_NO_WRITE.
NODISCARD Status
folder_make(const char* folder, Trouble* trouble);

#endif // PERPETUO_PLUGIN_UI_FOLDER_H
