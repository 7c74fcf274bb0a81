# SPDX-License-Identifier: GPL-2.0-or-later
"""Key multicast: a guest with a default definition receives what it asks for, from the LAN and, in mode move, from its
host; and nothing of it is left afterwards."""

import os
import subprocess

import profiles
import tap
from guest import macvtap
from machine import HERE
from move import LINK
from tap import check, equal

RECEIVER = '/run/multicast-receiver'
GROUPS = {'mDNS': ('224.0.0.251', 5353), 'SSDP': ('239.255.255.250', 1900), 'LLMNR': ('224.0.0.252', 5355)}
SEND = '''import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
s.sendto(sys.argv[4].encode(), (sys.argv[2], int(sys.argv[3])))'''
SERVE = ['python3', '-I', '-m', 'http.server', '--directory', '/run', '8000']
# An interface identifier as privacy extensions make it: not derived from the MAC.
PRIVATE = 'fd77:77:0:0:a1b2:c3d4:e5f6:789a'


def listen(host, guest):
    """The guest joins every group, over a program that it gets from the LAN."""
    subprocess.run(['cc', '-static', '-O1', '-o', host.lan.path(RECEIVER), os.path.join(HERE, 'multicast-receiver.c')],
                   check=True)
    host.lan.start_service('receiver', SERVE)
    host.lan.wait_for(lambda: ':8000' in host.lan.run(['ss', '-tln']).stdout, 'the web server')
    guest.run(f'wget -q -O /receiver http://{host.lan.gateway()}:8000{RECEIVER[4:]} && chmod 755 /receiver', check=True)
    for name, (group, port) in GROUPS.items():
        guest.run(f'/receiver {group} {port} >/tmp/{name} 2>&1 </dev/null &')
        host.wait_for(lambda name=name: 'ready' in guest.run(f'cat /tmp/{name}')[1], f'the guest to join {name}', 10)
    guest.run(f'ip addr add {PRIVATE}/64 dev eth0', check=True)


def received(guest, name, text):
    return text in guest.run(f'cat /tmp/{name}')[1].splitlines()


def send_to(machine, address, name, text):
    group, port = GROUPS[name]
    machine.run(['python3', '-I', '-c', SEND, address, group, str(port), text])


def arrives(guest, machine, address, name, what):
    send_to(machine, address, name, f'{name} {what}')
    return received(guest, name, f'{name} {what}')


def check_received(host, guest, machine, address, what):
    """Everything that MACHINE sends from its ADDRESS, again and again as a real sender, arrives."""
    for name in GROUPS:
        host.wait_for(lambda name=name: arrives(guest, machine, address, name, what), f'{name} from {what}', 10)
    machine.run('ip -6 neigh flush all', check=False)
    host.wait_for(lambda: machine.ping(PRIVATE), f'an answer to {what} from the privacy address', 10)


def check_filtered(guest, machine, address, what):
    """Not everything arrives. The kernel filters by a hash of 8 bits, so a single group may."""
    machine.run('ip -6 neigh flush all', check=False)
    found = [any(arrives(guest, machine, address, name, what) for _ in range(3)) for name in GROUPS]
    check(not all([*found, machine.ping(PRIVATE)]), f'everything arrives from {what}')


def allmulti(host, device):
    """The sum of what programs asked for."""
    return bool(int(host.read(f'/sys/class/net/{device}/flags'), 16) & 0x200)


def macvtaps(host):
    return [name for name in host.run('ls /sys/class/net').stdout.split() if name.startswith('macvtap')]


def device_of(guest):
    return next(nic.find('target').get('dev') for nic in guest.interfaces() if nic.get('type') == 'direct')


@tap.host(ipv6=True)
def test_guest_with_a_default_definition_receives_multicast(host):
    alpha, beta = host.running_guests('alpha', 'beta')
    # libvirt sets the groups of such a guest itself, and clears the flag of its device.
    gamma = host.guest('gamma', [macvtap().replace('<interface ', "<interface trustGuestRxFilters='yes' ")])
    gamma.define().start().wait_ready()
    listen(host, alpha)
    lan, definitions = host.lan.gateway(), profiles.definitions(host)
    live = alpha.dumpxml()
    check_filtered(alpha, host.lan, lan, 'the LAN before')
    for mode in ('share', 'move'):
        profiles.add_by_hand(host, mode, mode=mode, parent='eth0', exclude_guests='beta')
        profiles.up(host, mode)
        check_received(host, alpha, host.lan, lan, f'the LAN in mode {mode}')
        if mode == 'move':
            check_received(host, alpha, host, host.address(LINK), 'the host in mode move')
        gamma.run('ifconfig eth0 allmulti; ifconfig eth0 -allmulti', check=True)
        check(allmulti(host, device_of(gamma)), f'libvirt took back what the profile asks for in mode {mode}')
        check(not allmulti(host, device_of(beta)), 'a guest that is not selected has it too')
        profiles.down(host, mode)
        check_filtered(alpha, host.lan, lan, f'the LAN after mode {mode}')
        check(not allmulti(host, 'eth0'), f'the parent is not as before after mode {mode}')
    equal(profiles.definitions(host), definitions, 'definitions of the guests')
    equal(alpha.dumpxml(), live, "libvirt's description of the running guest")


@tap.host()
def test_devices_that_come_and_go_are_followed(host):
    alpha, = host.running_guests('alpha')
    profiles.add_by_hand(host, mode='share', parent='eth0')
    profiles.up(host)
    host.wait_for(lambda: allmulti(host, device_of(alpha)), 'allmulticast of the running guest')
    alpha.destroy()
    alpha.start()
    host.wait_for(lambda: allmulti(host, device_of(alpha)), 'allmulticast after the restart of the guest')
    host.write('/run/nic.xml', macvtap('eth0', mac='52:54:00:00:77:01'))
    before = set(macvtaps(host))
    alpha.virsh('attach-device', '--live', '--file', '/run/nic.xml')
    plugged, = set(macvtaps(host)) - before
    host.wait_for(lambda: allmulti(host, plugged), 'allmulticast of an interface that is plugged in')
    host.restart_libvirtd()
    check(allmulti(host, device_of(alpha)), 'a restart of libvirtd takes it back')
    # The service dies: at once, with no helper that could do it.
    host.run("find /usr/lib/NetworkManager/dispatcher.d -name '*nm-macvtap*' -delete")
    host.run(['kill', '-9', *profiles.services(host)])
    host.wait_for(lambda: not allmulti(host, device_of(alpha)), 'allmulticast to be taken back after kill -9', 5)
    host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down')
    host.run(['ip', 'link', 'set', device_of(alpha), 'allmulticast', 'on'])
    profiles.up(host)
    profiles.down(host)
    check(allmulti(host, device_of(alpha)), "the administrator's allmulticast is gone")


if __name__ == '__main__':
    tap.main()
