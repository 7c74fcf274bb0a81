# SPDX-License-Identifier: GPL-2.0-or-later
"""Real containers: Podman's macvlan networks, which netavark makes, with the modes share and move."""

import podman
import profiles
import share
import tap
from machine import SUITE
from podman import Container
from sandbox import Lan
from tap import check, equal

PREFIX, PREFIX6 = '10.77.0.208/28', 'fd77:77::d000/116'
PEERS = f'{PREFIX} {PREFIX6}'
OPTIONS = ('--subnet', '10.77.0.0/24', '--gateway', Lan.gateway(), '--ip-range', PREFIX)
OPTIONS6 = ('--ipv6', '--subnet', 'fd77:77::/64', '--gateway', Lan.gateway6(), '--ip-range', PREFIX6)


@tap.host(ipv6=True, packages=podman.PACKAGES)
def test_addresses_from_podman(host):
    podman.start(host)
    podman.add_network(host, 'lan', *OPTIONS, *OPTIONS6)
    own6 = host.wait_for(lambda: host.address(family=6), 'an IPv6 address of the host')
    web = Container(host, 'web', '--network', 'lan')
    check(not host.ping(web.address, 1), 'the host reaches the container without the profile')
    profiles.add(host, mode='share', peers=PEERS)
    profiles.up(host)
    web.talk(web.address, host.address())
    web.talk(web.address6, own6)
    check(web.pings(Lan.gateway()), 'the container does not reach the LAN')
    share.one_mac(host)
    # One that starts later, and is silent.
    db = Container(host, 'db', '--network', 'lan')
    db.talk(db.address, host.address())
    # Restarted, it has another MAC and another address.
    before = web.mac
    web.restart()
    check(web.mac != before, f'the container has the same MAC {before}')
    web.talk(web.address, host.address())
    # Moved to another address.
    podman.podman(host, 'network', 'disconnect', 'lan', 'db')
    podman.podman(host, 'network', 'connect', '--ip', '10.77.0.222', 'lan', 'db')
    db.talk('10.77.0.222', host.address())
    web.remove()
    share.wait_routes(host, ['10.77.0.222'])
    # In mode move, the host is a peer like any other.
    profiles.down(host)
    check(not host.ping('10.77.0.222', 1), 'the host reaches the container after down')
    profiles.add_by_hand(host, 'moved', mode='move')
    profiles.up(host, 'moved')
    db.talk('10.77.0.222', host.address(share.LINK))


def check_lease(host, web):
    equal(web.address, host.lan.leases().get(web.mac), 'the address that the LAN leased')
    web.talk(web.address, host.address())


@tap.host(packages=podman.PACKAGES)
def test_addresses_from_the_lan(host):
    podman.start(host)
    if SUITE == 'bookworm':  # netavark 1.4 has no DHCP
        result = podman.podman(host, 'network', 'create', '-d', 'macvlan', '--ipam-driver', 'dhcp', 'lan', check=False)
        check(result.returncode and 'dhcp' in result.stderr, f'DHCP is not refused: {result}')
        return
    host.start_service('dhcp-proxy', ['/usr/lib/podman/netavark', 'dhcp-proxy'])
    host.wait_for(lambda: host.exists('/run/podman/nv-proxy.sock'), 'the DHCP client of netavark')
    podman.add_network(host, 'lan', '--ipam-driver', 'dhcp')
    profiles.add(host, mode='share', peers='10.77.0.0/24')
    profiles.up(host)
    web = Container(host, 'web', '--network', 'lan')
    check_lease(host, web)
    web.restart()
    check_lease(host, web)


@tap.host(packages=podman.PACKAGES)
def test_host_without_libvirt(host):
    host.stop_libvirtd()
    host.run('rm -rf /usr/sbin/libvirtd /usr/lib/systemd/system/libvirtd* /etc/systemd/system/*.wants/libvirtd* '
             '/run/libvirt/libvirt-sock*')
    podman.start(host)
    podman.add_network(host, 'lan', *OPTIONS)
    profiles.add(host, mode='share', peers=f'{PREFIX} {Lan.gateway()}/32')
    web = Container(host, 'web', '--network', 'lan')
    host.nmcli('connection', 'up', 'eth0')
    host.wait_for(lambda: profiles.state(host) == 'activated', 'the helper to activate the profile', 30)
    web.talk(web.address, host.address())
    # A container that takes the gateway's address, in spite of the prefixes.
    thief = Container(host, 'thief', '--network', 'lan')
    thief.take(Lan.gateway())
    host.wait_for(lambda: share.warnings(host, f"'{Lan.gateway()}'"), 'a word about the gateway')
    equal(share.device_to(host, Lan.gateway()), 'eth0', 'the way to the gateway')
    check(web.address in host.run(['nm-macvtap', 'status'], check=False).stdout, 'status does not show the container')


if __name__ == '__main__':
    tap.main()
