# SPDX-License-Identifier: GPL-2.0-or-later
"""The packages on a booted host: what the tests of this directory do with them and ask, and how they run.

    def step_one(host): ...      # a Booted; the steps build on each other, so the first failure ends the program

    if __name__ == '__main__':
        installed.main(Booted)   # or what returns a host
"""

import glob
import os
import sys
import time
import traceback

from booted import Booted
from cases import check

HELPER = 'nm-macvtap-dispatcher.service'
REFRESH = 'nm-macvtap-refresh.service'
SUGGESTED = 'Guests on eth0'

directory = sys.argv[1]  # with the packages


def install(host):
    for path in glob.glob(f'{directory}/*-macvtap*_*.deb'):
        if 'dbgsym' not in path:
            host.copy(path, f'/tmp/{os.path.basename(path)}')
    return host.run('sh', '-c', 'dpkg -i /tmp/*.deb')


def boot_installed(**options):
    """A host with the packages."""
    host = Booted(**options)
    install(host)
    wait_idle(host)
    return host


# Profiles


def add(host, name, data='', autoconnect='no'):
    host.run('nmcli', 'connection', 'add', 'type', 'vpn', 'vpn-type', 'macvtap', 'con-name', name,
             'autoconnect', autoconnect, *(['vpn.data', data] if data else []))


def profiles(host):
    return {name.replace('\\:', ':'): state for name, state in
            (line.rsplit(':', 1) for line in host.run('nmcli', '-g', 'NAME,STATE', 'connection').splitlines())}


def wait_active(host, *names, timeout=60):
    host.wait(lambda: [profiles(host).get(name) for name in names] == ['activated'] * len(names),
              f"the profiles {' and '.join(names)} to be active", timeout)


def services(host):
    return host.run('pgrep', '-f', 'nm-macvtap-service --bus-name', check=False).split()


# Units


def is_idle(host):
    """Neither does the helper run, nor does an event wait for it."""
    return not host.is_active(HELPER) and not host.is_active(REFRESH) and host.run(
        'sh', '-c', 'cat /run/nm-macvtap/dispatcher-events 2>/dev/null', check=False) == ''


def wait_idle(host):
    host.wait(lambda: is_idle(host), 'the helper to end', 60)


def starts(host, unit=HELPER):
    return host.journal('-u', unit).count(f'Started {unit}')


def refreshes(host):
    return host.journal('-u', REFRESH).count('Finished ' + REFRESH)


# Guests


def interfaces(host, guest='alpha'):
    return host.run('virsh', 'dumpxml', '--inactive', guest).count('<interface ')


# Steps


def run_step(function, host):
    """What has failed; '' if nothing."""
    try:
        function(host)
    except Exception:
        return f'{host.journal()[-8000:]}\n{traceback.format_exc()}'
    return ''


def main(make_host):
    steps = [item for name, item in vars(sys.modules['__main__']).items() if name.startswith('step_')]
    check(steps, 'no steps')
    print(f'1..{len(steps)}', flush=True)
    host = make_host()
    failed = False
    for number, function in enumerate(steps, 1):
        begin = time.monotonic()
        failure = 'a step before it has failed' if failed else run_step(function, host)
        failed = failed or bool(failure)
        name = function.__name__.removeprefix('step_').replace('_', ' ')
        print(f"{'not ok' if failure else 'ok'} {number} - {name} ({time.monotonic() - begin:.1f} s)")
        print(''.join(f'# {line}\n' for line in failure.splitlines()), end='', flush=True)
    host.close()
    sys.exit(failed)
