// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "learn/crew.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct {
  Crew*     crew;
  pthread_t thread;
  uint32_t  i_member;
} Member;

struct Crew {
  pthread_mutex_t lock;
  pthread_cond_t  work; ///< There is a new job, or it is time to go home
  pthread_cond_t  done; ///< The last member has finished
  CrewJob         job;
  void*           what;
  uint64_t        i_job;
  uint32_t        n_busy;
  bool            home;
  uint32_t        n_members;
  uint32_t        n_threads; ///< Running, without the caller
  Member          member[CREW_MAX];
};

static void*
member_main(void* const data)
{
  const Member* const self = (const Member*)data;
  Crew* const         crew = self->crew;
  uint64_t            seen = 0U;

  pthread_mutex_lock(&crew->lock);
  for (;;) {
    while (crew->i_job == seen && !crew->home) {
      pthread_cond_wait(&crew->work, &crew->lock);
    }
    if (crew->home) {
      break;
    }

    seen              = crew->i_job;
    const CrewJob job = crew->job;
    pthread_mutex_unlock(&crew->lock);
    job(crew->what, self->i_member);
    pthread_mutex_lock(&crew->lock);
    if (!--crew->n_busy) {
      pthread_cond_signal(&crew->done);
    }
  }
  pthread_mutex_unlock(&crew->lock);
  return NULL;
}

Crew*
crew_new(const uint32_t n_members)
{
  if (!n_members || n_members > CREW_MAX) {
    return NULL;
  }

  Crew* const crew = (Crew*)calloc(1, sizeof(Crew));
  if (!crew) {
    return NULL;
  }

  pthread_mutex_init(&crew->lock, NULL);
  pthread_cond_init(&crew->work, NULL);
  pthread_cond_init(&crew->done, NULL);
  crew->n_members = n_members;
  for (uint32_t i = 1U; i < n_members; ++i) {
    Member* const member = &crew->member[i];
    member->crew         = crew;
    member->i_member     = i;
    if (pthread_create(&member->thread, NULL, member_main, member)) {
      crew_free(crew);
      return NULL;
    }
    ++crew->n_threads;
  }
  return crew;
}

void
crew_free(Crew* const crew)
{
  if (!crew) {
    return;
  }

  pthread_mutex_lock(&crew->lock);
  crew->home = true;
  pthread_cond_broadcast(&crew->work);
  pthread_mutex_unlock(&crew->lock);
  for (uint32_t i = 1U; i <= crew->n_threads; ++i) {
    pthread_join(crew->member[i].thread, NULL);
  }
  pthread_cond_destroy(&crew->done);
  pthread_cond_destroy(&crew->work);
  pthread_mutex_destroy(&crew->lock);
  free(crew);
}

uint32_t
crew_size(const Crew* const crew)
{
  return crew->n_members;
}

void
crew_run(Crew* const crew, const CrewJob job, void* const what)
{
  pthread_mutex_lock(&crew->lock);
  crew->job    = job;
  crew->what   = what;
  crew->n_busy = crew->n_threads;
  ++crew->i_job;
  pthread_cond_broadcast(&crew->work);
  pthread_mutex_unlock(&crew->lock);

  job(what, 0U);

  pthread_mutex_lock(&crew->lock);
  while (crew->n_busy) {
    pthread_cond_wait(&crew->done, &crew->lock);
  }
  pthread_mutex_unlock(&crew->lock);
}
