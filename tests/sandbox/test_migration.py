# SPDX-License-Identifier: GPL-2.0-or-later
"""Live migration between two hosts on one LAN that have the same profile. Every path to the guest works afterwards, and a
target that is not ready is found before."""

import json
import re

import profiles
import share
import tap
from guest import macvtap
from tap import check, equal

KEYFILE = '''[connection]
id=guests
uuid=77777777-0000-4000-8000-0000000000ff
type=vpn
autoconnect=false

[ipv4]
method=auto

[ipv6]
method=auto

[vpn]
service-type=org.freedesktop.NetworkManager.macvtap
'''
ECHO = 7  # TCP port
STREAM = f'''import socket, sys, time
peer = socket.create_connection((sys.argv[1], {ECHO}), 5)
peer.settimeout(60)
lines = peer.makefile('rb')
with open('/run/stream', 'w') as log:
    while True:
        line = b'%f\\n' % time.time()
        peer.sendall(line)
        if lines.readline() != line:
            sys.exit('the connection ended')
        print(time.time(), file=log, flush=True)
        time.sleep(0.02)
'''
# What DHCP clients do, and busybox's does not: start again when the cable is plugged in.
FOLLOW_CARRIER = '''read -r client </run/net/{link}.pid
while sleep 0.1; do
    read -r now </sys/class/net/{link}/carrier || exit
    [ "$before$now" != 01 ] || kill -USR2 $client; [ "$before$now" != 01 ] || kill -USR1 $client
    before=$now
done'''


def longest_pause(times):
    """In s. TIMES: when each answer arrived."""
    check(len(times) > 20, f'only {len(times)} answers')
    return max(after - before for before, after in zip(times, times[1:]))


class Stream:
    """A TCP connection of the LAN's machine to an echo server in the guest, always with a line under way."""

    def __init__(self, guest, address):
        guest.run(f'nc -ll -p {ECHO} -e cat </dev/null >/dev/null 2>&1 &')
        self.lan = guest.host.lan
        self.lan.run('rm -f /run/stream')
        self.lan.wait_for(lambda: guest.run(f'netstat -ltn | grep -q :{ECHO}')[0] == 0, 'the echo server')
        self.lan.start_service('stream', ['python3', '-I', '-c', STREAM, address])
        self.lan.wait_for(lambda: self.times(), 'the connection')

    def times(self):
        text = self.lan.read('/run/stream') if self.lan.exists('/run/stream') else ''
        return [float(line) for line in text.splitlines() if '.' in line]

    def stop(self):
        """Seconds of the longest pause. The connection must have survived."""
        seen = len(self.times())
        self.lan.wait_for(lambda: len(self.times()) > seen + 5, 'the connection from the LAN to go on', 20)
        self.lan.stop_service('stream', 9)
        return longest_pause(self.times())


class Pings:
    """Pings ADDRESS from MACHINE all the time."""

    def __init__(self, machine, address):
        self.machine = machine
        machine.run('rm -f /run/pings')
        machine.start_service('pings', ['sh', '-c', f'exec stdbuf -oL ping -n -D -i 0.05 {address} >/run/pings'])

    def times(self):
        text = self.machine.read('/run/pings') if self.machine.exists('/run/pings') else ''
        return [float(time) for time in re.findall(r'(?m)^\[(\S+)\] .* bytes from', text)]

    def stop(self):
        """Seconds of the longest time without an answer."""
        self.machine.stop_service('pings', 2)
        return longest_pause(self.times())


def show(what, **seconds):
    """The longest time without an answer, for each path."""
    print(f'# {what}: ' + ', '.join(f'{path} {value:.2f} s' for path, value in seconds.items()), flush=True)


# The device on which a host reaches guests of other hosts.
WAY_ON_THE_LAN = {'share': 'eth0', 'move': share.LINK}


def other_host(host):
    """One for all tests."""
    return host.others[0] if host.others else host.add_host()


def load_everywhere(hosts, **data):
    """One keyfile for all hosts, and it is active on each."""
    items = ''.join(f'{key}={value}\n' for key, value in data.items())
    for each in hosts:
        each.write('/etc/NetworkManager/system-connections/guests.nmconnection', KEYFILE + items, 0o600)
        each.nmcli('connection', 'reload')
        profiles.up(each)


def clean(hosts, guest):
    guest.destroy()
    for each in hosts:
        profiles.down(each)
        each.nmcli('connection', 'delete', 'guests')
        if guest.name in each.virsh('list', '--all', '--name').stdout:
            each.virsh('undefine', '--domain', guest.name)
        for network in each.virsh('net-list', '--name').stdout.split():
            each.virsh('net-destroy', network)
            each.virsh('net-undefine', network)


def follow(guest, goal, mode):
    """The guest moves to the host GOAL. Every path to it works afterwards: from its old host, its new one and the LAN."""
    source, address = guest.host, guest.lan_address
    paths = {'source': Pings(source, address), 'target': Pings(goal, address), 'LAN': Pings(source.lan, address)}
    guest.migrate(goal)
    if mode == 'share':
        share.wait_routes(goal, [address], 2)
        share.wait_routes(source, [], 2)
    equal(share.device_to(source, address), WAY_ON_THE_LAN[mode], 'the way from the source after')
    share.talk(goal, guest, address, goal.lan_address())
    check(share.reaches_guest(source, guest, address), 'the source does not reach the guest on the LAN')
    check(guest.ping(source.lan_address()), 'the guest does not reach the source')
    goal.run(['nm-macvtap', 'check', guest.name])
    show(f'mode {mode}, guest moves to {goal.name}', **{path: pings.stop() for path, pings in paths.items()})


@tap.host(shared='fleet', fleet=True)
def test_guest_moves_to_another_host_and_back_in_the_modes_share_and_move(host):
    target = other_host(host)
    hosts = (host, target)
    share.prepare(target)
    guest, = share.prepare(host, 'alpha')
    address = guest.lan_address
    load_everywhere(hosts, mode='share')
    share.talk(host, guest)
    share.wait_routes(host, [address])
    equal(share.device_to(target, address), 'eth0', 'the way from the target before')
    boot = guest.run('cat /proc/sys/kernel/random/boot_id')[1]
    stream = Stream(guest, address)
    follow(guest, target, 'share')
    follow(guest, host, 'share')
    for each in hosts:
        profiles.modify(each, mode='move')
        profiles.down(each)
        profiles.up(each)
    follow(guest, target, 'move')
    show('TCP connection', longest=stream.stop())
    equal(guest.run('cat /proc/sys/kernel/random/boot_id')[1], boot, 'boot of the guest')
    equal(guest.lan_address, address, 'the address on the LAN')
    clean(hosts, guest)


@tap.host(shared='fleet', fleet=True)
def test_share_leaves_a_guest_alone_that_has_not_arrived(host):
    """Until a migration ends, the guest runs on its old host. Then this one ends without success."""
    target = other_host(host)
    guest, = share.prepare(host, 'delta', serve=False)
    address = guest.lan_address
    load_everywhere((host, target), mode='share')
    share.wait_routes(host, [address])
    share.listen(host, 'ether host ' + share.mac_of_link(target))
    with guest.begin_migration(target, '--bandwidth', '1') as migration:
        target.wait_for(lambda: guest.name in target.virsh('list', '--name').stdout, 'the guest to appear')
        pings = Pings(host, address)
        # The service would have asked it at once, and again after a second.
        target.wait_for(lambda: len(pings.times()) > 40, 'pings')
        equal(share.routes(target), [], 'routes to the guest that has not arrived')
        equal(share.device_to(target, address), 'eth0', 'the way to the guest that has not arrived')
        guest.virsh('domjobabort')
        check(migration.wait(20) != 0, 'the migration succeeded')
    show('migration aborted', source=pings.stop())
    equal(share.frames(host), [], "frames of the target's host link on the LAN")
    share.wait_routes(host, [address])
    check(share.reaches_guest(target, guest, address), 'the target does not reach the guest on the LAN')
    clean((host, target), guest)


def leases(host):
    return host.virsh('net-dhcp-leases', 'isolated').stdout


@tap.host(shared='fleet', fleet=True)
def test_isolated_guest_gets_a_lease_of_the_other_host(host):
    target = other_host(host)
    guest = host.guest('beta').define().start().wait_ready()
    # The profile chooses another subnet there.
    target.run('ip route add blackhole 192.168.254.0/24')
    load_everywhere((host, target), mode='isolated')
    old = profiles.reach(host, guest)
    mac, alias = profiles.our_mac(guest), profiles.our_nics(guest)[0].find('alias').get('name')
    guest.run(f'({FOLLOW_CARRIER.format(link=guest.links()[mac])}) </dev/null >/dev/null 2>&1 &')
    stream = Stream(guest, guest.lan_address)
    guest.migrate(target, '--persistent', '--undefinesource')
    target.wait_for(lambda: mac in leases(target), 'a lease of the target', 30)
    new = target.wait_for(lambda: next((found for found in guest.addresses(mac) if found != old), None), 'another address')
    equal(new.rsplit('.', 1)[0], '192.168.253', 'subnet of the address')
    profiles.reach(target, guest, '192.168.253.1')
    show('TCP connection', longest=stream.stop())
    equal((profiles.our_mac(guest), profiles.our_nics(guest)[0].find('alias').get('name')), (mac, alias), 'the interface')
    equal(profiles.our_mac(guest, inactive=True), mac, 'the interface in the definition')
    check(not host.ping(old, 1), 'the source still reaches the guest on its network')
    clean((host, target), guest)
    target.run('ip route delete blackhole 192.168.254.0/24')


def examine(guest, target, code):
    """The steps of check."""
    result = guest.host.run(['nm-macvtap', '--json', 'check', '--for-migration-to', target.migration_uri(), guest.name],
                            check=False)
    equal(result.returncode, code, f'exit code of check: {result.stdout}{result.stderr}')
    return json.loads(result.stdout)['steps']


def refused(guest, target, *broken):
    """check finds the interfaces that are broken, with these words in the details, and libvirt refuses the migration."""
    steps = [step for step in examine(guest, target, 3) if step['verdict'] == 'broken']
    for words, step in zip(broken, steps):
        check(words in step['detail'], f"no '{words}' in {step}")
    equal(len(steps), len(broken), f'broken steps of {steps}')
    result = guest.migrate(target, check=False)
    check(result.returncode != 0, 'libvirt does not refuse the migration')
    print(f'# libvirt: {result.stderr.strip()}', flush=True)
    return steps


@tap.host(shared='fleet', fleet=True)
def test_target_that_is_not_ready_is_found_before(host):
    target = other_host(host)
    guest = host.guest('gamma', [macvtap(), macvtap('dock0')])
    host.run('ip link add dock0 type veth peer dock1 && ip link set dock1 up && ip link set dock0 up')
    guest.define().start().wait_ready()
    profiles.add_by_hand(host)
    profiles.up(host)
    profiles.reach(host, guest)

    refused(guest, target, "no interface 'dock0'", "no libvirt network 'isolated'")
    target.run('ip link add dock0 type veth peer dock1 && ip link set dock1 up && ip link set dock0 up')
    target.define_network(profiles.wiki_xml(), start=False)
    # Without udev, its libvirt sees new interfaces only when it starts.
    target.restart_libvirtd()
    step, = refused(guest, target, "network 'isolated' of the target is not active")
    profiles.reach(host, guest)
    host.run(step['remedy'])
    equal({step['verdict'] for step in examine(guest, target, 0)}, {'ok'}, 'verdicts')
    guest.migrate(target)

    # The host that it came from has no host link.
    profiles.add_by_hand(target, 'shared', mode='share', parent='eth0')
    profiles.up(target, 'shared')
    steps = {step['step']: step for step in examine(guest, host, 3)}
    check("no host link 'nmmveth0'" in steps['host-link']['detail'], f'{steps}')
    check('already' in examine(guest, target, 3)[-1]['detail'], 'the host of the guest is a target')


if __name__ == '__main__':
    tap.main()
