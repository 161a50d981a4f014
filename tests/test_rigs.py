# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The bundle in other people's hosts, by the rigs that lie beside the checkout.

Without the rigs, or without the hosts that they run, this is skipped.
"""

import os
import shutil
import subprocess
import tempfile

from check import BUILD, TOP, Skip, check, plain_build, run

RIGS = os.path.join(TOP, '..', 'shared', 'rigs', 'hosts')
BUNDLE = os.path.join(BUILD, 'perpetuo.lv2')
URIS = ('urn:perpetuo:duo', 'urn:perpetuo:melody', 'urn:perpetuo:drums')


def rig(script, programs, *args):
    path = os.path.join(RIGS, script)
    if not os.path.isfile(path):
        raise Skip('there are no rigs in ../shared/rigs/hosts')
    missing = [p for p in programs if not shutil.which(p)]
    if missing:
        raise Skip('no %s on this machine' % ', '.join(missing))
    plain_build(os.path.join(BUNDLE, 'perpetuo.so'))

    with tempfile.TemporaryDirectory() as home:
        env = dict(os.environ, HOME=home)
        done = subprocess.run(['bash', path] + list(args), env=env,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=180,
                              universal_newlines=True, errors='replace')
    if done.returncode == 2:
        raise Skip('the rig could not run: %s'
                   % (done.stdout.strip().splitlines() or ['no word'])[-1])
    check(done.returncode == 0 and 'RIG RESULT PASS' in done.stdout,
          done.stdout)


def ttl_check(uri):
    # lilv complains of whatever else lies beside a bundle
    with tempfile.TemporaryDirectory() as folder:
        bundle = os.path.join(folder, 'perpetuo.lv2')
        shutil.copytree(BUNDLE, bundle)
        rig('ttl_check.sh',
            ['lv2_validate', 'sord_validate', 'lv2info', 'lv2bench'], bundle,
            uri)


def jalv(uri, *args):
    rig('jalv_run.sh', ['jackd', 'jalv', 'jack_lsp', 'jack_wait', 'cc'],
        '-u', uri, '-b', BUILD, '-m', 'freewheel', *args)


def test_description_of_duo():
    ttl_check(URIS[0])


def test_description_of_melody():
    ttl_check(URIS[1])


def test_description_of_drums():
    ttl_check(URIS[2])


def test_jalv_freewheels_duo():
    jalv(URIS[0])


def test_jalv_freewheels_melody():
    jalv(URIS[1])


def test_jalv_freewheels_drums():
    jalv(URIS[2])


if __name__ == '__main__':
    run(test_description_of_duo, test_description_of_melody,
        test_description_of_drums, test_jalv_freewheels_duo,
        test_jalv_freewheels_melody, test_jalv_freewheels_drums)
