# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode share and the host around it: firewalld's zones, the kernel's ARP switches, other addresses of the host."""

import re

import profiles
import share
import tap
from sandbox import Lan
from tap import check, equal

ABSENT = '10.77.0.99'
VIRTUAL = '10.77.0.190'  # of a cluster
GUEST = '10.77.0.191'    # the most bits in common with VIRTUAL


def zone_of(host, link=share.LINK):
    return host.run(['firewall-cmd', '--get-zone-of-interface', link], check=False).stdout.strip()


def firewall(host, *arguments):
    host.run(['firewall-cmd', *arguments])


def wait_zone(host, zone):
    for link, what in ((share.LINK, 'host link'), ('eth0', 'parent')):
        host.wait_for(lambda link=link: zone_of(host, link) == zone, f'the {what} to be in zone {zone}', 10)


def restart_firewalld(host):
    host.stop_service('firewalld')
    host.start_firewalld()


def set_zone_of_uplink(host, zone):
    host.nmcli('connection', 'modify', 'eth0', 'connection.zone', zone)
    host.nmcli('device', 'reapply', 'eth0')


def lan_reaches_host(host):
    command = ['python3', '-I', '-c', share.FETCH, share.url(host.address())]
    return 'host sees' in host.lan.run(command, check=False).stdout


@tap.host(firewalld=True)
def test_firewall_treats_guests_as_the_lan(host):
    alpha, = share.prepare(host, 'alpha')
    profiles.add(host, mode='share')
    firewall(host, '--permanent', '--zone=internal', '--add-service=http')
    firewall(host, '--reload')
    set_zone_of_uplink(host, 'internal')
    profiles.up(host)
    wait_zone(host, 'internal')
    share.talk(host, alpha)
    check(lan_reaches_host(host), 'the LAN does not reach the host')

    firewall(host, '--reload')
    wait_zone(host, 'internal')
    share.talk(host, alpha)
    restart_firewalld(host)
    wait_zone(host, 'internal')
    share.talk(host, alpha)

    # Less access for the LAN is less for the guest, without the administrator's help.
    firewall(host, '--zone=public', '--change-interface=eth0')
    wait_zone(host, 'public')
    check(not lan_reaches_host(host), 'the LAN reaches the host in zone public')
    check(not share.reaches_host(alpha, host.address(), alpha.lan_address), 'the guest reaches the host in zone public')
    set_zone_of_uplink(host, 'trusted')
    wait_zone(host, 'trusted')
    share.talk(host, alpha)

    # What is changed by hand lasts as long as the service needs to see it.
    firewall(host, '--zone=drop', f'--change-interface={share.LINK}')
    wait_zone(host, 'trusted')
    # NetworkManager gets another configuration with the host's new address.
    host.nmcli('device', 'modify', 'eth0', '+ipv4.addresses', '10.77.0.60/24')
    share.talk(host, alpha)
    wait_zone(host, 'trusted')
    profiles.down(host)
    equal(zone_of(host), '', 'zone of the host link after down')
    equal(zone_of(host, 'eth0'), 'trusted', 'zone of the uplink after down')


@tap.host(firewalld=True)
def test_zone_of_the_profile_outlasts_firewalld(host):
    alpha, = share.prepare(host, 'alpha')
    uplink = zone_of(host, 'eth0')
    host.stop_service('firewalld')
    profiles.add(host, 'guests', 'connection.zone', 'trusted', mode='share')
    profiles.up(host)
    for change in (host.start_firewalld, lambda: firewall(host, '--reload'), lambda: restart_firewalld(host)):
        change()
        host.wait_for(lambda: zone_of(host) == 'trusted', 'the zone of the profile', 10)
        host.wait_for(lambda: zone_of(host, 'eth0') == uplink, 'the zone of the uplink', 10)
        share.talk(host, alpha)


@tap.host(firewalld=True)
def test_moved_link_is_in_the_zone_of_its_parent(host):
    set_zone_of_uplink(host, 'internal')
    profiles.add(host, mode='move')
    profiles.up(host)
    wait_zone(host, 'internal')
    firewall(host, '--reload')
    wait_zone(host, 'internal')
    restart_firewalld(host)
    wait_zone(host, 'internal')
    firewall(host, '--zone=trusted', '--change-interface=eth0')
    wait_zone(host, 'trusted')
    profiles.down(host)
    host.wait_for(lambda: zone_of(host, 'eth0') == 'internal', 'the zone of the parent after down', 10)
    host.nmcli('connection', 'modify', 'guests', 'connection.zone', 'trusted')
    profiles.up(host)
    host.wait_for(lambda: zone_of(host) == 'trusted', 'the zone of the profile', 10)
    equal(zone_of(host, 'eth0'), 'internal', 'zone of the parent')


def forget_host(guest):
    guest.run('ip neigh flush dev eth0')


@tap.host()
def test_arp_ignore(host):
    """kube-proxy with strictARP, MetalLB and LVS set it; no ARP entry may be the last one."""
    alpha, = share.prepare(host, 'alpha')
    host.run('sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2')
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    for _ in range(2):
        forget_host(alpha)
        check(share.reaches_host(alpha, host.address(), alpha.lan_address), 'the guest does not reach the host')
        forget_host(alpha)
        check(share.reaches_guest(host, alpha, alpha.lan_address), 'the host does not reach the guest')
    share.one_mac(host)


@tap.host()
def test_proxy_arp_finds_no_absent_address_taken(host):
    alpha, = share.prepare(host, 'alpha')
    host.run('sysctl -w net.ipv4.ip_forward=1 net.ipv4.conf.all.proxy_arp=1')
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    output = alpha.run(f'arping -c 3 -w 5 -I eth0 {ABSENT}')[1]
    equal(re.findall(r'\[([0-9A-Fa-f:]+)\]', output), [], f'MACs that reply to the guest for {ABSENT}')
    check(alpha.ping(Lan.gateway()), 'the guest does not reach the LAN')
    share.talk(host, alpha)


@tap.host()
def test_virtual_address_is_no_source(host):
    alpha, = share.prepare(host, 'alpha')
    address = host.address()
    alpha.run(f'killall udhcpc; ip addr flush dev eth0; ip addr add {GUEST}/24 dev eth0')
    profiles.add(host, mode='share')
    profiles.up(host)
    for prefix in (32, 24):
        host.run(['ip', 'addr', 'add', f'{VIRTUAL}/{prefix}', 'dev', 'eth0'])
        share.talk(host, alpha, GUEST, address)
        share.wait_routes(host, [GUEST])
        route = host.run(['ip', 'route', 'get', GUEST]).stdout
        check(f'dev {share.LINK}' in route and f'src {address} ' in route, f'route to the guest: {route}')
        check(share.reaches_host(alpha, VIRTUAL, GUEST), f'the guest does not reach {VIRTUAL}')
        host.run(['ip', 'addr', 'del', f'{VIRTUAL}/{prefix}', 'dev', 'eth0'])


if __name__ == '__main__':
    tap.main()
