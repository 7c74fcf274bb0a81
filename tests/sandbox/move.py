# SPDX-License-Identifier: GPL-2.0-or-later
"""Shared by the tests of mode move: connections that must survive, the state of the network, and steps of the service
that a test interrupts."""

import re

import profiles
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

# Sends every 20 ms; writes the longest time to a reply after each.
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
    """The connection lives, and no reply took longer than LIMIT seconds. Returns the longest time."""
    def words():
        return host.lan.read(f'/run/{name}').split()
    number = int(words()[0])
    host.wait_for(lambda: int(words()[0]) > number + 5, f'the connection from the LAN to be alive {what}')
    worst = float(words()[1])
    check(worst < limit, f'the connection from the LAN stalled for {worst:.1f} s {what}')
    return worst


def network(host):
    """Addresses and routes of the host as the kernel reports them, without lifetimes, guests' devices and
    temporary addresses."""
    lines = []
    for argv in (['ip', '-o', 'addr'], ['ip', 'route'], ['ip', '-6', 'route']):
        for line in host.run(argv).stdout.splitlines():
            line = re.sub(r'(valid_lft|preferred_lft|expires) \w+|tentative|^\d+:|\\', '', line)
            # Guests' devices; and the temporary addresses of privacy extensions, which change.
            if 'macvtap' not in line and ' temporary ' not in line:
                lines.append(' '.join(line.split()))
    return '\n'.join(lines)


# The kernel adds the same routes again, with the highest metrics, if a router advertisement arrives before
# NetworkManager disables its handling of them.
KERNEL_RA = re.compile(r'proto (ra metric 1024|kernel metric 256) ')


def routes_of(view):
    return [line for line in view.splitlines()
            if ' dev eth0 ' in line and not line.startswith('fe80') and not KERNEL_RA.search(line)]


def settled(host):
    """The network as soon as no IPv6 address is tentative and NetworkManager is online, in each IP version that has
    a default route: until then it adds 20000 to the metric. It checks every 20 s here."""
    host.wait_online()
    host.wait_for(lambda: 'tentative' not in host.run(['ip', '-6', 'addr']).stdout, 'addresses', 10)
    host.wait_for(lambda: not re.search(r' metric 20\d{3} ', network(host) + ' '), 'NetworkManager to be online', 45)
    return network(host)


NM = ('org.freedesktop.NetworkManager', '/org/freedesktop/NetworkManager', 'org.freedesktop.NetworkManager')


def primary(host):
    path = host.run(['busctl', 'get-property', *NM, 'PrimaryConnection']).stdout.split()[1].strip('"')
    return host.run(['busctl', 'get-property', 'org.freedesktop.NetworkManager', path,
                     'org.freedesktop.NetworkManager.Connection.Active', 'Id']).stdout


def check_unmoved(host, address, before, what):
    """The network is as before, and nothing of the service is left."""
    profiles_left = host.nmcli('-g', 'TYPE', 'connection', 'show').stdout.split()
    host.wait_for(lambda: settled(host) == before, f'the network to be as before {what}:\n{before}\nis\n'
                  + network(host), 45, 0.2)
    equal(host.address(), address, f'address {what}')
    equal(host.read('/sys/class/net/eth0/address').strip(), host.uplink_mac(), f'MAC of the parent {what}')
    check('macvlan' not in profiles_left, f'the profile of the link is left {what}')
    check(not profiles.services(host), f'the service runs {what}')


def check_moved_routes(host, before):
    """The host link has the parent's routes as soon as NetworkManager finds it online."""
    expected = sorted(routes_of(before))
    host.wait_for(lambda: sorted(routes_of(settled(host).replace(LINK, 'eth0'))) == expected,
                  f'the routes of the link to be\n{expected}', 45, 0.2)


def add(host, **data):
    """A profile that only the test activates."""
    return profiles.add(host, 'guests', 'connection.autoconnect', 'no', mode='move', **data)


def without_helper(host):
    """Removes the dispatcher hook, because the helper would activate the profile again."""
    host.run('find /usr/lib/NetworkManager/dispatcher.d -name "*nm-macvtap*" -delete')


def mac_of(host, link):
    return host.read(f'/sys/class/net/{link}/address').strip()


def pings(host, guest, address):
    return guest.ping(address, 1) and host.ping(guest.lan_address, 1)


def prepared(host):
    """Returns the host's address and network. Creates a profile and a connection from the LAN, once."""
    address = host.address()
    before = settled(host)
    if not host.lan.service_pid('ask'):
        start_stream(host, address)
        add(host, parent='eth0')
    return address, before


def step_of(step):
    return f"profile 'guests': {step}"


def checkpoints(host):
    return host.run(['busctl', 'get-property', *NM, 'Checkpoints']).stdout.split()[2:]
