# SPDX-License-Identifier: GPL-2.0-or-later
"""What is below a macvtap guest on real hosts: a VLAN, a Wi-Fi device."""

import contextlib

from modes import is_gone, source_address
from vm import WAIT, check, equal


@contextlib.contextmanager
def connections(machine, *rows):
    """A row: the type of a profile of NetworkManager, the device that it is for and is named after, and settings."""
    for kind, device, *settings in rows:
        machine.run('nmcli', 'connection', 'add', 'type', kind, 'con-name', device, 'ifname', device, *settings)
    try:
        yield
    finally:
        machine.run('nmcli', '--wait', WAIT, 'connection', 'delete', *(device for _kind, device, *_settings in rows))


def fixed(address):
    return 'ipv4.method', 'manual', 'ipv4.addresses', f'{address}/24'


@contextlib.contextmanager
def guest_on(machine, parent, address):
    name = f'on-{parent}'
    machine.define_guest(name, parent, f'{address}/24')
    try:
        machine.virsh('start', name)
        yield name
        machine.virsh('destroy', name)
    finally:
        machine.virsh('undefine', name)


@contextlib.contextmanager
def profile_of(machine, mode, parent):
    name = f'{mode}-{parent}'
    machine.add_profile(name, f'mode={mode}, parent={parent}')
    try:
        yield name
    finally:
        machine.run('nmcli', '--wait', WAIT, 'connection', 'delete', name)


@contextlib.contextmanager
def profile_up(machine, mode, parent, guest, guest_address, host_address):
    with profile_of(machine, mode, parent) as name:
        machine.up(name, 'ifname', parent)
        machine.wait_answer(guest_address)
        machine.wait(lambda: machine.guest_answers(guest, host_address), 'the host to answer the guest')
        machine.run('nm-macvtap', 'check', guest)
        yield
        machine.down(name)
        machine.wait(lambda: is_gone(machine), 'the host link to be gone')


def try_modes(machine, parent, host_address, guest_address):
    with guest_on(machine, parent, guest_address) as guest:
        for mode in ('share', 'move'):
            with profile_up(machine, mode, parent, guest, guest_address, host_address):
                if mode == 'move':
                    check_own_mac(machine, parent)


def mac_of(machine, device):
    return machine.run('cat', f'/sys/class/net/{device}/address')


def check_own_mac(machine, parent):
    """The device and those below it share a MAC, so the host link has its own."""
    equal(mac_of(machine, f'nmmv{parent}') == mac_of(machine, parent), False, 'the host link has the MAC of the parent')
    check(f"'{parent}' is built on other devices" in machine.journal('-t', 'nm-macvtap-service'), 'the journal does not say why')


def step_vlan(machine):
    with connections(machine, ('vlan', 'eth0.5', 'dev', 'eth0', 'id', '5', *fixed('10.5.0.1'))):
        try_modes(machine, 'eth0.5', '10.5.0.1', '10.5.0.2')


def check_refusals(machine, parent, reason):
    for mode in ('share', 'move'):
        with profile_of(machine, mode, parent) as name:
            text = refusal_of(machine, name, 'eth0')
            check(reason in text and "use mode 'isolated'" in text, text)


def refusal_of(machine, name, base):
    """What the journal has of an activation that must fail."""
    check(not machine.succeeds('nmcli', '--wait', WAIT, 'connection', 'up', name, 'ifname', base), f'{name} is active')
    uuid = machine.run('nmcli', '-g', 'connection.uuid', 'connection', 'show', name)
    return machine.run('journalctl', '-b', '-o', 'cat', '-p', 'warning', '-t', 'nm-macvtap-service', f'NM_CONNECTION={uuid}')


def step_wifi_is_refused(machine):
    machine.run('modprobe', 'mac80211_hwsim', 'radios=1')
    try:
        machine.wait(lambda: 'wlan0' in machine.run('ip', 'link'), 'the Wi-Fi device')
        check_refusals(machine, 'wlan0', "parent 'wlan0' is a Wi-Fi device")
    finally:
        machine.run('modprobe', '-r', 'mac80211_hwsim')
