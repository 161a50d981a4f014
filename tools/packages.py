# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""What is missing on this machine, and how Debian provides it.

Used by the launcher (waf) and by wscript.  Only `install`, `update` and
`download` do anything; they say what they do before they do it.
"""

import glob
import os
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
LOG = os.path.join(TOP, '.waf', 'apt.log')


def is_debian():
    return bool(shutil.which('apt-get') and shutil.which('dpkg'))


def rights():
    """What to put before a command that needs root; None when it cannot be."""
    if os.geteuid() == 0:
        return []
    if shutil.which('sudo') and subprocess.call(
            ['sudo', '-n', 'true'], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
        return ['sudo', '-n']
    return None


def is_there(probe):
    """Whether 'program NAME...', 'library NAME' or 'file PATTERN' is there."""
    kind, _, what = probe.partition(' ')
    if kind == 'program':
        return any(shutil.which(name) for name in what.split())
    if kind == 'library':
        return bool(shutil.which('pkg-config')) and subprocess.call(
            ['pkg-config', '--exists', what]) == 0
    return any(glob.glob(pattern) for pattern in what.split())


def _apt(rights_, *args):
    """Run apt-get, quietly; its words are kept in LOG."""
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    command = rights_ + ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get',
                         '-q', '-y', '-o', 'DPkg::Lock::Timeout=300',
                         '-o', 'APT::Sandbox::User=root'] + list(args)
    with open(LOG, 'a') as log:
        log.write('\n$ %s\n' % ' '.join(command))
        log.flush()
        return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=log,
                               stderr=subprocess.STDOUT) == 0


def _has_lists():
    return bool(glob.glob('/var/lib/apt/lists/*_Packages*'))


def update():
    """Fetch the package lists; true when that worked."""
    who = rights()
    if who is None:
        return False
    print('Fetching the package lists (apt-get update)', flush=True)
    return _apt(who, 'update')


def download(package, folder, may_update):
    """Download a .deb into `folder`; true when it is there."""
    for attempt in range(2):
        if subprocess.call(
                ['apt-get', '-q', '-o', 'APT::Sandbox::User=root', 'download',
                 package], cwd=folder, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return True
        if attempt or not may_update or not update():
            break
    print('apt-get could not download %s.  %s' % (
        package, 'Is there a network?' if _has_lists() else
        'The package lists are empty: run "sudo apt-get update" once.'),
        file=sys.stderr)
    return False


def install(names, may_install):
    """Install packages with one call; true when that worked.

    Where it may not or cannot, say what a person would type instead.
    """
    by_hand = 'sudo apt-get install %s' % ' '.join(names)
    if not is_debian():
        print('On Debian they are in: %s' % ' '.join(names))
        return False
    who = rights() if may_install else None
    if who is None:
        print('Install with: %s' % by_hand)
        return False

    if not _has_lists() and not update():
        print('apt-get update failed (%s).  Then: %s' % (LOG, by_hand))
        return False
    print('Installing %s' % ' '.join(names), flush=True)
    command = ['install', '--no-install-recommends'] + list(names)
    if _apt(who, *command) or (update() and _apt(who, *command)):
        return True
    print('apt-get could not (what it said: %s).  By hand: %s' % (LOG, by_hand))
    return False
