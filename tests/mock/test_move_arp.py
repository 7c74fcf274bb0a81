# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode move: the LAN learns only the host link's MAC address for each address of the host."""

import contextlib
import socket
import struct
import time

import device
import mock
from device import ip
from host import ETH_P_ARP, LINK, UPLINK, UPLINK_UUID, check, equal
from test_move import check_moved, check_unmoved

HOST = UPLINK.split('/', maxsplit=1)[0]
ASKER = '10.0.0.77'
ASKER_MAC = '02:77:00:00:00:77'
ABSENT = '10.0.0.201'
VIP = '10.0.0.190'
ETH_P_IPV6 = 0x86dd
PATIENCE = 0.5  # s: time to wait for a reply that must not arrive
SWITCH = '/proc/sys/net/ipv4/conf/{}/{}'


def octets(mac):
    return bytes.fromhex(mac.replace(':', ''))


def ask(host, ethertype, frame, read_answer):
    """Sends FRAME on the LAN. The MAC addresses that READ_ANSWER, which returns None for other frames, finds."""
    macs = set()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ethertype)) as sock:
        sock.bind(('lan0', ethertype))
        sock.settimeout(PATIENCE)
        sock.send(frame)
        end = time.monotonic() + PATIENCE
        with contextlib.suppress(TimeoutError):
            while time.monotonic() < end:
                macs.add(read_answer(sock.recv(200)))
    host.pause(0)
    return {mac.hex(':') for mac in macs if mac}


def answering(host, address):
    """The MAC addresses that answer an ARP request from the LAN."""
    target = socket.inet_aton(address)
    request = (b'\xff' * 6 + octets(ASKER_MAC) + struct.pack('!HHHBBH', ETH_P_ARP, 1, 0x0800, 6, 4, 1) +
               octets(ASKER_MAC) + socket.inet_aton(ASKER) + bytes(6) + target)
    return ask(host, ETH_P_ARP, request, lambda frame: (
        frame[22:28] if frame[20:22] == b'\0\2' and frame[28:32] == target else None))


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def answering6(host, address):
    """The MAC addresses that answer a neighbour solicitation from the LAN."""
    target = socket.inet_pton(socket.AF_INET6, address)
    source = socket.inet_pton(socket.AF_INET6, 'fe80::77')
    group = socket.inet_pton(socket.AF_INET6, 'ff02::1:ff00:0')[:13] + target[13:]
    message = bytearray(struct.pack('!BBHI', 135, 0, 0, 0) + target + b'\1\1' + octets(ASKER_MAC))
    message[2:4] = struct.pack('!H', checksum(source + group + struct.pack('!II', len(message), 58) + message))
    solicitation = (b'\x33\x33' + group[12:] + octets(ASKER_MAC) + b'\x86\xdd' +
                    struct.pack('!IHBB', 6 << 28, len(message), 58, 255) + source + group + message)
    return ask(host, ETH_P_IPV6, solicitation, lambda frame: (
        frame[80:86] if (frame[20:21], frame[54:55], frame[62:78]) == (b'\x3a', b'\x88', target) else None))


def mac(name):
    with open(f'/sys/class/net/{name}/address', encoding='ascii') as file:
        return file.read().strip()


def switch(name, key, value=None):
    path = SWITCH.format(name, key)
    if value is not None:
        with open(path, 'w', encoding='ascii') as file:
            file.write(value)
    with open(path, encoding='ascii') as file:
        return file.read().strip()


def let_forward(host, proxy):
    switch('all', 'forwarding', '1')
    switch(proxy, 'proxy_arp', '1')
    # Otherwise, the kernel delays its proxy ARP replies by up to 0.8 s.
    host.write('/proc/sys/net/ipv4/neigh/eth0/proxy_delay', '0')


def test_lan_learns_only_the_mac_of_the_link(host):
    equal(answering(host, HOST), {mac('eth0')}, 'MAC addresses that answer before')
    with host.unchanged():
        vpn = host.up(host.add_profile('move'))
        equal(answering(host, HOST), {mac(LINK)}, 'MAC addresses that answer while the profile is up')
        host.down(vpn)
    equal(answering(host, HOST), {mac('eth0')}, 'MAC addresses that answer after')


def test_lan_learns_only_the_mac_of_the_link_over_ipv6(host):
    """The service changes no parameter of the parent for that."""
    host.nm.find_profile(UPLINK_UUID).change('ipv6', method='manual', address_data=device.address_data('fd00::10/64'))
    host.eth0.begin(host.nm.find_profile(UPLINK_UUID))
    host.wait(lambda: host.eth0.state == device.UP, 'the uplink')
    equal(answering6(host, 'fd00::10'), {mac('eth0')}, 'MAC addresses that answer before')
    host.up(host.add_profile('move'))
    equal(answering6(host, 'fd00::10'), {mac(LINK)}, 'MAC addresses that answer while the profile is up')


def test_parent_is_silent_before_the_profile_is_up(host):
    """NetworkManager goes online between the two."""
    seen = []
    host.nm.bus.after['Reapply'] = lambda: seen.append(answering(host, HOST))
    vpn = host.activate(host.add_profile('move'))
    host.wait(lambda: vpn.state == device.ACTIVATED, 'the profile to be activated')
    equal(seen[0], {mac(LINK)}, 'MAC addresses that answer')


def test_host_that_forwards_with_proxy_arp_does_not_answer_for_the_lan(host):
    """The routes to the LAN are on the host link then, like those to another LAN."""
    let_forward(host, 'all')
    equal(answering(host, ABSENT), set(), 'MAC addresses that answer for an absent address before')
    host.up(host.add_profile('move'))
    equal(answering(host, ABSENT), set(), 'MAC addresses that answer for an absent address')


def test_host_that_forwards_with_proxy_arp_answers_for_another_lan(host):
    """The host answered for that LAN before, too."""
    ip('link', 'add', 'vm0', 'type', 'veth', 'peer', 'vm1')
    for name in ('vm0', 'vm1'):
        ip('link', 'set', name, 'up')
    ip('address', 'add', '10.0.0.128/26', 'dev', 'vm0')
    let_forward(host, 'eth0')
    equal(answering(host, '10.0.0.130'), {mac('eth0')}, 'MAC addresses that answer before')
    host.up(host.add_profile('move'))
    check(mac('eth0') in answering(host, '10.0.0.130'), 'the parent does not answer any more')


def test_own_values_of_the_administrator_stay(host):
    switch('eth0', 'arp_ignore', '2')
    switch('eth0', 'medium_id', '7')
    with host.unchanged():
        vpn = host.up(host.add_profile('move'))
        equal((switch('eth0', 'arp_ignore'), switch('eth0', 'medium_id')), ('2', '7'), 'values while up')
        equal(switch(LINK, 'medium_id'), '7', 'medium of the link')
        host.down(vpn)


def test_value_that_is_changed_while_up_stays(host):
    vpn = host.up(host.add_profile('move'))
    switch('eth0', 'arp_ignore', '8')
    host.down(vpn)
    equal((switch('eth0', 'arp_ignore'), switch('eth0', 'medium_id')), ('8', '0'), 'values after')


def test_address_that_a_program_adds_to_the_parent_is_answered_there(host):
    """For example, the virtual address of a cluster."""
    host.up(host.add_profile('move'))
    ip('address', 'add', f'{VIP}/32', 'dev', 'eth0')
    check(mac('eth0') in answering(host, VIP), 'the parent does not answer for its own address')


@contextlib.contextmanager
def learned_at_checks(host):
    """A list of what the LAN knows when NetworkManager checks the connectivity: the MAC address that was announced
    last, and whether the link is there."""
    seen = []
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(ETH_P_ARP)) as sock:
        sock.bind(('lan0', ETH_P_ARP))

        def learn():
            last = None
            with contextlib.suppress(BlockingIOError):
                while True:
                    frame = sock.recv(200)
                    last = frame[22:28].hex(':') if frame[28:32] == socket.inet_aton(HOST) else last
            seen.append((last, LINK in host.links()))
        host.nm.bus.before['CheckConnectivity'] = learn
        yield seen


def test_lan_knows_the_parent_before_networkmanager_checks_the_connectivity(host):
    """If the LAN still had the MAC of the link, no check would succeed."""
    vpn = host.up(host.add_profile('move'))
    with learned_at_checks(host) as seen:
        host.down(vpn)
    equal(seen, [(mac('eth0'), False)], 'what the LAN knows')


def test_lan_knows_the_parent_of_a_killed_service_before_the_check(host):
    host.install_hook()
    host.up(host.add_profile('move'))
    host.nm.bus.fail('ActivateConnection', times=100)
    with learned_at_checks(host) as seen:
        host.kill_service()
        host.wait(lambda: 'restore eth0' in host.messages(), 'the helper to restore the parent')
        host.wait_helper_ended()
    equal(seen, [(mac('eth0'), False)], 'what the LAN knows')


def test_killed_service_leaves_it_to_the_helper(host):
    host.install_hook()
    with host.unchanged():
        host.up(host.add_profile('move'))
        host.nm.bus.fail('ActivateConnection', times=100)
        host.kill_service()
        host.wait(lambda: 'restore eth0' in host.messages(), 'the helper to restore the parent')
        host.wait_helper_ended()
    check_unmoved(host)
    equal(answering(host, HOST), {mac('eth0')}, 'MAC addresses that answer after')


def test_restarted_networkmanager_leaves_it_to_the_helper(host):
    host.install_hook()
    with host.unchanged():
        host.up(host.add_profile('move'))
        kept = host.nm.stop(crash=True)
        host.wait_service_ended()
        host.continue_with(kept)
        host.nm.bus.fail('ActivateConnection', times=100)
        host.refresh()
        host.wait_helper_ended()
    check_unmoved(host)
    equal(answering(host, HOST), {mac('eth0')}, 'MAC addresses that answer after')


def test_activation_after_a_killed_service_undoes_it_in_the_end(host):
    profile = host.add_profile('move')
    with host.unchanged():
        vpn = host.up(profile)
        host.kill_service()
        host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
        vpn = host.up(profile)
        check_moved(host)
        equal(answering(host, HOST), {mac(LINK)}, 'MAC addresses that answer')
        host.down(vpn)
    check_unmoved(host)


if __name__ == '__main__':
    mock.main()
