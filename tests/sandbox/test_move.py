# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode move: the host keeps its addresses, and has them on the parent again afterwards."""

import json

import profiles
import tap
from guest import macvtap
from move import (LINK, PROFILE, add, check_moved_routes, check_stream, check_unmoved, mac_of, pings, primary, routes_of,
                  settled, start_stream, without_helper)
from sandbox import Lan
from share import arp_answers
from tap import check, equal


@tap.host()
def test_dhcp_moves_and_comes_back(host):
    alpha, beta = host.running_guests('alpha', 'beta')
    address = host.address()
    before = settled(host)
    stored = host.read(PROFILE)
    resolver = host.read('/etc/resolv.conf')
    definitions = profiles.definitions(host)
    profiles.unreachable(host, alpha, alpha.lan_address, address)
    start_stream(host, address)
    add(host)
    for turn in ('first', 'second'):
        profiles.up(host)
        equal(host.nm_state(), 'connected:full', f'NetworkManager, {turn} up')
        equal(host.address(LINK), address, f'address on the link, {turn} up')
        equal(host.address(), None, 'address on the parent')
        equal(host.read('/etc/resolv.conf'), resolver, 'resolver')
        # The same except for the device; none of the VPN.
        check_moved_routes(host, before)
        check(LINK[4:] in primary(host), f'primary connection {primary(host)}')
        for guest in (alpha, beta):
            host.wait_for(lambda: pings(host, guest, address), f'host and {guest.name} to reach each other', 10)
        check(host.ping(Lan.gateway()) and host.lan.ping(address), 'the LAN is not reached')
        equal({mac.lower() for mac in arp_answers(host, address)}, {mac_of(host, LINK)}, 'MACs that reply on the LAN')
        check_stream(host, f'after the {turn} up')
        profiles.down(host)
        check_unmoved(host, address, before, f'after the {turn} down')
        check_stream(host, f'after the {turn} down')
    equal(host.read(PROFILE), stored, 'the stored profile')
    equal(profiles.definitions(host), definitions, 'definitions of the guests')
    equal([entry for entry in host.lan.entries() if 'DHCPRELEASE' in entry['MESSAGE']], [], 'leases given back')
    print(f'# longest stall {check_stream(host, "at the end") * 1000:.0f} ms')


@tap.host()
def test_strict_reverse_path_filter(host):
    """With it, the kernel accepts no packet on the link while the parent has the same route."""
    address = host.address()
    before = settled(host)
    host.run('echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter')
    start_stream(host, address)
    add(host)
    profiles.up(host)
    check_stream(host, 'after up')
    profiles.down(host)
    check_unmoved(host, address, before, 'after down')
    check_stream(host, 'after down')


@tap.host()
def test_broadcast_and_multicast_both_ways(host):
    alpha, = host.running_guests('alpha')
    address = host.address()
    add(host, parent='eth0')
    profiles.up(host)
    alpha.run('echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_broadcasts', check=True)
    host.run('echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_broadcasts')
    for target in ('255.255.255.255', '224.0.0.1'):
        answers = host.run(['ping', '-b', '-n', '-c', '2', '-w', '5', '-I', LINK, target], check=False).stdout
        check(alpha.lan_address in answers, f'no answer of the guest to {target}: {answers}')
        answers = alpha.run(f'ip route add {target} dev eth0; ping -c 2 -w 5 {target}')[1]
        check(address in answers, f'no answer of the host to {target}: {answers}')
    profiles.down(host)


STATIC = ['ipv4.method', 'manual', 'ipv4.addresses', '10.77.0.20/24, 10.77.0.21/24, 192.168.77.5/28',
          'ipv4.gateway', '10.77.0.1', 'ipv4.routes', '198.51.100.0/24 10.77.0.1 77, 203.0.113.0/24 10.77.0.1',
          'ipv4.dns', '10.77.0.1', 'ipv4.dns-search', 'one.example, two.example',
          '+ipv6.addresses', 'fd77:77::20/64', '+ipv6.routes', '2001:db8:7::/48 fd77:77::1']


@tap.host(ipv6=True)
def test_static_and_slaac_move_and_come_back(host):
    alpha, = host.running_guests('alpha')
    host.nmcli('connection', 'modify', 'eth0', *STATIC)
    host.nmcli('connection', 'up', 'eth0')
    host.wait_for(lambda: 'ff:fe00:2/64' in host.run(['ip', '-6', '-o', 'addr', 'show', 'scope', 'global']).stdout,
                  'an advertised address', 20)
    host.wait_for(lambda: 'default' in host.run(['ip', '-6', 'route']).stdout, 'the router', 20)
    before = settled(host)
    resolver_before = host.read('/etc/resolv.conf')
    check('one.example' in resolver_before, f'no search domains: {resolver_before}')
    resolver = resolver_before.replace('%eth0', f'%{LINK}')
    stored = host.read(PROFILE)
    start_stream(host, '10.77.0.21')
    start_stream(host, 'fd77:77::77:ff:fe00:2', 'ask6')
    add(host, parent='eth0')
    profiles.up(host)
    host.wait_online()
    addresses = host.run(['ip', '-o', 'addr', 'show', 'dev', LINK, 'scope', 'global']).stdout
    for address in ('10.77.0.20/24', '10.77.0.21/24', '192.168.77.5/28', 'fd77:77::20/64', 'fd77:77::77:ff:fe00:2/64'):
        check(f' {address} ' in addresses, f'{address} not on the link: {addresses}')
    check_moved_routes(host, before)
    equal(host.read('/etc/resolv.conf'), resolver, 'resolver')
    host.wait_for(lambda: pings(host, alpha, '10.77.0.20'), 'host and guest to reach each other', 10)
    check(alpha.ping('fd77:77::20') and alpha.ping('fd77:77::77:ff:fe00:2'), 'no way over IPv6')
    check_stream(host, 'after up')
    check_stream(host, 'over IPv6 after up', name='ask6')
    profiles.down(host)
    check_unmoved(host, '10.77.0.20', before, 'after down')
    print(f'# longest stall {check_stream(host, "after down") * 1000:.0f} ms, over IPv6 '
          f'{check_stream(host, "over IPv6 after down", name="ask6") * 1000:.0f} ms')
    equal(host.read('/etc/resolv.conf'), resolver_before, 'resolver after down')
    equal(host.read(PROFILE), stored, 'the stored profile')


def lasting_address6(host, link='eth0'):
    """The advertised address that is not temporary, as soon as there is one of each kind."""
    def find():
        lines = host.run(['ip', '-6', '-o', 'addr', 'show', 'dev', link, 'scope', 'global']).stdout.splitlines()
        found = {' temporary ' in line: line.split()[3].split('/')[0] for line in lines if 'tentative' not in line}
        return found if len(found) == 2 else None
    found = host.wait_for(find, f'a lasting and a temporary address on {link}', 20)
    return found[False], found[True]


@tap.host(ipv6=True)
def test_privacy_addresses(host):
    """NetworkManager derives the stable address from the device's name; the link gets the same one. The temporary
    one changes, as it does every day."""
    host.nmcli('connection', 'modify', 'eth0', 'ipv6.addr-gen-mode', 'stable-privacy', 'ipv6.ip6-privacy', '2')
    host.nmcli('connection', 'up', 'eth0')
    stable, temporary = lasting_address6(host)
    check('ff:fe00:2' not in stable, f'not a stable-privacy address: {stable}')
    before = settled(host)
    start_stream(host, stable)
    add(host, parent='eth0')
    profiles.up(host)
    moved, other = lasting_address6(host, LINK)
    equal(moved, stable, 'stable address on the link')
    check(other != temporary, 'the temporary address is the same')
    check_stream(host, 'after up')
    profiles.down(host)
    equal(lasting_address6(host)[0], stable, 'stable address after down')
    check_unmoved(host, host.address(), before, 'after down')
    check_stream(host, 'after down')


@tap.host()
def test_reboot_and_restart_of_network_manager(host):
    without_helper(host)
    address = host.address()
    before = settled(host)
    stored = host.read(PROFILE)
    add(host, parent='eth0')
    for number in (15, 9):
        profiles.up(host)
        host.stop_nm(number)
        # The machine boots: virtual links and the files in /run are gone.
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
        host.run(f'ip link del {LINK}; rm -rf /run/NetworkManager; ip addr flush dev eth0; ip link set eth0 down',
                 check=False)
        host.start_nm()
        check_unmoved(host, address, before, f'after a reboot (signal {number})')
    # Only NetworkManager restarts: it activates both, and the next `up` continues from there.
    profiles.up(host)
    host.stop_nm()
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    equal(host.address(LINK), address, 'address while NetworkManager is stopped')
    host.start_nm()
    host.wait_for(lambda: host.address(), 'the address on the parent')
    check(host.lan.ping(address), 'the LAN does not reach the host')
    profiles.up(host)
    equal((host.address(LINK), host.address()), (address, None), 'address after the next up')
    profiles.down(host)
    check_unmoved(host, address, before, 'after a restart of NetworkManager')
    equal(host.read(PROFILE), stored, 'the stored profile')


@tap.host()
def test_cable_pulled_while_moved(host):
    without_helper(host)
    address = host.address()
    before = settled(host)
    add(host, parent='eth0')
    profiles.up(host)
    host.pull_cable()
    host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down', 30)
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    host.plug_cable()
    host.wait_for(lambda: host.address(), 'the address', 20)
    check_unmoved(host, address, before, 'after the cable was plugged in')


@tap.host()
def test_link_taken_down_by_hand(host):
    without_helper(host)
    address = host.address()
    before = settled(host)
    add(host, parent='eth0')
    profiles.up(host)
    host.nmcli('connection', 'down', 'guests (eth0)')
    host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    check_unmoved(host, address, before, 'after the link went down')
    check(any(f"'{LINK}' went down" in text for text in profiles.messages(host)),
          f'no reason: {profiles.messages(host)}')


@tap.host()
def test_link_with_a_name_of_the_users(host):
    """The base device is the host link if it has the default route; it is recognized by any name."""
    without_helper(host)
    address = host.address()
    add(host, link_name='lan0')
    profiles.up(host)
    equal((host.address('lan0'), host.address()), (address, None), 'addresses of the link and of eth0')
    host.run(['kill', '-9', *profiles.services(host)])
    host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down')
    profile, = json.loads(host.run(['nm-macvtap', 'status', '--json'], check=False).stdout)['profiles']
    equal((profile['parent'], profile['parent-problem']), ('eth0', None), 'parent')
    profiles.up(host)
    equal((host.address('lan0'), host.address()), (address, None), 'addresses when it is up again')
    profiles.down(host)
    equal(host.address(), address, 'address of eth0')


@tap.host(uplinks=('eth0', 'eth1'))
def test_parent_that_is_being_activated(host):
    add(host, parent='eth1')
    host.lan.stop_service('dnsmasq')
    host.nmcli('--wait', '0', 'connection', 'up', 'eth1')
    host.wait_for(lambda: 'connecting' in host.nmcli('-g', 'GENERAL.STATE', 'device', 'show', 'eth1').stdout,
                  'eth1 to be activated')
    profiles.refused(host, "'eth1'", 'try again')
    host.lan.start_dnsmasq()
    host.wait_for(lambda: host.address('eth1'), 'the address', 45)
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
    profiles.up(host)
    profiles.down(host)


@tap.host(uplinks=('eth0', 'eth1'))
def test_what_cannot_be_moved_is_refused(host):
    before = settled(host)

    def check_refused(*texts, name='guests'):
        profiles.refused(host, *texts, name=name)
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
        equal(host.nm_state(), 'connected:full', 'NetworkManager')

    add(host, parent='eth7')
    check_refused("'eth7'", 'does not exist')
    profiles.modify(host, parent='eth1')
    host.run(['ip', 'link', 'add', 'nmmveth1', 'type', 'bridge'])
    check_refused("'nmmveth1'", 'link-name')
    host.run(['ip', 'link', 'del', 'nmmveth1'])
    # A link of mode share.
    host.run('ip link add nmmveth1 link eth1 type macvtap mode bridge && ip link set nmmveth1 alias nm-macvtap:x')
    check_refused("'nmmveth1'", 'link-name')
    host.run(['ip', 'link', 'del', 'nmmveth1'])
    host.nmcli('device', 'disconnect', 'eth1')
    check_refused("'eth1'", 'not connected')
    host.nmcli('device', 'set', 'eth1', 'managed', 'no')
    check_refused("'eth1'", 'not managed')
    host.run('ip link add br7 type bridge && ip link set eth1 master br7')
    check_refused("'eth1'", "port of 'br7'")
    host.run('ip link set eth1 nomaster && ip link del br7')
    host.nmcli('device', 'set', 'eth1', 'managed', 'yes')
    host.nmcli('connection', 'up', 'eth1')

    alone = host.guest('alone', [macvtap('eth1', 'passthrough')]).define().start()
    check_refused("'eth1'", 'passthrough')
    alone.destroy()
    profiles.modify(host, parent='eth0')
    profiles.up(host)
    # Another profile for the same link.
    profiles.add(host, 'again', mode='move', parent='eth0')
    profiles.refused(host, LINK, "'guests'", name='again')
    profiles.down(host)
    # NetworkManager adds 20000 to the metric until its connectivity check has answered.
    host.wait_for(lambda: routes_of(settled(host)) == routes_of(before), 'the routes of eth0', 60)


if __name__ == '__main__':
    tap.main()
