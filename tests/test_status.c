// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/status.h"

#include <string.h>

static void
test_every_status_has_its_sentence(void)
{
  for (unsigned i = 0U; i < N_STATUS; ++i) {
    CHECK(status_text((Status)i) && strlen(status_text((Status)i)) > 4U);
    for (unsigned j = 0U; j < i; ++j) {
      CHECK(strcmp(status_text((Status)i), status_text((Status)j)));
    }
  }
}

static void
test_unknown_status_has_a_sentence_too(void)
{
  CHECK(!strcmp(status_text(N_STATUS), "Unknown status"));
  CHECK(!strcmp(status_text((Status)-1), "Unknown status"));
}

static void
test_trouble_is_told_and_status_returned(void)
{
  Trouble trouble = {"before"};
  CHECK(trouble_say(&trouble, STATUS_BAD_FILE, "%s at %d", "x", 7) ==
        STATUS_BAD_FILE);
  CHECK(!strcmp(trouble.text, "x at 7"));
  CHECK(trouble_say(NULL, STATUS_FULL, "nobody listens") == STATUS_FULL);
}

static void
test_long_trouble_is_cut(void)
{
  Trouble trouble;
  char    text[1000];
  memset(text, 'a', sizeof(text));
  text[sizeof(text) - 1U] = '\0';
  CHECK(trouble_say(&trouble, STATUS_NO_MEM, "%s", text) == STATUS_NO_MEM);
  CHECK(strlen(trouble.text) == sizeof(trouble.text) - 1U);
}

int
main(void)
{
  RUN(test_every_status_has_its_sentence);
  RUN(test_unknown_status_has_a_sentence_too);
  RUN(test_trouble_is_told_and_status_returned);
  RUN(test_long_trouble_is_cut);
  CHECK_END();
}
