# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode isolated: activations that fail or are refused leave libvirt and the kernel as they were."""

import contextlib
import difflib

import profiles
import tap
from tap import equal

KERNEL = r'''
ip -d -o link show | sed -E 's/^[0-9]+: //; s/ state [A-Z]+//; s/ numtxqueues.*//; s/[a-z_]+_timer +[0-9.]+//g'
ip -o address show | sed -E 's/^[0-9]+: //; s/valid_lft.*//; s/ (tentative|dynamic)//g'
ip -4 route show table all; ip -6 route show table all | grep -v linkdown; ip rule show
ip neighbour show nud permanent
grep -r . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf 2>/dev/null | sort
'''


def snapshot(host):
    """What libvirt and the kernel have, as lines."""
    lines = []
    for name in host.virsh('net-list', '--all', '--name').stdout.split():
        lines += host.virsh('net-info', name).stdout.splitlines()
        lines += host.virsh('net-dumpxml', '--inactive', name).stdout.splitlines()
    for name in host.virsh('list', '--all', '--name').stdout.split():
        lines += host.virsh('dumpxml', '--inactive', name).stdout.splitlines()
        lines += host.virsh('dumpxml', name).stdout.splitlines()
    return lines + host.run(KERNEL, check=False).stdout.splitlines()


@contextlib.contextmanager
def unchanged(host, what):
    before = snapshot(host)
    yield
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    with contextlib.suppress(Exception):
        host.wait_for(lambda: snapshot(host) == before, 'everything to be as before', 10)
    difference = [line for line in difflib.unified_diff(before, snapshot(host), lineterm='', n=0)
                  if not line.startswith(('---', '+++', '@@'))]
    equal(difference, [], f'what is different after {what}')


@tap.host()
def test_activation_that_fails_leaves_nothing(host):
    alpha, = host.running_guests('alpha')
    beta = host.guest('beta').define()
    profiles.add_by_hand(host, 'guests', 'connection.zone', 'no-such-zone')
    with unchanged(host, 'a zone without firewalld'):
        profiles.refused(host, 'no-such-zone', 'connection.zone')
    host.nmcli('connection', 'modify', 'guests', 'connection.zone', '')

    with unchanged(host, 'dnsmasq that fails'):
        host.run('mount --bind /bin/false /usr/sbin/dnsmasq')
        profiles.refused(host, "'isolated'", 'dnsmasq')
        host.run('umount /usr/sbin/dnsmasq')

    # The user's own network, neither active nor started at boot.
    host.define_network(profiles.network_xml('isolated', '192.168.66.1', "<bridge name='virbr66'/>"), start=False)
    with unchanged(host, 'a bridge name that is taken'):
        host.run('ip link add virbr66 link eth0 type macvlan')
        profiles.refused(host, "'isolated'", 'virbr66')
        host.run('ip link del virbr66')
    host.virsh('net-undefine', 'isolated')

    # After all that, it works at once.
    profiles.up(host)
    profiles.reach(host, alpha)
    equal(len(profiles.our_nics(beta, inactive=True)), 1, 'interfaces of ours in beta')


if __name__ == '__main__':
    tap.main()
