# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode move: the host keeps its addresses, whatever happens, and gets them back where they were."""

import re
import signal
import time

import profiles
import tap
from guest import macvtap
from sandbox import Lan
from tap import check, equal

LINK = 'nmmveth0'
PROFILE = '/etc/NetworkManager/system-connections/eth0.nmconnection'
# The kernel's own retransmissions after a lost packet alone take longer than the switch.
STALL = 3.0

ECHO = '''
import socket, threading
server = socket.socket(socket.AF_INET6)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(('::', 7777))
server.listen()

def serve(peer):
    while data := peer.recv(100):
        peer.sendall(data)

while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
'''

# Asks every 20 ms; writes the longest time to an answer after each.
ASK = '''
import os, socket, sys, time
peer = socket.create_connection((sys.argv[1], 7777))
worst = 0
number = 0
while True:
    begin = time.monotonic()
    peer.sendall(b'x')
    if not peer.recv(1):
        sys.exit(1)
    worst = max(worst, time.monotonic() - begin)
    number += 1
    with open(sys.argv[2] + '.new', 'w') as file:
        file.write(f'{number} {worst}')
    os.rename(sys.argv[2] + '.new', sys.argv[2])
    time.sleep(0.02)
'''


def start_stream(host, address, name='ask'):
    """A TCP connection from the LAN to the host's ADDRESS that is in use all the time."""
    host.write('/run/echo.py', ECHO)
    host.lan.write('/run/ask.py', ASK)
    if not host.service_pid('echo'):
        host.start_service('echo', ['python3', '/run/echo.py'])
    host.wait_for(lambda: ':7777' in host.run(['ss', '-tln']).stdout, 'the server on the host')
    host.lan.start_service(name, ['python3', '/run/ask.py', address, f'/run/{name}'])
    host.wait_for(lambda: host.lan.exists(f'/run/{name}'), 'the first answer')


def check_stream(host, what, limit=STALL, name='ask'):
    """The connection lives, and no answer has taken longer than LIMIT seconds; the longest one."""
    def words():
        return host.lan.read(f'/run/{name}').split()
    number = int(words()[0])
    host.wait_for(lambda: int(words()[0]) > number + 5, f'the connection from the LAN to be alive {what}')
    worst = float(words()[1])
    check(worst < limit, f'the connection from the LAN stalled for {worst:.1f} s {what}')
    return worst


def network(host):
    """Addresses and routes of the host as the kernel tells them, without lifetimes, guests' devices and
    temporary addresses."""
    lines = []
    for argv in (['ip', '-o', 'addr'], ['ip', 'route'], ['ip', '-6', 'route']):
        for line in host.run(argv).stdout.splitlines():
            line = re.sub(r'(valid_lft|preferred_lft|expires) \w+|tentative|^\d+:|\\', '', line)
            # Guests' devices; and what privacy extensions make is made anew.
            if 'macvtap' not in line and ' temporary ' not in line:
                lines.append(' '.join(line.split()))
    return '\n'.join(lines)


# What the kernel makes of a router advertisement that comes before NetworkManager has told it to leave
# those alone: the same routes once more, at the end of the metrics.
KERNEL_RA = re.compile(r'proto (ra metric 1024|kernel metric 256) ')


def routes_of(view):
    return [line for line in view.splitlines()
            if ' dev eth0 ' in line and not line.startswith('fe80') and not KERNEL_RA.search(line)]


def settled(host):
    """The network when no IPv6 address is tentative any more and NetworkManager is online."""
    host.wait_online()
    host.wait_for(lambda: 'tentative' not in host.run(['ip', '-6', 'addr']).stdout, 'addresses', 10)
    return network(host)


NM = ('org.freedesktop.NetworkManager', '/org/freedesktop/NetworkManager', 'org.freedesktop.NetworkManager')


def primary(host):
    path = host.run(['busctl', 'get-property', *NM, 'PrimaryConnection']).stdout.split()[1].strip('"')
    return host.run(['busctl', 'get-property', 'org.freedesktop.NetworkManager', path,
                     'org.freedesktop.NetworkManager.Connection.Active', 'Id']).stdout


def check_unmoved(host, address, before, what):
    """Everything is where it was, and nothing of ours is left. NetworkManager raises the metric of a
    device that it has not found online yet; it looks every 20 s here."""
    profiles_left = host.nmcli('-g', 'TYPE', 'connection', 'show').stdout.split()
    host.wait_for(lambda: settled(host) == before, f'the network to be as before {what}:\n{before}\nis\n'
                  + network(host), 45, 0.2)
    equal(host.address(), address, f'address {what}')
    check('macvlan' not in profiles_left, f'the profile of the link is left {what}')
    check(not profiles.services(host), f'the service runs {what}')


# Offers an address and refuses it as soon as it is asked for.
REFUSE = '''
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'lan0')
server.bind(('', 67))
me = bytes([10, 77, 0, 1])
while True:
    data = server.recv(2000)
    kinds = {b'\\x35\\x01\\x01': 2, b'\\x35\\x01\\x03': 6}
    kind = next((kind for asked, kind in kinds.items() if asked in data[240:]), None)
    if kind is None:
        continue
    offered = bytes([10, 77, 0, 123]) if kind == 2 else bytes(4)
    head = b'\\x02' + data[1:16] + offered + me + data[24:236] + data[236:240]
    rest = bytes([53, 1, kind, 54, 4]) + me
    if kind == 2:
        rest += bytes([51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0])
    server.sendto(head + rest + b'\\xff', ('255.255.255.255', 68))
    print('refused' if kind == 6 else 'offered', flush=True)
'''


def add(host, **data):
    """A profile that nobody but the test brings up."""
    return profiles.add(host, 'guests', 'connection.autoconnect', 'no', mode='move', **data)


def without_helper(host):
    """NetworkManager and the service alone; the dispatcher's helper would bring the profile up again."""
    host.run('find /usr/lib/NetworkManager/dispatcher.d -name "*nm-macvtap*" -delete')


def pings(host, guest, address):
    return guest.ping(address, 1) and host.ping(guest.lan_address, 1)


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
        # The same, but for the device; none of the VPN's.
        equal(sorted(routes_of(settled(host).replace(LINK, 'eth0'))), sorted(routes_of(before)), 'routes')
        check(LINK[4:] in primary(host), f'primary connection {primary(host)}')
        for guest in (alpha, beta):
            host.wait_for(lambda: pings(host, guest, address), f'host and {guest.name} to reach each other', 10)
        check(host.ping(Lan.gateway()) and host.lan.ping(address), 'the LAN is not reached')
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
    """The kernel then takes no packet on the link while the parent has the same route."""
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
    equal(sorted(routes_of(settled(host).replace(LINK, 'eth0'))), sorted(routes_of(before)), 'routes')
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
        # The machine starts again: links of software are gone, and what is in /run.
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
        host.run(f'ip link del {LINK}; rm -rf /run/NetworkManager; ip addr flush dev eth0; ip link set eth0 down',
                 check=False)
        host.start_nm()
        check_unmoved(host, address, before, f'after a reboot (signal {number})')
    # NetworkManager alone starts again: it brings both up, and the next `up` goes on from there.
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
def test_killed_service_leaves_the_host_online(host):
    alpha, = host.running_guests('alpha')
    address = host.address()
    before = settled(host)
    start_stream(host, address)
    add(host, parent='eth0')
    profiles.up(host)
    for _ in range(2):
        host.run(['kill', '-9', *profiles.services(host)])
        host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down')
        host.wait_online()
        equal(host.address(LINK), address, 'address after the service was killed')
        check(host.ping(Lan.gateway()) and host.lan.ping(address), 'the LAN is not reached')
        check_stream(host, 'after the service was killed')
        # What is left is put right first.
        profiles.up(host)
        host.wait_for(lambda: pings(host, alpha, address), 'host and guest to reach each other', 10)
    profiles.down(host)
    check_unmoved(host, address, before, 'after down')
    check_stream(host, 'at the end')

    # Killed, and the link gone besides: the parent gets its addresses back, and it begins anew.
    profiles.up(host)
    host.run(['kill', '-9', *profiles.services(host)])
    host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down')
    host.nmcli('device', 'delete', LINK)
    equal(host.address(), None, 'address of the parent')
    profiles.up(host, 'guests', 'ifname', 'eth0')
    equal(host.address(LINK), address, 'address on the new link')
    profiles.down(host)
    check_unmoved(host, address, before, 'after a new beginning')

    # Told to end.
    profiles.up(host)
    host.run(['kill', *profiles.services(host)])
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    check_unmoved(host, address, before, 'after the service was told to end')
    check_stream(host, 'after the service was told to end')

    # Killed on the way, before anything was moved.
    host.lan.stop_service('dnsmasq')
    host.nmcli('--wait', '0', 'connection', 'up', 'guests')
    host.wait_for(lambda: LINK in host.run(['ip', '-o', 'link']).stdout, 'the link')
    host.run(['kill', '-9', *profiles.services(host)])
    host.wait_for(lambda: not profiles.services(host), 'the service to end')
    equal(host.address(), address, 'address after the service was killed on the way')
    check_stream(host, 'after the service was killed on the way')
    host.lan.start_dnsmasq()


STEPS_UP = ('read', 'checkpoint', 'add', 'activate', 'bind', 'wait-link', 'reapply', 'wait-online', 'commit', 'up')
STEPS_DOWN = ('restore', 'wait-restored', 'remove', 'release')


def step_of(step):
    return f"profile 'guests': {step}"


def checkpoints(host):
    return host.run(['busctl', 'get-property', *NM, 'Checkpoints']).stdout.split()[2:]


def kill_at(host, step):
    """The service is killed as it begins that step, on the way up or down."""
    if step in STEPS_DOWN:
        profiles.up(host)
    seen = profiles.messages(host).count(step_of(step))
    host.trap(step_of(step), 9)
    host.nmcli('connection', 'down' if step in STEPS_DOWN else 'up', 'guests', check=False, timeout=90)
    host.wait_for(lambda: profiles.messages(host).count(step_of(step)) > seen, f'the step {step}')


@tap.host(debug=True)
def test_killed_at_each_step(host):
    """Without the helper: the host has its address all the time, and the next `up` works at once."""
    without_helper(host)
    address = host.address()
    before = settled(host)
    start_stream(host, address)
    add(host, parent='eth0')
    for step in STEPS_UP + STEPS_DOWN:
        kill_at(host, step)
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 5)
        check(address in (host.address(LINK, check=False), host.address()), f'the host has no address after {step}')
        check(host.lan.ping(address), f'the LAN does not reach the host after {step}')
        check_stream(host, f'after the service was killed at {step}')
        begin = time.monotonic()
        profiles.up(host)
        print(f'# up again after a kill at {step}: {time.monotonic() - begin:.1f} s')
        equal((host.address(LINK), host.address()), (address, None), f'address when up again after {step}')
        equal(checkpoints(host), [], f'checkpoints when up again after {step}')
        profiles.down(host)
        check_unmoved(host, address, before, f'after a kill at {step}')
        check_stream(host, f'at the end of {step}')

    # Killed with the parent bare, and the link gone besides; the checkpoint is still there.
    kill_at(host, 'commit')
    host.nmcli('device', 'delete', LINK)
    equal(host.address(), None, 'address of the parent')
    profiles.up(host, 'guests', 'ifname', 'eth0')
    equal((host.address(LINK), checkpoints(host)), (address, []), 'address on the new link, and checkpoints')
    profiles.down(host)
    check_unmoved(host, address, before, 'after a new beginning')
    check_stream(host, 'after a new beginning')


@tap.host(debug=True)
def test_helper_puts_right_what_was_killed(host):
    """With the helper: the host has its configuration on eth0 again, or it is moved again, and nothing else is left."""
    address = host.address()
    before = settled(host)
    start_stream(host, address)
    add(host, parent='eth0')
    # Before there is a link, nothing has changed, and no event calls the helper.
    for step in STEPS_UP[STEPS_UP.index('bind'):] + STEPS_DOWN:
        kill_at(host, step)
        begin = time.monotonic()

        def is_right():
            if checkpoints(host):
                return False
            if profiles.state(host) == 'activated':
                return host.address(LINK) == address and not host.address()
            return not profiles.services(host) and LINK not in host.run(['ip', '-o', 'link']).stdout \
                and host.address() == address and f'guests (eth0)' not in host.nmcli('connection').stdout
        host.wait_for(is_right, f'everything to be right after a kill at {step}', 60)
        print(f'# right after a kill at {step}: {time.monotonic() - begin:.1f} s, {profiles.state(host) or "down"}')
        check_stream(host, f'after the service was killed at {step}')
        if profiles.state(host):
            profiles.down(host)
        check_unmoved(host, address, before, f'after a kill at {step}')


@tap.host(shared='failures')
def test_silent_dhcp_server_changes_nothing(host):
    address = host.address()
    before = settled(host)
    start_stream(host, address)
    add(host, parent='eth0')
    host.lan.stop_service('dnsmasq')
    begin = time.monotonic()
    profiles.refused(host, LINK, 'DHCP')
    took = time.monotonic() - begin
    check(took < 40, f'it took {took:.0f} s')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
    check_unmoved(host, address, before, 'after a silent server')
    # At no time was the host without its address.
    check_stream(host, 'after a silent server', 1.0)

    # The user has enough.
    host.nmcli('--wait', '0', 'connection', 'up', 'guests')
    host.wait_for(lambda: LINK in host.run(['ip', '-o', 'link']).stdout, 'the link')
    begin = time.monotonic()
    profiles.down(host)
    check(time.monotonic() - begin < 5, 'it does not stop')
    check_unmoved(host, address, before, 'after an interruption')
    check_stream(host, 'after an interruption', 1.0)
    host.lan.start_dnsmasq()


@tap.host(shared='failures')
def test_refusing_dhcp_server_changes_nothing(host):
    address = host.address()
    before = settled(host)
    if not host.lan.service_pid('ask'):
        start_stream(host, address)
        add(host, parent='eth0')
    host.lan.stop_service('dnsmasq')
    host.lan.write('/run/refuse.py', REFUSE)
    host.lan.start_service('refuse', ['python3', '/run/refuse.py'])
    profiles.refused(host, LINK, 'DHCP')
    check(any('refused' in entry['MESSAGE'] for entry in host.lan.entries(SYSLOG_IDENTIFIER='refuse')),
          'the server did not refuse')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
    check_unmoved(host, address, before, 'after a refusal')
    check_stream(host, 'after a refusal', 1.0)
    host.lan.stop_service('refuse')
    host.lan.start_dnsmasq()


@tap.host(shared='failures')
def test_link_that_cannot_be_made_changes_nothing(host):
    address = host.address()
    before = settled(host)
    if not host.lan.service_pid('ask'):
        start_stream(host, address)
        add(host, parent='eth0')
    # NetworkManager does not know of such names; the kernel does.
    host.run(['ip', 'link', 'property', 'add', 'dev', 'lo', 'altname', LINK])
    profiles.refused(host, LINK, 'File exists')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
    check_unmoved(host, address, before, 'without a link')
    check_stream(host, 'without a link', 1.0)
    host.run(['ip', 'link', 'property', 'del', 'dev', 'lo', 'altname', LINK])


@tap.host(debug=True)
def test_interrupted_at_each_step(host):
    """A person takes the profile down as each step begins."""
    address = host.address()
    before = settled(host)
    start_stream(host, address)
    add(host, parent='eth0')
    for step in STEPS_UP:
        seen = profiles.messages(host).count(step_of(step))
        host.trap(step_of(step), signal.SIGSTOP)
        host.nmcli('--wait', '0', 'connection', 'up', 'guests')
        host.wait_for(lambda: profiles.messages(host).count(step_of(step)) > seen, f'the step {step}')
        host.nmcli('--wait', '0', 'connection', 'down', 'guests')
        host.run(['kill', '-CONT', *profiles.services(host)])
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 20)
        equal(checkpoints(host), [], f'checkpoints after an interruption at {step}')
        check_unmoved(host, address, before, f'after an interruption at {step}')
        check_stream(host, f'after an interruption at {step}')

    # Somebody changes the parent's configuration meanwhile: it is not undone for him.
    host.trap(step_of('wait-link'), signal.SIGSTOP)
    host.nmcli('--wait', '0', 'connection', 'up', 'guests')
    host.wait_for(lambda: LINK in host.run(['ip', '-o', 'link']).stdout, 'the link')
    host.wait_for(lambda: profiles.messages(host)[-1] == step_of('wait-link'), 'the step')
    host.nmcli('device', 'modify', 'eth0', 'ipv4.dns-search', 'changed.example')
    host.run(['kill', '-CONT', *profiles.services(host)])
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 20)
    check(any("cannot change the configuration of 'eth0'" in text for text in profiles.messages(host)),
          f'no reason: {profiles.messages(host)}')
    check('changed.example' in host.read('/etc/resolv.conf'), 'the change is lost')
    check_unmoved(host, address, before, 'after a change of the parent')
    check_stream(host, 'after a change of the parent')


@tap.host()
def test_dhcp_server_that_goes_by_the_mac(host):
    alpha, = host.running_guests('alpha')
    host.lan.stop_service('dnsmasq')
    host.lan.start_dnsmasq('--dhcp-ignore-clid', f'--dhcp-host={host.uplink_mac()},10.77.0.150')
    host.nmcli('connection', 'up', 'eth0')
    before = settled(host)
    equal(host.address(), '10.77.0.150', 'address by the MAC')
    add(host, parent='eth0')
    profiles.up(host)
    address = host.address(LINK)
    check(address and address != '10.77.0.150', f'address on the link: {address}')
    equal(host.nm_state(), 'connected:full', 'NetworkManager')
    banner = next((line for line in host.nmcli('connection', 'show', 'guests').stdout.splitlines()
                   if line.startswith('VPN.BANNER')), '')
    check(address in banner and '10.77.0.150' in banner, f'banner: {banner!r}')
    check(any(address in text for text in profiles.messages(host)), 'the journal does not say it')
    host.wait_for(lambda: pings(host, alpha, address), 'host and guest to reach each other', 10)
    check(host.lan.ping(address), 'the LAN does not reach the host')
    profiles.down(host)
    check_unmoved(host, '10.77.0.150', before, 'after down')


def lasting_address6(host, link='eth0'):
    """The advertised address that is not temporary, as soon as there is one of either."""
    def find():
        lines = host.run(['ip', '-6', '-o', 'addr', 'show', 'dev', link, 'scope', 'global']).stdout.splitlines()
        found = {' temporary ' in line: line.split()[3].split('/')[0] for line in lines if 'tentative' not in line}
        return found if len(found) == 2 else None
    found = host.wait_for(find, f'a lasting and a temporary address on {link}', 20)
    return found[False], found[True]


@tap.host(ipv6=True)
def test_privacy_addresses(host):
    """NetworkManager derives the stable address from the device's name: it is carried over all the same. The temporary
    one is made anew, as it is every day."""
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
def test_no_lease_on_the_way_back(host):
    """The parent gets no address: then the link keeps the one that it has."""
    address = host.address()
    start_stream(host, address)
    add(host, parent='eth0')
    profiles.up(host)
    host.lan.stop_service('dnsmasq')
    profiles.down(host)
    equal(host.address(LINK), address, 'address while the DHCP server is silent')
    check_stream(host, 'while the DHCP server is silent', 1.0)
    check(any('stays up' in text for text in profiles.messages(host)), f'no word of it: {profiles.messages(host)}')
    host.lan.start_dnsmasq()
    profiles.up(host)
    host.wait_online()
    equal((host.address(LINK), host.address()), (address, None), 'address after the next up')
    profiles.down(host)
    host.wait_for(host.address, 'the address on the parent', 20)
    equal(host.address(), address, 'address after down')
    check(LINK not in host.run(['ip', '-o', 'link']).stdout, 'the link is left')
    check_stream(host, 'at the end')


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


@tap.host(shared='failures')
def test_no_checkpoint_no_move(host):
    address = host.address()
    before = settled(host)
    if not host.lan.service_pid('ask'):
        start_stream(host, address)
        add(host, parent='eth0')
    device = host.run(['busctl', 'call', *NM, 'GetDeviceByIpIface', 's', 'eth0']).stdout.split()[1].strip('"')
    # Somebody else's, of everything and of eth0 alone: it stays.
    for devices in ([], [device]):
        path = host.run(['busctl', 'call', *NM, 'CheckpointCreate', 'aouu', str(len(devices)), *devices, '600',
                         '0']).stdout.split()[1]
        profiles.refused(host, 'checkpoint', 'eth0')
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 10)
        check_unmoved(host, address, before, 'without a checkpoint')
        check_stream(host, 'without a checkpoint', 1.0)
        equal(checkpoints(host), [path], 'the checkpoint of somebody else')
        host.run(['busctl', 'call', *NM, 'CheckpointDestroy', 'o', path.strip('"')])
    profiles.up(host)
    profiles.down(host)
    check_unmoved(host, address, before, 'after down')


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
    equal(routes_of(settled(host)), routes_of(before), 'routes of eth0')


if __name__ == '__main__':
    tap.main()
