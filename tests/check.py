# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""check.h for test programs in Python: same lines, same exit statuses."""

import os
import re
import sys
import traceback

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.path.join(TOP, 'build')


class Skip(Exception):
    """Raised by a test that cannot be tried here; says why."""


def plain_build(path):
    """Skip what cannot be tried on a library that a sanitizer has changed."""
    check(os.path.isfile(path), '%s was not built' % path)
    with open(path, 'rb') as binary:
        if re.search(rb'__(asan|tsan|ubsan)_', binary.read()):
            raise Skip('this build has a sanitizer in it')


def check(that, words):
    if not that:
        raise AssertionError(words)


def run(*tests):
    """Run test functions and exit; those that raise Skip are only counted."""
    n_bad = n_run = 0
    for test in tests:
        try:
            test()
            print('ok %s' % test.__name__, flush=True)
        except Skip as why:
            print('skip %s: %s' % (test.__name__, why), flush=True)
            continue
        except AssertionError as trouble:
            print(trouble)
            print('not ok %s' % test.__name__, flush=True)
            n_bad += 1
        except Exception:  # noqa: BLE001  (a broken test is a failed test)
            traceback.print_exc(file=sys.stdout)
            print('not ok %s' % test.__name__, flush=True)
            n_bad += 1
        n_run += 1
    sys.exit(1 if n_bad else 0 if n_run else 77)
