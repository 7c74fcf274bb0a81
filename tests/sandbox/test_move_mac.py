# SPDX-License-Identifier: GPL-2.0-or-later
"""Key mac of mode move: the MAC that the host has on the LAN, and what depends on it."""

import collections
import re
import time

import profiles
import tap
from move import LINK, add, check_stream, check_unmoved, mac_of, pings, settled, start_stream, without_helper
from tap import check, equal

LEASE = '10.77.0.150'


def lease_by_mac(host):
    """The server ignores the client identifier."""
    host.lan.restart_dnsmasq('--dhcp-ignore-clid', f'--dhcp-host={host.uplink_mac()},{LEASE}')
    host.nmcli('connection', 'up', 'eth0')
    equal(host.address(), LEASE, 'address by the MAC')


@tap.host()
def test_link_has_the_mac_of_the_parent(host):
    """The LAN has that MAC for the host while the profile is up, and the DHCP server that goes by it gives the same
    address."""
    alpha, = host.running_guests('alpha')
    lease_by_mac(host)
    before = settled(host)
    start_stream(host, LEASE)
    add(host, parent='eth0')
    for turn in ('first', 'second'):
        profiles.up(host)
        equal(host.address(LINK), LEASE, f'address on the link, {turn} up')
        equal(mac_of(host, LINK), host.uplink_mac(), 'MAC of the link')
        check(mac_of(host, 'eth0') != host.uplink_mac(), 'MAC of the parent')
        seen = host.lan.run(['ip', 'neigh', 'show', LEASE]).stdout
        check(host.uplink_mac() in seen, f'MAC of the host on the LAN, {turn} up: {seen}')
        host.wait_for(lambda: pings(host, alpha, LEASE), 'host and guest to reach each other', 10)
        check_stream(host, f'after the {turn} up')
        profiles.down(host)
        equal(mac_of(host, 'eth0'), host.uplink_mac(), 'MAC of the parent')
        check(not host.exists('/run/nm-macvtap/mac-eth0'), 'the note is still there')
        check_unmoved(host, LEASE, before, f'after the {turn} down')
        check_stream(host, f'after the {turn} down')
    print(f'# longest stall {check_stream(host, "at the end") * 1000:.0f} ms')


@tap.host()
def test_own_mac_with_a_dhcp_server_that_goes_by_the_mac(host):
    alpha, = host.running_guests('alpha')
    lease_by_mac(host)
    before = settled(host)
    add(host, parent='eth0', mac='own')
    profiles.up(host)
    address = host.address(LINK)
    check(address and address != LEASE, f'address on the link: {address}')
    equal(host.nm_state(), 'connected:full', 'NetworkManager')
    banner = next((line for line in host.nmcli('connection', 'show', 'guests').stdout.splitlines()
                   if line.startswith('VPN.BANNER')), '')
    check(address in banner and LEASE in banner, f'banner: {banner!r}')
    check(any(address in text for text in profiles.messages(host)), 'the journal does not say it')
    host.wait_for(lambda: pings(host, alpha, address), 'host and guest to reach each other', 10)
    check(host.lan.ping(address), 'the LAN does not reach the host')
    profiles.down(host)
    check_unmoved(host, LEASE, before, 'after down')


@tap.host()
def test_parent_whose_connection_sets_its_mac(host):
    host.nmcli('connection', 'modify', 'eth0', '802-3-ethernet.cloned-mac-address', '02:77:00:00:00:99')
    host.nmcli('connection', 'up', 'eth0')
    host.wait_online()
    add(host, parent='eth0')
    profiles.up(host)
    check(mac_of(host, LINK) != '02:77:00:00:00:99', 'the link took the MAC')
    equal(mac_of(host, 'eth0'), '02:77:00:00:00:99', 'MAC of the parent')
    check(any('sets its MAC address' in text for text in profiles.messages(host)), 'the journal does not say it')
    profiles.down(host)
    equal(mac_of(host, 'eth0'), '02:77:00:00:00:99', 'MAC of the parent after down')


@tap.host()
def test_profile_bound_to_the_mac_of_the_parent(host):
    """Even after a restart of NetworkManager."""
    without_helper(host)
    host.nmcli('connection', 'modify', 'eth0', '802-3-ethernet.mac-address', host.uplink_mac(),
               'connection.interface-name', '')
    host.nmcli('connection', 'up', 'eth0')
    host.wait_online()
    address = host.address()
    before = settled(host)
    add(host, parent='eth0')
    profiles.up(host)
    host.stop_nm()
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    host.start_nm()
    host.wait_for(lambda: host.address(), 'the address on the parent')
    profiles.up(host)
    equal((host.address(LINK), host.address()), (address, None), 'addresses when up again')
    equal(mac_of(host, LINK), host.uplink_mac(), 'MAC of the link')
    profiles.down(host)
    check_unmoved(host, address, before, 'after down')


def reconnect(host, *settings):
    host.nmcli('connection', 'modify', 'eth0', *settings)
    host.nmcli('connection', 'up', 'eth0')
    if host.nmcli('-g', 'ipv6.method', 'connection', 'show', 'eth0').stdout.strip() == 'auto':
        host.wait_for(lambda: host.run(['ip', '-6', 'route', 'show', 'default']).stdout, 'the router advertisement', 20)
    return settled(host)


def check_up_and_down(host, mac, *causes):
    """NetworkManager keeps the parent's connection; MAC is that of the link."""
    host.wait_for(lambda: host.address(), 'the address')
    address = host.address()
    before = settled(host)
    active = host.nmcli('-g', 'UUID,DEVICE', 'connection', 'show', '--active').stdout
    profiles.up(host)
    equal(mac_of(host, LINK) == host.uplink_mac(), mac == 'parent', f"the link has the parent's MAC {mac_of(host, LINK)}")
    equal((host.address(LINK), host.address()), (address, None), 'addresses of the link and the parent')
    for cause in causes:
        check(cause in '\n'.join(profiles.messages(host)), f'{cause!r} is not in the journal')
    profiles.down(host)
    check_unmoved(host, address, before, 'after down')
    equal(host.nmcli('-g', 'UUID,DEVICE', 'connection', 'show', '--active').stdout, active, 'active connections')


@tap.host()
def test_link_local_addresses_of_ipv4(host):
    """NetworkManager derives them from the MAC, and fails a connection that has one when the MAC changes."""
    without_helper(host)
    add(host, parent='eth0')
    reconnect(host, 'ipv4.link-local', 'enabled')
    host.wait_for(lambda: ' 169.254.' in host.run(['ip', '-4', '-o', 'addr']).stdout, 'the link-local address', 30)
    check_up_and_down(host, 'own', "gives 'eth0' an IPv4 link-local address")


@tap.host()
def test_changed_to_a_link_local_address(host):
    without_helper(host)
    address = host.address()
    start_stream(host, address)
    add(host, parent='eth0')
    profiles.up(host)
    host.nmcli('connection', 'modify', 'eth0', 'ipv4.link-local', 'enabled')
    host.nmcli('device', 'reapply', 'eth0')
    host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down', 20)
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    check('cannot have its MAC address any more' in '\n'.join(profiles.messages(host)), 'no word of it')
    host.wait_for(lambda: host.address() == address, 'the address on the parent', 30)
    equal(mac_of(host, 'eth0'), host.uplink_mac(), 'MAC of the parent')
    check_stream(host, 'at the end')


@tap.host(ipv6=True)
def test_what_networkmanager_watches_stands_another_mac(host):
    """It looks for other hosts with the address, and derives addresses from the MAC."""
    without_helper(host)
    host.run('echo 1 >/proc/sys/net/ipv4/conf/eth0/promote_secondaries')
    add(host, parent='eth0')
    for settings in (['ipv4.dad-timeout', '2000'], ['ipv6.addr-gen-mode', 'eui64'], ['ipv6.method', 'link-local'],
                     ['ipv4.method', 'manual', 'ipv4.addresses', '10.77.0.20/24', 'ipv4.gateway', '10.77.0.1'],
                     ['ipv6.method', 'auto', 'ipv6.addr-gen-mode', 'stable-privacy']):
        reconnect(host, *settings)
        check_up_and_down(host, 'parent')
        print(f'# {" ".join(settings)}', flush=True)


@tap.host()
def test_reapplied_parent_takes_no_other_address(host):
    """The server identifies clients by the MAC, so it would give the parent another one under its stand-in."""
    lease_by_mac(host)
    before = settled(host)
    start_stream(host, LEASE)
    without_helper(host)
    add(host, parent='eth0')
    profiles.up(host)
    for turn in (1, 2, 3):
        host.nmcli('device', 'reapply', 'eth0')
        host.wait_for(lambda turn=turn: '\n'.join(profiles.messages(host)).count(
            "gave 'eth0' its IP configuration back") == turn, f'the word of reapply {turn} in the journal', 20)
        host.wait_for(lambda: host.address(check=False) is None, 'the parent without address', 20)
        equal(host.address(LINK), LEASE, f'address of the link after reapply {turn}')
    host.nmcli('connection', 'modify', 'eth0', 'ipv4.dns-search', 'new.example')
    host.nmcli('device', 'reapply', 'eth0')
    host.wait_for(lambda: 'new.example' in host.read('/etc/resolv.conf'), 'the new search domain', 20)
    host.wait_for(lambda: host.address(check=False) is None, 'the parent without address', 20)
    equal(host.address(LINK), LEASE, 'address of the link with another configuration')
    host.nmcli('connection', 'modify', 'eth0', 'ipv4.dns-search', '')
    profiles.down(host)
    check_unmoved(host, LEASE, before, 'after down')
    check_stream(host, 'at the end')


def frames_during(host, action):
    """What the LAN received meanwhile, with at least one connection in use: {(source MAC, kind): number}."""
    host.lan.run(['rm', '-f', '/run/frames'])
    host.lan.start_service('tcpdump', ['tcpdump', '-nU', '--immediate-mode', '-Z', 'root', '-i', 'lan0', '-w', '/run/frames'])
    read = ['tcpdump', '-nner', '/run/frames']
    host.lan.wait_for(lambda: host.lan.run(read, check=False).stdout, 'tcpdump')
    action()
    host.lan.stop_service('tcpdump')
    found = collections.Counter()
    for line in host.lan.run(read).stdout.splitlines():
        source, rest = re.match(r'\S+ (\S+) > \S+ (.*)', line).groups()
        kinds = ('ARP', 'DHCP', 'neighbor', 'router', 'multicast listener')
        found[source, next((kind for kind in kinds if kind in rest), 'other')] += 1
    return found


@tap.host(ipv6=True)
def test_frames_of_other_macs(host):
    """While the profile is up, the LAN sees one MAC of the host. On the way up and down, another one has the host's
    addresses for the time of a DHCP exchange, which NetworkManager announces."""
    address = host.address()
    start_stream(host, address)
    add(host, parent='eth0')
    known = {host.uplink_mac(), host.lan.read('/sys/class/net/lan0/address').strip()}
    for action in (profiles.up, profiles.down):
        found = frames_during(host, lambda action=action: action(host))
        others = {key: number for key, number in found.items() if key[0] not in known}
        print(f'# {action.__name__}: {others}', flush=True)
        check('DHCP' not in {kind for _, kind in others}, f'DHCP under another MAC, {action.__name__}: {others}')
        found = frames_during(host, lambda: time.sleep(5))
        equal({mac for mac, _ in found} - known, set(), f'other MACs at rest, {action.__name__}')
        check(found[host.uplink_mac(), 'other'] > 20, f'no frames of the host: {found}')
        seen = host.lan.run(['ip', 'neigh', 'show', address]).stdout
        check(host.uplink_mac() in seen, f'MAC of the host on the LAN, {action.__name__}: {seen}')


if __name__ == '__main__':
    tap.main()
