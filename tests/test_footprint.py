# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""What the plugin takes of a machine: room on the disk, and in memory."""

import gc
import os

from check import Skip, check, run
from instance import BUNDLE, DUO, Instance

MEGA = 1000000
N_FURTHER = 8


def size_of(folder):
    return sum(os.path.getsize(os.path.join(root, name))
               for root, _, names in os.walk(folder) for name in names)


def resident():
    try:
        with open('/proc/self/statm') as file:
            return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
    except EnvironmentError:
        raise Skip('this system does not say how much memory is in use')


def play(instance):
    """From activation on, a while by itself, with all work done."""
    instance.set('transport', 1.0)
    instance.plugin.activate(instance.handle)
    for _ in range(3000):
        instance.run()
        instance.work_all()


def test_the_bundle_is_small():
    check(size_of(BUNDLE) <= 8 * MEGA, '%d bytes' % size_of(BUNDLE))


def test_further_instances_share_the_models():
    models = size_of(os.path.join(BUNDLE, 'models'))
    first = Instance(DUO)
    play(first)
    gc.collect()
    before, others = resident(), []
    for _ in range(N_FURTHER):
        others.append(Instance(DUO))
        play(others[-1])
    gc.collect()
    each = (resident() - before) / N_FURTHER
    print('# %.2f MB for each further instance, models of %.2f MB' % (
        each / MEGA, models / MEGA))
    check(each <= MEGA and each < models / 2, '%d bytes each' % each)
    for instance in [first] + others:
        instance.free()


if __name__ == '__main__':
    run(test_the_bundle_is_small, test_further_instances_share_the_models)
