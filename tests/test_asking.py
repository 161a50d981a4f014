# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""What run() asks the worker for, and when it is content."""

from check import check, run
from instance import DUO, Instance


def settle(instance, n_blocks=64):
    """Run, with all work done; until nothing is asked for any more."""
    for _ in range(n_blocks):
        instance.run()
        instance.work_all()
    check(not instance.jobs, 'it goes on asking')


def leading_itself():
    instance = Instance(DUO)
    for symbol, value in (('transport', 1.0), ('hold', 0.0), ('seed', 1.0)):
        instance.set(symbol, value)
    instance.plugin.activate(instance.handle)
    settle(instance)
    return instance


def test_who_has_all_is_content():
    instance = leading_itself()
    for _ in range(20):
        instance.run()
        check(not instance.jobs, 'asked for what is there')
    instance.free()


def test_a_knob_is_asked_for_at_once():
    instance = leading_itself()
    instance.set('transport', 0.0)  # Standing, where every knob counts at once
    settle(instance)
    instance.set('energy', 17.0)
    instance.run()
    check(instance.jobs, 'nothing was asked for')
    instance.free()


def test_a_hold_that_ends_with_another_leader():
    """All that is held is there when the leader changes, but not what is ahead
    once it is held no more."""
    instance = leading_itself()
    instance.set('hold', 1.0)
    settle(instance)
    instance.set('transport', 0.0)
    instance.set('seed', 2.0)
    settle(instance)
    instance.set('transport', 1.0)
    instance.set('hold', 0.0)
    instance.run()
    check(instance.jobs, 'nothing was asked for')
    instance.free()


if __name__ == '__main__':
    run(test_who_has_all_is_content, test_a_knob_is_asked_for_at_once,
        test_a_hold_that_ends_with_another_leader)
