// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// A crew of threads that share a job out and sleep in between
#ifndef PERPETUO_LEARN_CREW_H
#define PERPETUO_LEARN_CREW_H

#include <stdint.h>

#define CREW_MAX 64U

typedef struct Crew Crew;

/// What each member does; `i_member` is 0 .. n - 1
typedef void (*CrewJob)(void* what, uint32_t i_member);

/// A crew of `n_members`, the caller among them; null when threads or memory
/// cannot be had
Crew*
crew_new(uint32_t n_members);

/// Send the threads home; null is allowed
void
crew_free(Crew* crew);

uint32_t
crew_size(const Crew* crew);

/// Let every member do `job` once and wait until all are done; the caller is
/// member 0
void
crew_run(Crew* crew, CrewJob job, void* what);

#endif // PERPETUO_LEARN_CREW_H
