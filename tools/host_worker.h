// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The host's half of the worker extension, in every manner of host.h.

   Queues are as small as jalv's: 4096 bytes each way.
*/
#ifndef PERPETUO_TOOLS_HOST_WORKER_H
#define PERPETUO_TOOLS_HOST_WORKER_H

#include "tools/host.h"

#include <lv2/core/lv2.h>
#include <lv2/worker/worker.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Who is told when control passes between host and plugin
typedef struct {
  HostWatch watch; ///< May be null
  void*     data;
} HostBorder;

/// Cross the border on this thread.  Returns on which side it was before.
bool
host_border_cross(const HostBorder* border, bool is_plugin);

/// Whether this thread is in the plugin's run() or what goes with it
bool
host_border_is_plugin(void);

typedef struct HostWorker HostWorker;

/// A worker with nothing to do; null when memory is out
/// @param n_stack Bytes of its thread's stack, 0 for the system's.
HostWorker*
host_worker_new(HostWork work, size_t n_stack, const HostBorder* border);

/// Wait for the work under way, and give everything back.  Null is allowed.
void
host_worker_free(HostWorker* self);

/// What the plugin gets as its worker:schedule feature
LV2_Worker_Schedule*
host_worker_schedule(HostWorker* self);

/// Say whom the work is for; before the first run
void
host_worker_connect(HostWorker*                 self,
                    LV2_Handle                  handle,
                    const LV2_Worker_Interface* interface);

/// Do what is due after run(): work, answers, end_run()
void
host_worker_after_run(HostWorker* self);

void
host_worker_set_manner(HostWorker* self, HostWork work);

void
host_worker_delay(HostWorker* self, uint32_t n_runs);

void
host_worker_refuse(HostWorker* self, uint32_t n);

void
host_worker_hold(HostWorker* self, bool is_held);

void
host_worker_lose(HostWorker* self, uint32_t n);

uint32_t
host_worker_most_at_once(HostWorker* self);

size_t
host_worker_stack_used(HostWorker* self);

uint32_t
host_worker_n_works(HostWorker* self);

uint32_t
host_worker_n_refused(HostWorker* self);

#endif // PERPETUO_TOOLS_HOST_WORKER_H
