# SPDX-License-Identifier: GPL-2.0-or-later
"""Power off and on, a power cut, sleep and resume, with active profiles."""

import time

from modes import HOST, WEB, second_address
from vm import Failure, check, equal

PROFILES = ('isolated', 'move1', 'share')
FIRST_PING = '''[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/sh -c 'until ping -c 1 -W 1 10.0.77.150; do sleep 0.2; done >/dev/null 2>&1; echo answered'
[Install]
WantedBy=sysinit.target
'''
# One row a moment of the boot: what the journal has, and where.
MOMENTS = {
    'kernel': ('Linux version', '-k'),
    'eth0': ('device (eth0): Activation: successful', '-u', 'NetworkManager'),
    'libvirtd': ('Started libvirtd.service', '-u', 'libvirtd'),
    'profile': ("profile 'share': up", '-t', 'nm-macvtap-service'),
    'answered ping': ('answered', '-u', 'first-ping'),
}


def prepare(machine):
    """Profiles of the three modes and two guests that start with the host."""
    machine.run('nmcli', 'connection', 'add', 'type', 'ethernet', 'con-name', 'eth1', 'ifname', 'eth1')
    machine.wait_answer('10.0.78.2')
    machine.define_guest('web2', 'eth1', '10.0.78.150/24')
    machine.virsh('start', 'web2')
    machine.add_profile('move1', 'mode=move, parent=eth1', 'yes')
    for name in ('share', 'isolated'):
        machine.run('nmcli', 'connection', 'modify', name, 'connection.autoconnect', 'yes')
    for name in ('web1', 'web2'):
        machine.virsh('autostart', name)
    machine.run('systemctl', 'enable', 'libvirtd')
    machine.write('/etc/systemd/system/first-ping.service', FIRST_PING)
    machine.run('systemctl', 'enable', 'first-ping')


def wait_served(machine):
    """The three profiles are active, and the guests answer."""
    machine.wait(lambda: [machine.states().get(name) for name in PROFILES] == ['activated'] * 3, 'the profiles', 200)
    machine.wait_answer(WEB)
    machine.wait_answer('10.0.78.150')
    machine.wait_answer(machine.wait(lambda: second_address(machine), 'the second address of the guest', 100))
    for address in ('10.0.77.2', '10.0.78.2'):
        machine.wait_answer(address)
    machine.wait_idle()


def seconds(machine, text, *arguments):
    """From power-on to the first entry of the journal with TEXT."""
    for line in machine.run('journalctl', '-b', '--no-pager', '-o', 'short-unix', *arguments).splitlines():
        if text in line:
            return float(line.split()[0]) - machine.powered_on
    raise Failure(f'{text!r} is not in the journal')


def boot_times(machine):
    """What of it this project took: from the start of what the profile needs, libvirt and the device,
    to the active profile."""
    times = {name: seconds(machine, *row) for name, row in MOMENTS.items()}
    own = times['profile'] - max(times['eth0'], times['libvirtd'])
    return f'seconds from power-on: {", ".join(f"{name} {time:.1f}" for name, time in times.items())}; of it this project: {own:.1f}'


def step_profiles_are_active_after_a_reboot(machine):
    prepare(machine)
    machine.power_off()
    machine.power_on()
    wait_served(machine)
    return boot_times(machine)


def step_power_cut(machine):
    wait_served(machine)
    machine.power_cut()
    machine.power_on()
    wait_served(machine)
    equal(machine.virsh('domstate', 'web1'), 'running', 'state of the guest')


def step_sleep_and_resume(machine):
    machine.run('systemd-run', 'systemctl', 'suspend')
    machine.wait(lambda: machine.monitor('query-status')['status'] == 'suspended', 'the host to sleep', 100)
    time.sleep(5)
    machine.monitor('system_wakeup')
    begin = time.monotonic()
    machine.wait(lambda: machine.answers(HOST), 'the host to be awake', 100)
    wait_served(machine)
    check('nmmv' in machine.run('ip', 'link'), 'no host link')
    return f'all profiles are active {time.monotonic() - begin:.0f} s after the wake-up'
