// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/desk.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct Desks {
  DeskNets      nets;
  uint32_t      n_users;
  uint32_t      n_idle;
  Desk*         idle; ///< Of which there is one, or somebody works at it
  struct Desks* next;
};

static pthread_mutex_t lock     = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t  returned = PTHREAD_COND_INITIALIZER;
static Desks*          first;

static void
desk_free(Desk* const desk)
{
  if (desk) {
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      gate_free(desk->gate[part]);
      generator_free(desk->generator[part]);
    }
    free(desk);
  }
}

/// Null when there is no memory
static Desk*
desk_new(const DeskNets* const nets)
{
  Desk* const desk = (Desk*)calloc(1U, sizeof(Desk));
  Status      st   = desk ? STATUS_SUCCESS : STATUS_NO_MEM;
  for (unsigned i = 0U; !st && i < N_PARTS; ++i) {
    const Part part = (Part)i;
    st = generator_new(nets->generator[i], part, &desk->generator[i]);
    st = st ? st : gate_new(nets->gate[i], part, &desk->gate[i]);
  }
  if (st) {
    desk_free(desk);
    return NULL;
  }
  return desk;
}

/// Desks for some nets, with one; null when there is no memory
static Desks*
desks_new(const DeskNets* const nets)
{
  Desks* const desks = (Desks*)calloc(1U, sizeof(Desks));
  if (desks) {
    desks->nets   = *nets;
    desks->n_idle = 1U;
    desks->idle   = desk_new(nets);
  }
  if (!desks || !desks->idle) {
    free(desks);
    return NULL;
  }
  desks->next = first;
  first       = desks;
  return desks;
}

Status
desks_join(const DeskNets* const nets, Desks** const desks)
{
  (void)pthread_mutex_lock(&lock);
  Desks* found = first;
  while (found && memcmp(&found->nets, nets, sizeof(*nets)) != 0) {
    found = found->next;
  }
  found = found ? found : desks_new(nets);
  if (found) {
    ++found->n_users;
    *desks = found;
  }
  (void)pthread_mutex_unlock(&lock);
  return found ? STATUS_SUCCESS : STATUS_NO_MEM;
}

void
desks_leave(Desks* const desks)
{
  if (!desks) {
    return;
  }

  (void)pthread_mutex_lock(&lock);
  const bool is_over = !--desks->n_users;
  if (is_over) {
    Desks** at = &first;
    while (*at != desks) {
      at = &(*at)->next;
    }
    *at = desks->next;
  }
  (void)pthread_mutex_unlock(&lock);

  while (is_over && desks->idle) {
    Desk* const desk = desks->idle;
    desks->idle      = desk->next;
    desk_free(desk);
  }
  if (is_over) {
    free(desks);
  }
}

/// Take an idle one out.  Locked.
static Desk*
pop(Desks* const desks)
{
  Desk* const desk = desks->idle;
  if (desk) {
    desks->idle = desk->next;
    --desks->n_idle;
  }
  return desk;
}

Desk*
desks_take(Desks* const desks)
{
  (void)pthread_mutex_lock(&lock);
  Desk* desk = pop(desks);
  (void)pthread_mutex_unlock(&lock);
  desk = desk ? desk : desk_new(&desks->nets);
  if (desk) {
    return desk;
  }

  // Whoever has one gives it back
  (void)pthread_mutex_lock(&lock);
  while (!(desk = pop(desks))) {
    (void)pthread_cond_wait(&returned, &lock);
  }
  (void)pthread_mutex_unlock(&lock);
  return desk;
}

void
desks_give_back(Desks* const desks, Desk* const desk)
{
  (void)pthread_mutex_lock(&lock);
  const bool is_kept = desks->n_idle < DESKS_MAX_IDLE;
  if (is_kept) {
    desk->next  = desks->idle;
    desks->idle = desk;
    ++desks->n_idle;
    (void)pthread_cond_broadcast(&returned);
  }
  (void)pthread_mutex_unlock(&lock);
  if (!is_kept) {
    desk_free(desk);
  }
}
