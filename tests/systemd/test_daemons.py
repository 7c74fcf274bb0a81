#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""libvirtd and NetworkManager's dispatcher, which start when they are needed and end when they are idle.

    test_daemons.py DIRECTORY     with the packages"""

import time

import installed
from cases import check, equal
from installed import HELPER, SUGGESTED, add, interfaces, profiles, starts, wait_active, wait_idle

DISPATCHER = 'NetworkManager-dispatcher.service'
LIBVIRT = 'libvirtd.service'
IDLE = 5  # s; 120 without this file
FILES = {'/etc/default/libvirtd': f'LIBVIRTD_ARGS="--timeout {IDLE}"\n'}
EVENTS = 60  # of an hour
GUEST = '''<domain type='qemu'><name>NAME</name><memory unit='MiB'>16</memory><os><type>hvm</type></os><devices>
<interface type='direct'><source dev='eth0' mode='bridge'/></interface><memballoon model='none'/></devices></domain>'''


def define(host, name):
    host.run('virsh', 'define', '/dev/stdin', stdin=GUEST.replace('NAME', name))


def wait_asleep(host):
    host.wait(lambda: not host.is_active(LIBVIRT), 'libvirtd to end', IDLE + 30)
    check(host.is_active('libvirtd.socket'), 'the socket of libvirtd has gone')


def libvirt_starts(host):
    return host.journal('-u', LIBVIRT).count('Starting ' + LIBVIRT)


def main_pid(host, unit):
    return host.properties(unit, 'MainPID')['MainPID']


def step_events_do_not_start_libvirt(host):
    """An hour of an idle laptop with an event a minute, in quick succession, and with a profile that comes up by itself."""
    define(host, 'alpha')
    add(host, 'share', 'mode=share, parent=eth0')
    wait_asleep(host)
    before = libvirt_starts(host), starts(host)
    for _ in range(EVENTS):
        host.run('nmcli', 'connection', 'up', 'eth0')
    wait_idle(host)
    check(starts(host) > before[1], 'the hook has not started the helper')
    equal(libvirt_starts(host) - before[0], 0, f'starts of libvirtd in {EVENTS} events')


def step_libvirt_stays_while_a_profile_needs_it(host):
    for name, base, data in (('isolated', 'lo', 'mode=isolated'), ('share', 'eth0', '')):
        if data:
            add(host, name, data)
        host.run('nmcli', 'connection', 'up', name, 'ifname', base)
    pid = main_pid(host, LIBVIRT)
    time.sleep(IDLE + 3)
    equal(main_pid(host, LIBVIRT), pid, 'process of libvirtd')
    equal(interfaces(host), 2, 'interfaces of the guest')


def step_libvirt_ends_after_the_profiles(host):
    for name in ('isolated', 'share'):
        host.run('nmcli', 'connection', 'down', name)
    host.run('virsh', 'net-destroy', 'isolated')
    wait_asleep(host)
    host.run('nm-macvtap', 'refresh')
    check(not host.is_active(LIBVIRT), 'the refresh has started libvirtd')


def step_profile_after_another_start_of_libvirt(host):
    host.run('nmcli', 'connection', 'up', 'isolated', 'ifname', 'lo')
    check(host.is_active(LIBVIRT), 'the activation has not started libvirtd')
    check('yes' in host.run('virsh', 'net-info', 'isolated'), 'the network is not active')
    define(host, 'beta')
    host.wait(lambda: interfaces(host, 'beta') == 2, 'the new guest to be served')
    equal(interfaces(host), 2, 'interfaces of the guest')


def step_helper_outlives_the_dispatcher(host):
    """It waits for a libvirtd that hangs after the dispatcher has ended."""
    add(host, 'waiting', 'mode=share, parent=eth0', autoconnect='yes')
    host.run('virsh', 'start', 'alpha')
    host.wait(lambda: profiles(host).get(SUGGESTED) is not None or profiles(host)['waiting'] == 'activated', 'the refresh')
    wait_idle(host)
    pid = main_pid(host, LIBVIRT)
    host.run('kill', '-STOP', pid)
    host.run('nmcli', 'connection', 'up', 'eth0')
    host.wait(lambda: host.is_active(HELPER), 'the helper to start')
    helper = main_pid(host, HELPER)
    host.wait(lambda: not host.is_active(DISPATCHER), 'the end of the dispatcher', 40)
    equal((main_pid(host, HELPER), host.is_active(HELPER)), (helper, True), 'the helper')
    host.run('kill', '-CONT', pid)
    # The helper waits 10 s for libvirt, as long as the dispatcher for an event. If it has ended, too, the next event counts.
    host.run('systemctl', 'start', '--no-block', installed.REFRESH)
    wait_active(host, 'waiting')
    wait_idle(host)
    check('remains running after unit stopped' not in host.journal('-u', DISPATCHER), host.journal('-u', DISPATCHER))


if __name__ == '__main__':
    installed.main(lambda: installed.boot_installed(files=FILES))
