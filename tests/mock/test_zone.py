# SPDX-License-Identifier: GPL-2.0-or-later
"""The firewalld zone of the host link in modes share and move, with a mock firewalld."""

import os

import mock
from firewalld import NAME, Firewalld
from host import BUS_ADDRESS, LINK, check, equal


def start(zones=(), **options):
    return Firewalld(BUS_ADDRESS, zones, **options)


def wait_zone(host, firewalld, zone, link=LINK):
    """The link comes into ZONE (empty: none), and stays there."""
    host.wait(lambda: firewalld.zones.get(link, '') == zone, f"'{link}' to be in zone '{zone}'")
    host.pause(0.2)
    equal(firewalld.zones.get(link, ''), zone, f'zone of {link}')


def up(host, zone=None, mode='share'):
    settings = {'zone': zone} if zone else {}
    return host.up(host.add_profile(mode, settings=settings))


def test_link_is_in_the_zone_of_its_parent(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host)
    wait_zone(host, firewalld, 'internal')
    host.down(vpn)
    equal(firewalld.zones['eth0'], 'internal', 'zone of the parent')


def test_networkmanager_that_puts_the_link_into_the_default_zone_is_corrected(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host)
    wait_zone(host, firewalld, 'internal')
    firewalld.changeZoneOfInterface('', LINK)  # as it does with each configuration of a VPN
    wait_zone(host, firewalld, 'internal')
    host.down(vpn)


def test_link_follows_its_parent(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host)
    wait_zone(host, firewalld, 'internal')
    firewalld.changeZoneOfInterface('trusted', 'eth0')
    wait_zone(host, firewalld, 'trusted')
    firewalld.removeInterface('trusted', 'eth0')
    wait_zone(host, firewalld, '')
    firewalld.changeZoneOfInterface('internal', 'eth0')
    wait_zone(host, firewalld, 'internal')
    firewalld.changeZoneOfInterface('trusted', 'eth7')
    wait_zone(host, firewalld, 'internal')
    host.down(vpn)


def test_parent_in_no_zone_leaves_the_link_to_the_default_zone(host):
    firewalld = start()
    vpn = up(host)
    firewalld.changeZoneOfInterface('', LINK)
    wait_zone(host, firewalld, '')
    firewalld.set_default('trusted')
    wait_zone(host, firewalld, '')
    host.down(vpn)


def test_parent_in_the_default_zone_goes_along_when_that_changes(host):
    firewalld = start({'eth0': 'public'})
    vpn = up(host)
    wait_zone(host, firewalld, 'public')
    firewalld.zones[LINK] = 'internal'  # bound to its zone by name: firewalld does not take it along
    firewalld.set_default('trusted')
    wait_zone(host, firewalld, 'trusted')
    host.down(vpn)


def test_zone_of_the_profile_overrides(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host, 'trusted')
    wait_zone(host, firewalld, 'trusted')
    firewalld.changeZoneOfInterface('public', 'eth0')
    wait_zone(host, firewalld, 'trusted')
    firewalld.changeZoneOfInterface('public', LINK)
    wait_zone(host, firewalld, 'trusted')
    firewalld.reload({'eth0': 'public'})
    wait_zone(host, firewalld, 'trusted')
    host.down(vpn)


def test_reload_that_loses_the_link_is_corrected(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host)
    wait_zone(host, firewalld, 'internal')
    firewalld.reload({'eth0': 'trusted'})  # the permanent zone of the parent is another one
    wait_zone(host, firewalld, 'trusted')
    host.down(vpn)


def test_firewalld_that_starts_again_or_late_gets_the_link(host):
    vpn = up(host)
    for zone in ('internal', 'trusted'):
        firewalld = start()
        host.pause(0.2)
        equal(firewalld.zones, {}, 'zones before NetworkManager adds the parent')
        firewalld.changeZoneOfInterface(zone, 'eth0')
        wait_zone(host, firewalld, zone)
        firewalld.stop()
    host.down(vpn)


def test_firewalld_that_stops_is_no_error(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host)
    wait_zone(host, firewalld, 'internal')
    firewalld.changeZoneOfInterface('trusted', 'eth0')
    firewalld.stop()
    host.pause(0.3)
    check('WARNING' not in host.messages(), 'there is a warning')
    host.down(vpn)


def test_firewalld_is_never_started(host):
    host.add_bus_service(NAME, '/usr/bin/touch /run/started')
    vpn = up(host, 'trusted')
    host.pause(0.3)
    check(not os.path.exists('/run/started'), 'firewalld was started')
    host.down(vpn)


def test_zone_that_does_not_exist_is_named(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host, 'vanished')
    host.wait(lambda: 'INVALID_ZONE: vanished' in host.messages(), 'the warning')
    check(f"'{LINK}'" in host.messages(), 'the link is not named')
    equal(firewalld.zones.get(LINK, ''), '', 'zone of the link')
    host.down(vpn)


def test_link_that_is_gone_is_not_put_anywhere(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host)
    wait_zone(host, firewalld, 'internal')
    host.down(vpn)
    firewalld.removeInterface('', LINK)  # as NetworkManager does
    firewalld.changeZoneOfInterface('trusted', 'eth0')
    wait_zone(host, firewalld, '')


def test_moved_link_follows_its_parent(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host, mode='move')
    wait_zone(host, firewalld, 'internal')
    firewalld.changeZoneOfInterface('', LINK)  # NetworkManager, with the zone of the parent's profile
    wait_zone(host, firewalld, 'internal')
    firewalld.changeZoneOfInterface('trusted', 'eth0')
    wait_zone(host, firewalld, 'trusted')
    host.down(vpn)
    equal(firewalld.zones['eth0'], 'trusted', 'zone of the parent')


def test_zone_of_the_profile_overrides_in_mode_move(host):
    firewalld = start({'eth0': 'internal'})
    vpn = up(host, 'trusted', 'move')
    wait_zone(host, firewalld, 'trusted')
    equal(firewalld.zones['eth0'], 'internal', 'zone of the parent')
    host.down(vpn)


if __name__ == '__main__':
    mock.main()
