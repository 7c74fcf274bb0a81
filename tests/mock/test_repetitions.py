# SPDX-License-Identifier: GPL-2.0-or-later
"""An active profile is not deactivated and activated again without need, because that runs users' scripts for vpn-up and
vpn-down."""

import device
import mock
from device import build_settings, ip
from host import UPLINK_UUID, check, equal

LO_UUID = '55555555-5555-4555-8555-555555555555'
DOCK_UUID = '33333333-3333-4333-8333-333333333333'
AUTOCONNECT = {'autoconnect': True}.items()
HARMLESS = (
    ('dhcp4-change', 'eth0', UPLINK_UUID),
    ('dhcp6-change', 'eth0', UPLINK_UUID),
    ('connectivity-change', '', ''),
    ('reapply', 'eth0', UPLINK_UUID),
    ('up', 'eth0', UPLINK_UUID),
    ('up', 'lo', ''),
    ('up', 'virbr1', ''),
    ('up', 'vnet0', ''),
    ('down', 'vnet0', ''),
    ('vpn-up', 'eth0', '44444444-4444-4444-8444-444444444444'),
    ('vpn-down', 'eth0', '44444444-4444-4444-8444-444444444444'),
)


def add_dock(host):
    """Another network card, with its own connection."""
    ip('link', 'add', 'dock0', 'type', 'veth', 'peer', 'dock1')
    return host.nm.add_device('dock0'), add_connection(host, 'dock0', DOCK_UUID, '802-3-ethernet')


def add_connection(host, name, uuid, kind):
    return host.nm.add_profile(build_settings(
        connection={'id': name, 'uuid': uuid, 'type': kind, 'interface_name': name},
        ipv4={'method': 'disabled'}, ipv6={'method': 'disabled'}, **{kind: {}}))


def ups_and_downs(host):
    return tuple(host.messages().count(f'[mock] dispatch {action} ') for action in ('vpn-up', 'vpn-down'))


def start(host, mode, base='eth0'):
    host.install_hook()
    if base == 'lo':
        host.nm.take_up(host.nm.add_device('lo', device.LOOPBACK), add_connection(host, 'lo', LO_UUID, 'loopback'))
    profile = host.add_profile(mode, settings=AUTOCONNECT)
    if base == 'lo':
        host.refresh()
        host.wait(lambda: is_up(host, profile), 'the profile to be activated')
    else:
        host.up(profile)
    host.wait_helper_ended()
    return profile


def is_up(host, profile):
    active = host.nm.find_active(profile.uuid)
    return active and active.state == device.ACTIVATED


def check_untouched(host, profile, what):
    host.wait_helper_ended()
    check(is_up(host, profile), f'the profile is down after {what}')
    equal(len(host.services), 1, f'services after {what}')


def harmless_events(mode):
    def test(host):
        profile = start(host, mode)
        before = ups_and_downs(host)
        for event in HARMLESS:
            host.nm.dispatch(*event)
            check_untouched(host, profile, ' '.join(event))
        host.refresh()
        check_untouched(host, profile, 'nm-macvtap refresh')
        ours = sum(event[0].startswith('vpn-') for event in HARMLESS) // 2
        equal(ups_and_downs(host), (before[0] + ours, before[1] + ours), 'vpn-up and vpn-down')
        equal(host.nm.bus.calls.count('DeactivateConnection'), 0, 'deactivations')
    return test


def device_of_another(mode):
    """A network card that the profile does not use comes and goes."""
    def test(host):
        profile = start(host, mode)
        before = ups_and_downs(host)
        dock, settings = add_dock(host)
        for _ in range(2):
            dock.begin(settings)
            host.wait(lambda: dock.state == device.UP, 'the other network card')
            dock.active.deactivate()
            check_untouched(host, profile, 'another network card')
        equal(ups_and_downs(host), before, 'vpn-up and vpn-down')
    return test


def short_flap(mode):
    """NetworkManager waits some seconds for the carrier, so the device stays active."""
    def test(host):
        profile = start(host, mode)
        before = ups_and_downs(host)
        for _ in range(3):
            ip('link', 'set', 'lan0', 'down')
            host.pause(0.1)
            ip('link', 'set', 'lan0', 'up')
        host.nm.dispatch('connectivity-change', '', '')
        host.pause(0.3)
        check_untouched(host, profile, 'a short loss of the carrier')
        equal(ups_and_downs(host), before, 'vpn-up and vpn-down')
    return test


for _mode in ('isolated', 'share', 'move'):
    globals()[f'test_harmless_events_leave_{_mode}_up'] = harmless_events(_mode)
    globals()[f'test_device_of_another_leaves_{_mode}_up'] = device_of_another(_mode)
    globals()[f'test_short_loss_of_the_carrier_leaves_{_mode}_up'] = short_flap(_mode)


def pull_cable(host):
    host.eth0.active.deactivate(20, 40)
    host.wait_helper_ended()
    host.eth0.begin(host.nm.find_profile(UPLINK_UUID))
    host.wait(lambda: host.eth0.state == device.UP, 'the uplink')


def test_cable_that_is_pulled_leaves_isolated_on_lo_up(host):
    profile = start(host, 'isolated', 'lo')
    before = ups_and_downs(host)
    for _ in range(3):
        pull_cable(host)
    check_untouched(host, profile, 'pulled cables')
    equal(ups_and_downs(host), before, 'vpn-up and vpn-down')
    equal(host.nm.bus.calls.count('ActivateConnection'), 1, 'activations')


def test_cable_that_is_pulled_costs_share_one_activation(host):
    profile = start(host, 'share')
    for n in (1, 2):
        pull_cable(host)
        host.wait(lambda: is_up(host, profile), 'the profile to be activated')
        for event in HARMLESS:
            host.nm.dispatch(*event)
        host.wait_helper_ended()
        equal(host.nm.bus.calls.count('ActivateConnection'), n, 'activations')


def test_events_of_a_boot_cost_one_activation(host):
    """Events of the device and of the network's bridge; starts of the unit after NetworkManager and after libvirt."""
    host.install_hook()
    profile = host.add_profile('isolated', settings=AUTOCONNECT)
    for event in HARMLESS:
        host.nm.dispatch(*event)
    host.refresh()
    host.refresh()
    host.wait(lambda: is_up(host, profile), 'the profile to be activated')
    host.wait_helper_ended()
    equal(host.nm.bus.calls.count('ActivateConnection'), 1, 'activations')


if __name__ == '__main__':
    mock.main()
