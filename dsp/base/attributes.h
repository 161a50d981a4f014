// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Marks that say what the language cannot.

   REALTIME stands before functions that may be called on the audio thread:
   no allocation, no lock, no system call, no file, bounded cost.  A recent
   clang checks it; elsewhere it is a promise to the reader, and the tests
   check the symbols.
*/
#ifndef PERPETUO_BASE_ATTRIBUTES_H
#define PERPETUO_BASE_ATTRIBUTES_H

#if defined(__clang__) && __clang_major__ >= 20
#  define REALTIME __attribute__((nonblocking))
#else
#  define REALTIME
#endif

#if defined(__GNUC__)
#  define NODISCARD __attribute__((warn_unused_result))
#  define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#  define NODISCARD
#  define PRINTF_LIKE(fmt, args)
#endif

#endif // PERPETUO_BASE_ATTRIBUTES_H
