# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode isolated: activations that fail or are refused leave libvirt and the kernel as they were."""

import contextlib
import difflib
import json
import re

import profiles
import tap
from guest import network
from tap import check, equal

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


@tap.host(firewalld=True)
def test_network_of_ours_follows_the_zone_of_the_profile(host):
    alpha, = host.running_guests('alpha')
    host.run('firewall-cmd --permanent --new-zone=guests && firewall-cmd --permanent --zone=guests --set-target=ACCEPT '
             '&& firewall-cmd --reload')
    profiles.add_by_hand(host, 'guests', 'connection.zone', 'guests')
    profiles.up(host)
    profiles.reach(host, alpha)
    profiles.down(host)
    uuid = host.virsh('net-uuid', 'isolated').stdout
    host.virsh('net-update', 'isolated', 'add', 'ip-dhcp-host',
               "<host mac='52:54:00:00:00:77' ip='192.168.254.77'/>", '--live', '--config')
    host.virsh('net-destroy', 'isolated')
    host.run('firewall-cmd --permanent --delete-zone=guests && firewall-cmd --reload')

    with unchanged(host, 'a zone that is gone'):
        profiles.refused(host, "'isolated'", 'guests')
    host.nmcli('connection', 'modify', 'guests', 'connection.zone', '')
    profiles.up(host)
    profiles.reach(host, alpha)
    bridge = profiles.network_info(host)['Bridge']
    equal(host.run(['firewall-cmd', '--get-zone-of-interface', bridge]).stdout.strip(), 'libvirt', 'zone')
    xml = host.virsh('net-dumpxml', '--inactive', 'isolated').stdout
    check("ip='192.168.254.77'" in xml, 'the fixed DHCP address is gone')
    check(not re.search('zone=', xml), 'the zone is still there')
    equal(host.virsh('net-uuid', 'isolated').stdout, uuid, 'UUID of the network')


@tap.host()
def test_network_of_other_guests_is_used_only_if_the_profile_names_it(host):
    host.define_network(profiles.network_xml('isolated', '192.168.66.1'))
    malware = host.guest('malware', [network('isolated')]).define()
    alpha, = host.running_guests('alpha')
    before = malware.dumpxml(inactive=True)
    profiles.add_by_hand(host)
    with unchanged(host, 'a network of other guests'):
        reason = profiles.refused(host, "'isolated'", "'malware'", "'network'")
    check('alpha' not in reason, reason)
    plan = host.run(['nm-macvtap', 'plan', 'guests'], check=False)
    equal(plan.returncode, 1, "plan's exit code")
    check("'malware'" in plan.stderr, plan.stderr)
    found = host.run(['nm-macvtap', '--json', 'check', 'alpha'], check=False)
    equal(found.returncode, 3, "check's exit code")
    step = json.loads(found.stdout)['steps'][-1]
    check("'malware'" in step['detail'], step)

    # The two ways out: the command that check prints, and the name in the profile.
    profiles.modify(host, on_disconnect='remove')
    host.run(step['remedy'], timeout=90)
    profiles.reach(host, alpha)
    profiles.down(host)
    profiles.modify(host, network='isolated')
    profiles.up(host)
    profiles.reach(host, alpha, '192.168.66.1')
    banner = [line for line in host.nmcli('connection', 'show', 'guests').stdout.splitlines() if 'BANNER' in line]
    check(banner and "'malware'" in banner[0], f'banner {banner}')
    equal(malware.dumpxml(inactive=True), before, 'definition of the other guest')


KILL = """#!/bin/sh
[ "$2" = port-created ] && kill -9 $(pidof nm-macvtap-service)
exit 0
"""


@tap.host()
def test_killed_activation_leaves_the_guest_unplugged(host):
    """In the moment in which the guest gets its interface."""
    alpha, = host.running_guests('alpha')
    profiles.add_by_hand(host)
    host.write('/etc/libvirt/hooks/network', KILL, 0o755)
    host.restart_libvirtd()
    result = host.nmcli('connection', 'up', 'guests', check=False, timeout=90)
    check(result.returncode != 0, 'the profile is up')
    check(not profiles.services(host), 'the service lives')
    host.wait_for(lambda: profiles.our_mac(alpha) in alpha.links(), 'the interface to be in the guest', 20)
    host.wait_for(lambda: profiles.carrier(alpha) == '0', 'the link of the guest to go down', 30)
    host.run('rm /etc/libvirt/hooks/network')
    host.restart_libvirtd()
    profiles.up(host)
    profiles.reach(host, alpha)


@tap.host()
def test_killed_activation_is_cleaned_up(host):
    """With on-disconnect=remove nothing is to stay while the profile is down."""
    alpha, = host.running_guests('alpha')
    profiles.add_by_hand(host, on_disconnect='remove')
    host.write('/etc/libvirt/hooks/network', KILL, 0o755)
    host.restart_libvirtd()
    host.nmcli('connection', 'up', 'guests', check=False, timeout=90)
    host.wait_for(lambda: profiles.our_nics(alpha), 'the interface', 10)
    output = host.run(['nm-macvtap', 'cleanup', '--yes'], check=False).stdout
    for words in (['interface', '-', 'isolated', 'alpha'], ['network', '-', 'isolated']):
        check(any(line.split()[:len(words)] == words for line in output.splitlines()), f'{words} is not in {output}')
    host.wait_for(lambda: not profiles.our_nics(alpha), 'the interface to go', 20)
    host.run(['nm-macvtap', 'cleanup', '--yes'], check=False)
    equal(profiles.our_nics(alpha, inactive=True), [], 'interfaces in the definition')
    check('isolated' not in host.virsh('net-list', '--all', '--name').stdout.split(), 'the network is there')


if __name__ == '__main__':
    tap.main()
