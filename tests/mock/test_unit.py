# SPDX-License-Identifier: GPL-2.0-or-later
"""The dispatcher hook and helper on a host with systemd: the helper runs in its unit."""

import os
import subprocess

import mock
from host import BUS_ADDRESS, RUN_DIR, UPLINK_UUID, check, equal
from systemd import UNIT, Systemd
from test_dispatcher import AUTOCONNECT, cable_out_and_in, is_up

EVENTS = f'{RUN_DIR}/dispatcher-events'


def boot(host, refusal=None):
    host.install_hook()
    return Systemd(host, BUS_ADDRESS, refusal)


def wait_idle(host, systemd):
    """No event waits, and the unit is not running."""
    host.wait(lambda: not systemd.process and os.path.getsize(EVENTS) == 0, 'the unit to handle all events')


def test_hook_starts_the_unit(host):
    systemd = boot(host)
    profile = host.add_profile('isolated', settings=AUTOCONNECT)
    cable_out_and_in(host)
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')
    wait_idle(host, systemd)
    check(systemd.runs > 0, 'the unit did not run')
    equal(set(systemd.starts), {(UNIT, 'replace')}, 'starts')


def test_unit_that_is_masked_disables_the_helper(host):
    systemd = boot(host, refusal='UnitMasked')
    profile = host.add_profile('isolated', settings=AUTOCONNECT)
    cable_out_and_in(host)
    host.wait(lambda: systemd.starts, 'the start')
    host.wait_helper_ended()
    host.pause(0.5)
    check(not host.nm.find_active(profile.uuid), 'the profile was activated')


def test_helper_runs_itself_if_the_unit_is_not_installed(host):
    systemd = boot(host, refusal='NoSuchUnit')
    profile = host.add_profile('isolated', settings=AUTOCONNECT)
    cable_out_and_in(host)
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')
    check(systemd.starts, 'systemd was not asked')


def test_event_at_the_end_of_a_run_is_not_lost(host):
    """The hook finds the lock free, but systemd has not yet noticed the end of the process, and would ignore the start."""
    systemd = boot(host)
    systemd.delay = 0.5  # the hook's child pauses for 150 ms
    runs = []

    def ending():
        host.wait_helper_ended()
        if len(runs) < 3:
            runs.append(systemd.runs)
            host.run_hook('up', 'eth0', UPLINK_UUID)
    systemd.ending = ending
    host.run_hook('up', 'eth0', UPLINK_UUID)
    host.wait(lambda: len(runs) == 3, 'three runs')
    wait_idle(host, systemd)


def test_refresh_unit_ends_at_once_and_its_event_is_handled(host):
    systemd = boot(host)
    profile = host.add_profile('isolated', settings=AUTOCONNECT)
    process = subprocess.Popen([host.programs.dispatcher, '--queue'])
    host.wait(lambda: process.poll() is not None, 'the queueing process to end')
    equal(process.returncode, 0, 'its exit code')
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')
    wait_idle(host, systemd)


if __name__ == '__main__':
    mock.main()
