// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/failing_alloc.h"

#include <stdlib.h>

#if defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define HAS_OTHER_ALLOCATOR 1
#  endif
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
  !defined(__GLIBC__)
#  define HAS_OTHER_ALLOCATOR 1
#endif

#ifdef HAS_OTHER_ALLOCATOR

bool
failing_alloc_is_able(void)
{
  return false;
}

void
failing_alloc_begin(const uint32_t nth)
{
  (void)nth;
}

bool
failing_alloc_end(void)
{
  return false;
}

int64_t
failing_alloc_n_live(void)
{
  return 0;
}

#else

// The C library's own, by the names under which it keeps them

extern void*
__libc_malloc(size_t size);

extern void*
__libc_calloc(size_t n, size_t size);

extern void*
__libc_realloc(void* block, size_t size);

extern void
__libc_free(void* block);

static uint32_t n_until_failure; ///< 0 when none is to fail
static bool     has_failed;
static int64_t  n_live;

/// Count one allocation; whether it is the one that fails
static bool
is_the_one(void)
{
  if (!n_until_failure || --n_until_failure) {
    return false;
  }
  return has_failed = true;
}

/// Count a block that is there now
static void*
counted(void* const block)
{
  n_live += block ? 1 : 0;
  return block;
}

void*
malloc(const size_t size)
{
  return is_the_one() ? NULL : counted(__libc_malloc(size));
}

void*
calloc(const size_t n, const size_t size)
{
  return is_the_one() ? NULL : counted(__libc_calloc(n, size));
}

void*
realloc(void* const block, const size_t size)
{
  if (is_the_one()) {
    return NULL;
  }

  void* const moved = __libc_realloc(block, size);
  return block ? moved : counted(moved);
}

void
free(void* const block)
{
  n_live -= block ? 1 : 0;
  __libc_free(block);
}

bool
failing_alloc_is_able(void)
{
  return true;
}

void
failing_alloc_begin(const uint32_t nth)
{
  n_until_failure = nth;
  has_failed      = false;
}

bool
failing_alloc_end(void)
{
  n_until_failure = 0U;
  return has_failed;
}

int64_t
failing_alloc_n_live(void)
{
  return n_live;
}

#endif
