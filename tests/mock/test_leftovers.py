# SPDX-License-Identifier: GPL-2.0-or-later
"""Activations that fail, one for each way: afterwards the kernel is as before. test_move.py does the same for each
step of mode move, tests/component/test-sync-undo.c and test-libvirt-undo.c for libvirt."""

import device
import mock
from device import ip
from host import GUEST_MAC, LINK, check

BRIDGE_PORT = [('link', 'add', 'br0', 'type', 'bridge'), ('link', 'set', 'eth0', 'master', 'br0')]
TAKEN_NAME = [('link', 'add', LINK, 'type', 'veth', 'peer', 'other')]
PASSTHROUGH = [('link', 'add', 'link', 'eth0', 'name', 'tap1', 'type', 'macvtap', 'mode', 'passthru')]


def add_guest(host):
    """A running guest whose macvtap device is real, for routes and multicast."""
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)


def refused(mode, commands, *texts):
    def test(host):
        for words in commands:
            ip(*words)
        if commands == TAKEN_NAME:
            add_guest(host)
        with host.unchanged():
            host.refused(host.add_profile(mode), *texts)
    return test


def cancelled(mode, pattern):
    """The user deactivates the profile while a call to libvirt hangs."""
    def test(host):
        host.speed_up(10)
        add_guest(host)
        host.at_start(f'hang "{pattern}"')
        with host.unchanged():
            vpn = host.activate(host.add_profile(mode))
            host.wait(lambda: pattern.rstrip('*') in host.hypervisor('calls'), 'the call')
            vpn.deactivate()
            host.hypervisor('release')
            host.wait_service_ended()
    return test


def given_up(mode, pattern):
    """NetworkManager ends an activation in which libvirt fails."""
    def test(host):
        add_guest(host)
        host.at_start(f'fail "{pattern}" "refused by the test"')
        with host.unchanged():
            vpn = host.activate(host.add_profile(mode))
            host.wait(lambda: 'refused by the test' in host.messages(), 'the failure')
            if vpn.state == device.ACTIVATED:
                vpn.deactivate()
            elif vpn.state == device.ACTIVATING:
                vpn.time_out()
            host.wait_service_ended()
    return test


def served_and_down(mode):
    def test(host):
        add_guest(host)
        with host.unchanged():
            vpn = host.up(host.add_profile(mode))
            if mode == 'share':
                host.wait_served('tap0')
            host.wait(lambda: mode == 'isolated' or host.is_allmulticast('tap0'), 'multicast for the guest')
            host.down(vpn)
    return test


for _mode in ('share', 'move'):
    for _name, _commands in (('parent_that_is_a_port', BRIDGE_PORT), ('link_name_that_is_taken', TAKEN_NAME),
                             ('parent_of_a_passthrough_guest', PASSTHROUGH)):
        globals()[f'test_{_mode}_{_name}_leaves_nothing'] = refused(_mode, _commands)
for _call in ('open', 'list-networks', 'list-guests'):
    globals()[f'test_share_{_call}_that_hangs_leaves_nothing'] = cancelled('share', _call)
for _call in ('list-networks', 'list-guests'):
    globals()[f'test_share_{_call}_that_fails_leaves_nothing'] = given_up('share', _call)
for _call in ('network-define*', 'network-autostart*', 'network-start*', 'nic-attach config*', 'nic-attach live*'):
    globals()[f'test_isolated_{_call.rstrip("*")}_that_hangs_leaves_nothing'] = cancelled('isolated', _call)
for _mode in ('isolated', 'share', 'move'):
    globals()[f'test_{_mode}_up_and_down_leaves_nothing'] = served_and_down(_mode)


def test_snapshot_sees_what_it_compares(host):
    add_guest(host)
    for words in (('link', 'set', 'tap0', 'allmulticast', 'on'), ('address', 'add', '10.9.9.9/32', 'dev', 'lo'),
                  ('route', 'add', '10.8.8.0/24', 'dev', 'eth0'), ('rule', 'add', 'from', '10.9.9.9', 'table', '7'),
                  ('link', 'add', 'more0', 'type', 'veth', 'peer', 'more1'),
                  ('neighbour', 'add', '10.0.0.77', 'lladdr', GUEST_MAC, 'dev', 'eth0', 'nud', 'permanent')):
        try:
            with host.unchanged(patience=0.3):
                ip(*words)
        except AssertionError:
            continue
        check(False, f'{words} is not seen')
    try:
        with host.unchanged(patience=0.3):
            host.write('/proc/sys/net/ipv4/conf/eth0/arp_filter', '1')
    except AssertionError:
        return
    check(False, 'a switch is not seen')


if __name__ == '__main__':
    mock.main()
