# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Hosts that free an instance while its worker works, or before it begins.

Ardour 7 does: a session that is closed, or a plugin that is taken out, while a
phrase is composed.
"""

import threading
import time

from check import check, run
from instance import DUO, Instance


def with_a_job():
    one = Instance(DUO)
    one.set('transport', 1)
    one.set('candidates', 16)
    for _ in range(100):
        one.run()
        if one.jobs:
            return one
    raise AssertionError('it asks for nothing')


def end(delay_s):
    """What happened first when work begins so long after cleanup (or before)."""
    one, events = with_a_job(), []

    def work():
        time.sleep(max(delay_s, 0.0))
        events.append('begun')
        one.work(one.jobs[0], lambda: events.append('answered'))

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(max(-delay_s, 0.0))
    one.free()
    events.append('freed')
    thread.join()
    return events


def test_work_under_way_is_waited_for():
    for delay_s in (-0.002, -0.01):
        events = end(delay_s)
        check(events == ['begun', 'answered', 'freed'], events)


def test_work_that_has_not_begun_is_waited_for():
    events = end(0.05)
    check(events == ['begun', 'answered', 'freed'], events)


def test_work_that_never_begins_is_given_up():
    one = with_a_job()
    begun = time.monotonic()
    one.free()
    check(time.monotonic() - begun < 60, 'it waits for ever')


def test_nothing_is_waited_for_in_vain():
    Instance(DUO).free()
    one = with_a_job()
    one.work(one.jobs[0], lambda: None)
    one.free()


if __name__ == '__main__':
    run(test_work_under_way_is_waited_for,
        test_work_that_has_not_begun_is_waited_for,
        test_work_that_never_begins_is_given_up,
        test_nothing_is_waited_for_in_vain)
