# SPDX-License-Identifier: GPL-2.0-or-later
"""What is below a macvtap guest on real hosts: a bond, a VLAN, a bridge, a VRF, a Wi-Fi device."""

import contextlib
import subprocess

from modes import is_gone
from vm import HERE, PATIENCE, WAIT, check, equal


SHARED_MAC = "'{}' is built on other devices"  # which have the same MAC


@contextlib.contextmanager
def connections(machine, *rows):
    """A row: the type of a profile of NetworkManager, the device that it is for and is named after, and settings."""
    for kind, device, *settings in rows:
        machine.run('nmcli', 'connection', 'add', 'type', kind, 'con-name', device, 'ifname', device, *settings)
    try:
        yield
    finally:
        machine.run('nmcli', '--wait', WAIT, 'connection', 'delete', *(device for _kind, device, *_settings in rows))


def port_of(kind, master):
    return 'connection.master', master, 'connection.slave-type', kind


def fixed(address):
    return 'ipv4.method', 'manual', 'ipv4.addresses', f'{address}/24'


@contextlib.contextmanager
def guest_on(machine, parent, address):
    name = f'on-{parent}'
    machine.define_guest(name, parent, f'{address}/24')
    try:
        machine.virsh('start', name)
        yield name
    finally:
        machine.virsh('destroy', name)
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
                    check_own_mac(machine, parent, SHARED_MAC)


def mac_of(machine, device):
    return machine.run('cat', f'/sys/class/net/{device}/address')


def check_own_mac(machine, parent, reason):
    """Of the host link, which cannot have the MAC of the parent."""
    check(mac_of(machine, f'nmmv{parent}') != mac_of(machine, parent), 'the host link has the MAC of the parent')
    check(reason.format(parent) in machine.journal('-t', 'nm-macvtap-service'), 'the journal does not say why')


def active_port(machine):
    return machine.run('cat', '/sys/class/net/bond0/bonding/active_slave')


def fail_over(machine):
    """Pulls the cable of the active port, and plugs it in again."""
    port = active_port(machine)
    machine.monitor('set_link', name=port, up=False)
    machine.wait(lambda: active_port(machine) not in ('', port), 'the other port')
    machine.wait_answer('10.0.78.2')
    machine.monitor('set_link', name=port, up=True)


def stream_during(machine, address, action):
    """What echo-stream prints."""
    machine.write('/root/echo-stream', (HERE / 'echo-stream').read_bytes(), '755')
    with subprocess.Popen(machine.argv('/root/echo-stream', address), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as stream:
        equal(stream.stdout.readline(), 'connected\n', 'the stream')
        action(machine)
        rest, _error = stream.communicate(timeout=200 * PATIENCE)
    equal(stream.returncode, 0, f'{rest}: exit code')
    return rest.split()


def step_bond_fails_over_while_a_stream_runs(machine):
    notes = []
    with connections(machine, ('bond', 'bond0', 'bond.options', 'mode=active-backup,miimon=100', *fixed('10.0.78.20')),
                     *(('ethernet', port, *port_of('bond', 'bond0')) for port in ('eth1', 'eth2'))):
        for port in ('eth1', 'eth2'):
            machine.up(port)
        machine.wait_answer('10.0.78.2')
        with guest_on(machine, 'bond0', '10.0.78.150') as guest:
            for mode in ('share', 'move'):
                with profile_up(machine, mode, 'bond0', guest, '10.0.78.150', '10.0.78.20'):
                    if mode == 'move':
                        check_own_mac(machine, 'bond0', SHARED_MAC)
                    count, longest = stream_during(machine, '10.0.78.150', fail_over)
                    machine.wait_answer('10.0.78.2')
                    notes.append(f'{mode}: {count} bytes came back, the longest took {longest} s')
    return '\n'.join(notes)


def step_vlan(machine):
    with connections(machine, ('vlan', 'eth0.5', 'dev', 'eth0', 'id', '5', *fixed('10.5.0.1'))):
        try_modes(machine, 'eth0.5', '10.5.0.1', '10.5.0.2')


def step_bridge(machine):
    with connections(machine, ('bridge', 'br0', 'bridge.stp', 'no', *fixed('10.6.0.1')),
                     ('ethernet', 'eth1', *port_of('bridge', 'br0'))):
        machine.up('eth1')
        try_modes(machine, 'br0', '10.6.0.1', '10.6.0.2')


def step_vrf_is_refused(machine):
    with connections(machine, ('vrf', 'vrf0', 'table', '100', 'ipv4.method', 'disabled', 'ipv6.method', 'disabled'),
                     ('ethernet', 'eth1', *port_of('vrf', 'vrf0'), *fixed('10.7.0.1'))):
        machine.up('eth1')
        check_refusals(machine, 'eth1', "parent 'eth1' is in VRF 'vrf0'")


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
