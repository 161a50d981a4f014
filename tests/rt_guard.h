// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Counts what the audio thread must not do, between begin and end, on the
   thread that said begin: allocations, locks, system calls.

   The test program's own malloc, pthread_mutex_lock and so on stand before
   the C library's, also for a plugin that is loaded later; link the program
   with -rdynamic.  System calls are counted with the kernel's Syscall User
   Dispatch (Linux 5.11, x86-64); where that is missing, or under a sanitizer,
   rt_guard_sees_... says no.
*/
#ifndef PERPETUO_TESTS_RT_GUARD_H
#define PERPETUO_TESTS_RT_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/// What was counted on this thread
typedef struct {
  uint32_t    n_allocations; ///< malloc and its kin, and free
  uint32_t    n_locks;       ///< Mutexes, conditions, semaphores, threads
  uint32_t    n_calls;       ///< Spans with a system call in them
  const char* first;         ///< Name of the first forbidden function, or null
  long        call;          ///< Number of the first system call, or -1
} RtCounts;

/// Whether allocations and locks can be counted in this build
bool
rt_guard_sees_functions(void);

/// Whether system calls can be counted on this machine
bool
rt_guard_sees_calls(void);

/// Begin to count; not nested
void
rt_guard_begin(void);

/// Stop counting
void
rt_guard_end(void);

/// Counts since the last reset
RtCounts
rt_guard_counts(void);

void
rt_guard_reset(void);

/// Begin and end as a host's border is crossed, see host_watch()
void
rt_guard_watch(void* data, bool is_plugin);

#endif // PERPETUO_TESTS_RT_GUARD_H
