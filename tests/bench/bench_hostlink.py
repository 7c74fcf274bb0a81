# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of modes share and move on real NetworkManager, libvirtd and QEMU; `tests/run bench` runs it.

    python3 bench_hostlink.py --builddir DIR --destdir DIR [WORD...]

WORDs choose among routes, contact, traffic, stall and idle. Alternatives are measured in turn in the same run, and
printed as ratios to the simplest of them. Nothing here passes or fails: what a machine can do is its own."""

import collections
import json
import re
import statistics
import time

import figures  # first: it knows where the sandbox is
import profiles
import share
from figures import REST, define_guests, say, show, show_memory
from guest import mac_of
from sandbox import Lan

SAMPLES = 100
# Short and many, so that what else the machine does meets all alternatives alike.
ROUNDS = 15
BYTES = '1G'  # for one throughput
TRIP_ROUNDS = 50
ROUND_TRIPS = 1000
ONE_CPU = ['taskset', '--cpu-list', '0']  # for both ends of a round trip: else the scheduler is measured
CONNECTIONS = 10
CONTACTS = 20
BOOTS = 5  # of each kind
SWITCHES = 20  # of each kind
MACS = ('parent', 'own')
PAUSE_MS = 5  # between the questions of the connection that is watched
GUESTS = 5


def show_worst(name, samples, unit='ms'):
    say(f'  {name:<42} median {statistics.median(samples):.1f} {unit}, worst {max(samples):.1f} {unit} '
        f'of {len(samples)}')


# Routes


class Times:
    """What bench-route-times of a host wrote, from now on."""

    def __init__(self, host):
        self.host = host
        self.host.start_service('times', ['sh', '-c', 'exec bench-route-times >/run/times'])
        self.host.wait_for(lambda: self.host.exists('/run/times'), 'bench-route-times')

    def lines(self):
        return [line.split() for line in self.host.read('/run/times').splitlines(True) if line.endswith('\n')]

    def route(self, address):
        """When the route came; waits for it."""
        return self.host.wait_for(lambda: next((float(words[1]) for words in self.lines()
                                                if words[0] == 'route' and words[2:] == [share.LINK, address]), None),
                                  f'the route to {address}', 40, 0.02)

    def asked(self):
        """When ARP frames went out over the host link."""
        return [float(words[1]) for words in self.lines() if words[0] == 'frame' and words[2:4] == [share.LINK, 'out']]

    def frame(self, way, position, address):
        """When the first frame with ADDRESS in a word went in or out, over any link."""
        return min(float(words[1]) for words in self.lines()
                   if words[0] == 'frame' and words[3] == way and words[position] == address)


SENDER, TARGET = 5, 6  # positions of words


def free_addresses(count):
    """Of the LAN, outside the DHCP server's range, from the whole of the rest."""
    numbers = [*range(2, 100), *range(200, 255)]
    return [f'10.77.0.{number}' for number in numbers[::len(numbers) // count][:count]]


def guest_begins(host, guest, times):
    """ms from the first frame of a guest's new address to the route, one address after the other."""
    samples = []
    held = ''
    for address in free_addresses(SAMPLES):
        # Sends a request to the host; does not wait until arping ends.
        guest.run(f'{held}ip addr add {address}/32 dev eth0; '
                  f'arping -c 1 -w 1 -s {address} -I eth0 {host.address()} >/dev/null 2>&1 &', check=True)
        samples.append(1000 * (times.route(address) - times.frame('in', SENDER, address)))
        held = f'ip addr del {address}/32 dev eth0; '
    guest.run(held + 'true', check=True)
    return samples


def silent_addresses(guest, addresses):
    """Gives the guest one address after the other; the guest announces none."""
    held = ''
    for address in addresses:
        guest.run(f'{held}ip addr add {address}/32 dev eth0', check=True)
        yield address
        held = f'ip addr del {address}/32 dev eth0; '


def host_begins(host, guest, times):
    """ms from the host's first question for a silent guest's address to the route."""
    samples = []
    for address in silent_addresses(guest, free_addresses(SAMPLES)):
        host.run(f'ping -n -c 1 -W 1 {address} >/dev/null 2>&1 &')
        samples.append(1000 * (times.route(address) - times.frame('out', TARGET, address)))
    return samples


CONNECT = '''import socket, sys, time
begin = time.monotonic()
socket.create_connection((sys.argv[1], 80), 10).close()
print(time.monotonic() - begin)'''


def connect(host, address):
    """ms that a TCP connection of the host takes."""
    return 1000 * float(host.run(['python3', '-I', '-S', '-c', CONNECT, address]).stdout)


def connect_to_new_addresses(host, guest):
    """ms of the first connection to an address that the guest has taken after the sweep, without a word: the kernel
    sends the packet that asked for the guest again after 1 s."""
    return [connect(host, address) for address in silent_addresses(guest, free_addresses(CONNECTIONS))]


def bench_routes(bench):
    say('Mode share: the route in the kernel after ARP, sent by a real guest (QEMU without KVM) from inside, each time '
        'for another address; 20 ms of it the LAN is given to object')
    with bench.host() as host:
        guest, = host.running_guests('alpha')
        guest.run('killall udhcpc')
        profiles.add_by_hand(host, mode='share')
        for title, begin in (("after a guest's first frame", guest_begins),
                             ("after the host's first question", host_begins)):
            profiles.up(host)
            host.run('ip neigh flush dev eth0')
            times = Times(host)
            show_worst(title, begin(host, guest, times))
            host.stop_service('times')
            profiles.down(host)
        profiles.up(host)
        show_worst('first TCP connection, address taken later', connect_to_new_addresses(host, guest))


# First contact


def contact_after_activation(host, guest, samples):
    """The guest has another address each time, which the service cannot know. Returns the number of questions."""
    asked = 0
    for address in silent_addresses(guest, free_addresses(CONTACTS)):
        times = Times(host)
        profiles.up(host)
        samples['activation: first TCP connection, at once'].append(connect(host, address))
        samples['activation: first question to route'].append(1000 * (times.route(address) - min(times.asked())))
        asked += len(times.asked())
        host.stop_service('times')
        profiles.down(host)
    return asked


def contact_after_start(host, guest, known, samples):
    """The guest starts while the profile is up. DHCP is no ARP: with its address, the guest is silent again."""
    title = 'start, address of before' if known else 'start, new address'
    address = guest.lan_address
    guest.destroy()
    if not known:
        profiles.down(host)
        profiles.up(host)
    share.wait_routes(host, [])
    times = Times(host)
    guest.start()
    host.wait_for(lambda: f'eth0 has {address}' in guest.console(), 'an address', 60, 0.01)
    addressed = time.time()
    samples[f'{title}: DHCP to route'].append(1000 * max(times.route(address) - addressed, 0))
    samples[f'{title}: first TCP connection'].append(connect(host, address))
    host.stop_service('times')


def bench_contact(bench):
    say('Mode share: first contact with a guest that has sent no ARP since the activation, or since its start; passes of '
        'the sweep begin 0, 1, 3, 7, 15 s after that, and 0.25, 0.5, 1, 2, 4 s after DHCP or MLD of the guest')
    samples = collections.defaultdict(list)
    with bench.host() as host:
        guest, = host.running_guests('alpha')
        guest.run('killall udhcpc')
        profiles.add_by_hand(host, mode='share')
        profiles.up(host)
        mac = share.mac_of_link(host)
        profiles.down(host)
        share.listen(host, 'arp or icmp6')
        asked = contact_after_activation(host, guest, samples)
        profiles.up(host)
        for _ in range(BOOTS):
            for known in (False, True):
                contact_after_start(host, guest, known, samples)
        seen = sum(mac in frame for frame in share.frames(host))
    for title, values in samples.items():
        show_worst(title, values)
    say(f'  frames of the host link on the LAN: {seen}; ARP frames on the link, in {CONTACTS} activations: {asked}')


# Traffic


class Path:
    """A way between the host and a peer, which is another network namespace in the host."""

    def __init__(self, host, name, title, own, peer):
        self.host = host
        self.name = name
        self.title = title
        self.own = own
        self.peer = peer
        self.throughput = {'to the peer': [], 'from the peer': []}
        self.round_trips = []
        host.run(['ip', 'netns', 'add', name])

    def in_peer(self, *argv):
        return ['ip', 'netns', 'exec', self.name, *argv]

    def connect_veth(self, bridge):
        """The peer's link is a port of a bridge, as a guest's tap is."""
        self.host.run(f'ip link add {self.name}0 type veth peer name eth0 netns {self.name} && '
                      f'ip link set {self.name}0 master {bridge} up')

    def connect_macvlan(self, parent, mac):
        """The peer's link is on the macvtap bridge of PARENT."""
        self.host.run(f'ip link add link {parent} name {self.name}0 address {mac} type macvlan mode bridge && '
                      f'ip link set {self.name}0 netns {self.name} name eth0')

    def start(self):
        self.host.run(self.in_peer('sh', '-c', f'ip addr add {self.peer}/24 dev eth0 && ip link set lo up && '
                                               'ip link set eth0 up'))
        self.host.start_service(f'iperf3 {self.name}', self.in_peer('iperf3', '-s'))
        self.host.start_service(f'round-trip {self.name}', self.in_peer(*ONE_CPU, 'bench-round-trip', 'serve'))
        self.host.wait_for(lambda: self.host.run(self.in_peer('ping', '-n', '-c', '1', '-W', '1', self.own),
                                                 check=False).returncode == 0 and self.host.ping(self.peer, 1),
                           f'host and peer of {self.name} to reach each other', 20)

    def measure_throughput(self):
        for title, words in (('to the peer', []), ('from the peer', ['-R'])):
            # After so short a transfer iperf3 now and then ends without a sum.
            result = self.host.wait_for(lambda words=words: self.iperf3(*words), f'iperf3 {self.name} to have a result')
            self.throughput[title].append(result['bits_per_second'] / 1e9)

    def iperf3(self, *words):
        """Each end on its own CPU, the same each time."""
        output = self.host.run(['iperf3', '-J', '-c', self.peer, '-B', self.own, '-n', BYTES, '-A', '0,1',
                                *words]).stdout
        return json.loads(output)['end'].get('sum_received')

    def measure_round_trip(self):
        output = self.host.run([*ONE_CPU, 'bench-round-trip', 'ask', self.peer, str(ROUND_TRIPS)]).stdout
        self.round_trips.append(float(output))


def plain_bridge(host):
    path = Path(host, 'plain', 'plain bridge', '192.168.99.1', '192.168.99.2')
    host.run(f'ip link add plainbr type bridge && ip addr add {path.own}/24 dev plainbr && ip link set plainbr up')
    path.connect_veth('plainbr')
    return path


def isolated_path(host):
    profiles.add_by_hand(host, 'isolated')
    profiles.up(host, 'isolated')
    path = Path(host, 'isol', 'isolated', profiles.HOST_ADDRESS, '192.168.254.200')
    path.connect_veth(profiles.network_info(host)['Bridge'])
    return path


def share_path(host):
    peer = '10.77.0.200'
    profiles.add_by_hand(host, 'share', mode='share', parent='eth0', peers=f'{peer}/32')
    profiles.up(host, 'share')
    path = Path(host, 'share', 'share', host.address(), peer)
    path.connect_macvlan('eth0', mac_of('peer of share'))
    return path


def move_path(host):
    profiles.add_by_hand(host, 'move', mode='move', parent='eth1')
    profiles.up(host, 'move')
    path = Path(host, 'move', 'move', host.address('nmmveth1'), '10.77.1.200')
    path.connect_macvlan('eth1', mac_of('peer of move'))
    return path


def bench_traffic(bench):
    say('TCP between the host and a peer with its own network namespace, so that QEMU is not the limit: on bridges '
        'a veth, as a tap would be; on the macvtap bridge a macvlan (mode bridge), which unlike a macvtap has a stack '
        'behind it')
    with bench.host(uplinks=('eth0', 'eth1')) as host:
        paths = [make(host) for make in (plain_bridge, isolated_path, share_path, move_path)]
        for path in paths:
            path.start()
        check_ways(host, paths)
        for rounds, measure in ((ROUNDS, Path.measure_throughput), (TRIP_ROUNDS, Path.measure_round_trip)):
            for _ in range(rounds):
                for path in paths:
                    measure(path)
    plain = paths[0]
    for title in plain.throughput:
        for path in paths:
            show(f'throughput {title}: {path.title}', path.throughput[title],
                 plain.throughput[title] if path is not plain else None, 'Gbit/s')
    for path in paths:
        show(f'round trip on one CPU: {path.title}', path.round_trips, plain.round_trips if path is not plain else None, 'us')


def check_ways(host, paths):
    """What is measured goes over the link that it is said to."""
    links = [share.device_to(host, path.peer) for path in paths]
    expected = ['plainbr', profiles.network_info(host)['Bridge'], share.LINK, 'nmmveth1']
    if links != expected:
        raise SystemExit(f'the ways to the peers are {links}, not {expected}')


# Stall


def longest(host, begin, end):
    """ms of the longest round trip of the connection from the LAN that was asked for in that time."""
    trips = [line.split() for line in host.lan.read('/run/stream').splitlines(True) if line.endswith('\n')]
    return max(float(trip) / 1000 for asked, trip in trips if begin <= float(asked) <= end)


def switch(host, name, direction, samples):
    """Notes the stall and the whole time of one `nmcli connection up` or `down`."""
    begin = time.monotonic()
    direction(host, name)
    whole = time.monotonic() - begin
    host.wait_online()
    time.sleep(1)
    samples[name, direction].append((longest(host, begin, time.monotonic()), whole))


def bench_stall(bench):
    say(f'Mode move: the longest round trip of a TCP connection from the LAN, one each {PAUSE_MS} ms, while the host '
        "link takes over and gives back, with the parent's MAC and with its own in turn")
    samples = collections.defaultdict(list)
    with bench.host() as host:
        address = host.address()
        host.start_service('round-trip', ['bench-round-trip', 'serve'])
        host.lan.start_service('stream', ['sh', '-c', f'exec bench-round-trip stream {address} {PAUSE_MS} >/run/stream'])
        host.lan.wait_for(lambda: host.lan.exists('/run/stream') and host.lan.read('/run/stream'),
                          'the first answer')
        time.sleep(2)
        for mac in MACS:
            profiles.add_by_hand(host, mac, mode='move', parent='eth0', mac=mac)
        rest = [longest(host, 0, time.monotonic())]
        for _ in range(SWITCHES):
            for mac in MACS:
                for direction in (profiles.up, profiles.down):
                    switch(host, mac, direction, samples)
        if not host.lan.service_pid('stream'):
            raise SystemExit('the connection did not survive')
    for direction in (profiles.up, profiles.down):
        for mac in MACS:
            stalls, wholes = zip(*samples[mac, direction])
            show_worst(f'{direction.__name__}, mac={mac}: stall', stalls)
            show(f'{direction.__name__}, mac={mac}: whole', wholes)
        medians = [statistics.median(stall for stall, _ in samples[mac, direction]) for mac in MACS]
        say(f'  {direction.__name__}: stall with mac={MACS[0]} to mac={MACS[1]}: {medians[0] / medians[1]:.2f}')
    show_worst('at rest, for comparison', rest)


# Idle


def bench_idle(bench):
    say(f'The service at rest: {GUESTS} guests, one of them runs and is reached')
    with bench.host() as host:
        alpha, = host.running_guests('alpha')
        define_guests(host, 1, GUESTS)
        base = figures.show_minimal_memory(host)
        for mode in ('share', 'move'):
            profiles.add_by_hand(host, mode, mode=mode, parent='eth0')
            profiles.up(host, mode)
            host.wait_for(lambda: host.ping(alpha.lan_address, 1), 'alpha to answer', 20)
            pid, = profiles.services(host)
            time.sleep(REST)
            show_memory(host, pid, f'service in mode {mode}', base)
            figures.show_wakeups(host, pid)
            profiles.down(host, mode)


if __name__ == '__main__':
    figures.main({'routes': bench_routes, 'contact': bench_contact, 'traffic': bench_traffic, 'stall': bench_stall,
                  'idle': bench_idle})
