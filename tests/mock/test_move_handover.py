# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode move: when the parent or the host link loses the host's IPv6 addresses, the other one can use them at once,
knows the neighbours, and the LAN sends to it."""

import contextlib
import json
import socket
import time

import device
import mock
from device import ip
from host import LINK, UPLINK_MAC, UPLINK_UUID, check, equal
from test_move import at_turn, check_unmoved
from test_move_mac import OWN_MAC

HOST6 = 'fd00::10'
ROUTER = 'fd00::1'
ROUTER_MAC = '02:77:00:00:00:01'
ETH_P_IPV6 = 0x86dd
# The kernel checks an address for at least 1 s.
CHECK_S = 0.9
ACCEPT_DAD = '/proc/sys/net/ipv6/conf/{}/accept_dad'
DISABLE = '/proc/sys/net/ipv6/conf/{}/disable_ipv6'


def with_ipv6(host):
    """The kernel checks addresses for duplicates on each interface that is made from now on."""
    host.write(ACCEPT_DAD.format('default'), '1')
    profile = host.nm.find_profile(UPLINK_UUID)
    profile.change('ipv6', method='manual', address_data=device.address_data(f'{HOST6}/64'))
    host.eth0.begin(profile)
    host.wait(lambda: host.eth0.state == device.UP, 'the uplink')


def usable(name):
    return [entry['local'] for link in json.loads(ip('-j', '-6', 'address', 'show', 'dev', name))
            for entry in link.get('addr_info', []) if not entry.get('tentative')]


def wait_usable(name):
    """Whether the address is usable before the kernel can have checked it."""
    end = time.monotonic() + CHECK_S
    while HOST6 not in usable(name) and time.monotonic() < end:
        time.sleep(0.01)
    return HOST6 in usable(name)


def read(path, name):
    with open(path.format(name), encoding='ascii') as file:
        return file.read().strip()


def accept_dad(name):
    return read(ACCEPT_DAD, name)


def neighbours(name):
    return {entry['dst']: entry.get('lladdr') for entry in json.loads(ip('-j', '-6', 'neighbour', 'show', 'dev', name))}


def announced(sock):
    """The MAC addresses that the LAN has learned for the address since the last call."""
    macs = set()
    target = socket.inet_pton(socket.AF_INET6, HOST6)
    with contextlib.suppress(BlockingIOError):
        while True:
            frame = sock.recv(200)
            if (frame[20:21], frame[54:55], frame[62:78]) == (b'\x3a', b'\x88', target):
                macs.add(frame[80:86].hex(':'))
    return macs


@contextlib.contextmanager
def lan():
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(ETH_P_IPV6)) as sock:
        sock.bind(('lan0', ETH_P_IPV6))
        yield sock


def look(host, method, turn, find):
    """The list in which FIND's result will be, as it is before the call of METHOD number TURN."""
    found = []
    at_turn(host, method, turn, lambda: host.nm.bus.before.__setitem__(method, lambda: found.append(find())))
    return found


def test_link_is_not_checked_for_duplicates_until_it_is_up(host):
    with_ipv6(host)
    found = []
    host.nm.bus.after['Reapply'] = lambda: found.append(wait_usable(LINK))
    vpn = host.up(host.add_profile('move'))
    equal(found, [True], 'whether the address was usable when the link got its configuration')
    equal(accept_dad(LINK), '1', 'accept_dad of the link')
    host.down(vpn)
    check_unmoved(host)


def test_link_is_not_checked_for_duplicates_when_it_follows_the_parent(host):
    with_ipv6(host)
    vpn = host.up(host.add_profile('move'))
    found = []
    other = {**host.eth0.active.profile.settings,
             **device.build_settings(ipv4={'method': 'manual', 'address_data': device.address_data('10.0.0.11/24')})}
    host.eth0.do_Reapply(other, 0, 0)
    host.nm.bus.after['Reapply'] = lambda: found.append(wait_usable(LINK))
    host.wait(lambda: host.addresses(LINK) == ['10.0.0.11/24'] and not host.addresses('eth0'), 'the link to follow')
    equal(found, [True], 'whether the address was usable when the link got its configuration')
    host.wait(lambda: accept_dad(LINK) == '1', 'the link to be as a new one')
    host.down(vpn)


def test_neighbours_are_handed_over_and_back(host):
    with_ipv6(host)
    ip('neighbour', 'add', ROUTER, 'lladdr', ROUTER_MAC, 'dev', 'eth0', 'nud', 'reachable')
    there = look(host, 'Reapply', 2, lambda: neighbours(LINK))
    vpn = host.up(host.add_profile('move'))
    equal([found.get(ROUTER) for found in there], [ROUTER_MAC], 'MAC of the router on the link')
    back = look(host, 'Delete', 1, lambda: neighbours('eth0'))
    host.down(vpn)
    equal([found.get(ROUTER) for found in back], [ROUTER_MAC], 'MAC of the router on the parent')
    check_unmoved(host)


def test_permanent_neighbour_of_the_parent_stays(host):
    with_ipv6(host)
    vpn = host.up(host.add_profile('move'))
    ip('neighbour', 'add', ROUTER, 'lladdr', ROUTER_MAC, 'dev', LINK, 'nud', 'reachable')
    host.nm.bus.after['Reapply'] = lambda: ip(
        'neighbour', 'add', ROUTER, 'lladdr', '02:77:00:00:00:99', 'dev', 'eth0', 'nud', 'permanent')
    back = look(host, 'Delete', 1, lambda: neighbours('eth0'))
    host.down(vpn)
    equal([found.get(ROUTER) for found in back], ['02:77:00:00:00:99'], 'MAC of the router on the parent')


def test_lan_forgets_the_first_mac_of_the_link(host):
    """While the link has it, the LAN may learn it."""
    with_ipv6(host)
    with lan() as sock:
        announced(sock)
        found = look(host, 'Update2', 1, lambda: announced(sock))
        vpn = host.up(host.add_profile('move'))
    check(found and UPLINK_MAC in found[0], f'announced when the MACs were swapped: {found}')
    host.down(vpn)
    check_unmoved(host)


def test_lan_sends_to_the_link_before_the_parent_loses_the_addresses(host):
    with_ipv6(host)
    with lan() as sock:
        announced(sock)
        found = look(host, 'Reapply', 1, lambda: announced(sock))
        vpn = host.up(host.add_profile('move', mac='own'))
    equal(found, [{OWN_MAC}], 'announced before the parent was stripped')
    host.down(vpn)
    check_unmoved(host)


def test_parent_accepts_ipv6_when_it_has_its_mac_again(host):
    """While the link gets its first MAC, the LAN sends to the parent."""
    with_ipv6(host)
    vpn = host.up(host.add_profile('move'))
    equal(read(DISABLE, 'eth0'), '1', 'disable_ipv6 of the parent without addresses')
    found = look(host, 'Reapply', 1, lambda: read(DISABLE, 'eth0'))
    host.down(vpn)
    equal(found, ['0'], 'disable_ipv6 of the parent with its MAC')
    check_unmoved(host)


def test_lan_sends_to_the_parent_before_the_link_is_removed(host):
    with_ipv6(host)
    vpn = host.up(host.add_profile('move'))
    with lan() as sock:
        look(host, 'Reapply', 1, lambda: announced(sock))
        found = look(host, 'Delete', 1, lambda: announced(sock))
        host.down(vpn)
    equal(found, [{UPLINK_MAC}], 'announced before the link was removed')
    check_unmoved(host)


if __name__ == '__main__':
    mock.main()
