// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#define _GNU_SOURCE

#include "tests/rt_guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define HAS_SANITIZER 1
#  endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define HAS_SANITIZER 1
#endif
#if !defined(HAS_SANITIZER) && defined(__GLIBC__)
#  define HAS_FUNCTIONS 1
#else
#  define HAS_FUNCTIONS 0
#endif

#if !defined(HAS_SANITIZER) && defined(__x86_64__) && defined(__linux__)
#  define HAS_CALLS 1
#else
#  define HAS_CALLS 0
#endif

#define SHOWN __attribute__((visibility("default")))

static _Thread_local bool     is_on;
static _Thread_local RtCounts counts = {0U, 0U, 0U, NULL, -1L};

#if HAS_CALLS

#  ifndef PR_SET_SYSCALL_USER_DISPATCH
#    define PR_SET_SYSCALL_USER_DISPATCH 59
#  endif
#  define DISPATCH_ON 1UL
#  define CALLS_PASS 0
#  define CALLS_STOP 1

/// Read by the kernel at every system call of this thread
static _Thread_local volatile char dispatch;

static _Thread_local enum { UNTRIED, WORKS, FAILS } dispatch_state;

/// A system call while the guard was on: count it, then do it.  The rest of
/// this span passes, as its return to the program is a system call too.
static void
on_call(const int number, siginfo_t* const info, void* const context)
{
  (void)number;
  dispatch                = CALLS_PASS;
  greg_t* const registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  const int     error     = errno;

  ++counts.n_calls;
  counts.call = counts.call < 0 ? info->si_syscall : counts.call;

  const long result = syscall(info->si_syscall,
                              registers[REG_RDI],
                              registers[REG_RSI],
                              registers[REG_RDX],
                              registers[REG_R10],
                              registers[REG_R8],
                              registers[REG_R9]);

  registers[REG_RAX] = result == -1L ? -errno : result;
  errno              = error;
}

static bool
start_dispatch(void)
{
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = on_call;
  action.sa_flags     = SA_SIGINFO;
  dispatch            = CALLS_PASS;
  return !sigaction(SIGSYS, &action, NULL) &&
         !prctl(PR_SET_SYSCALL_USER_DISPATCH,
                DISPATCH_ON,
                0UL,
                0UL,
                (unsigned long)(size_t)&dispatch);
}

bool
rt_guard_sees_calls(void)
{
  if (dispatch_state == UNTRIED) {
    dispatch_state = start_dispatch() ? WORKS : FAILS;
  }
  return dispatch_state == WORKS;
}

#else

bool
rt_guard_sees_calls(void)
{
  return false;
}

#endif

void
rt_guard_begin(void)
{
  const bool sees_calls = rt_guard_sees_calls();
  is_on                 = true;
#if HAS_CALLS
  dispatch = sees_calls ? CALLS_STOP : CALLS_PASS;
#else
  (void)sees_calls;
#endif
}

void
rt_guard_end(void)
{
#if HAS_CALLS
  dispatch = CALLS_PASS;
#endif
  is_on = false;
}

RtCounts
rt_guard_counts(void)
{
  return counts;
}

void
rt_guard_reset(void)
{
  const RtCounts none = {0U, 0U, 0U, NULL, -1L};
  counts              = none;
}

void
rt_guard_watch(void* const data, const bool is_plugin)
{
  (void)data;
  if (is_plugin) {
    rt_guard_begin();
  } else {
    rt_guard_end();
  }
}

bool
rt_guard_sees_functions(void)
{
  return HAS_FUNCTIONS;
}

#if HAS_FUNCTIONS

static void
note(uint32_t* const counter, const char* const name)
{
  if (is_on) {
    ++*counter;
    counts.first = counts.first ? counts.first : name;
  }
}

// Allocation: the C library's own functions have second names

void*
__libc_malloc(size_t size);
void*
__libc_calloc(size_t n, size_t size);
void*
__libc_realloc(void* block, size_t size);
void*
__libc_memalign(size_t alignment, size_t size);
void
__libc_free(void* block);

SHOWN void*
malloc(size_t size)
{
  note(&counts.n_allocations, "malloc");
  return __libc_malloc(size);
}

SHOWN void*
calloc(size_t n, size_t size)
{
  note(&counts.n_allocations, "calloc");
  return __libc_calloc(n, size);
}

SHOWN void*
realloc(void* block, size_t size)
{
  note(&counts.n_allocations, "realloc");
  return __libc_realloc(block, size);
}

SHOWN void
free(void* block)
{
  note(&counts.n_allocations, "free");
  __libc_free(block);
}

SHOWN void*
aligned_alloc(size_t alignment, size_t size)
{
  note(&counts.n_allocations, "aligned_alloc");
  return __libc_memalign(alignment, size);
}

SHOWN void*
memalign(size_t alignment, size_t size)
{
  note(&counts.n_allocations, "memalign");
  return __libc_memalign(alignment, size);
}

SHOWN int
posix_memalign(void** block, size_t alignment, size_t size)
{
  note(&counts.n_allocations, "posix_memalign");
  void* const made = __libc_memalign(alignment, size);
  *block           = made ? made : *block;
  return made ? 0 : ENOMEM;
}

// Locks: the next function of that name, looked up when first used

#  define PASS_ON(type, name, declared, given)       \
    SHOWN type name declared                         \
    {                                                \
      static type(*real) declared;                   \
      note(&counts.n_locks, #name);                  \
      if (!real) {                                   \
        const bool was_on = is_on;                   \
        is_on             = false;                   \
        void* const found = dlsym(RTLD_NEXT, #name); \
        memcpy(&real, &found, sizeof(real));         \
        is_on = was_on;                              \
      }                                              \
      return real given;                             \
    }

PASS_ON(int, pthread_mutex_lock, (pthread_mutex_t * m), (m))
PASS_ON(int, pthread_mutex_trylock, (pthread_mutex_t * m), (m))
PASS_ON(int, pthread_mutex_unlock, (pthread_mutex_t * m), (m))
PASS_ON(int, pthread_spin_lock, (pthread_spinlock_t * s), (s))
PASS_ON(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))
PASS_ON(int, pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l))
PASS_ON(int, pthread_cond_signal, (pthread_cond_t * c), (c))
PASS_ON(int, pthread_cond_broadcast, (pthread_cond_t * c), (c))
PASS_ON(int,
        pthread_cond_wait,
        (pthread_cond_t * c, pthread_mutex_t* m),
        (c, m))
PASS_ON(int, sem_wait, (sem_t * s), (s))
PASS_ON(int, sem_post, (sem_t * s), (s))

#endif
