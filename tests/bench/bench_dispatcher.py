# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of the dispatcher's hook and helper; `tests/run bench` runs it.

    python3 bench_dispatcher.py --builddir DIR --destdir DIR [WORD...]

What the hook adds to NetworkManager's activation of eth0: of one that is disconnected, as at boot and with the cable,
and of one that is active, where the old activation's end runs the hook just then. Rounds of four activations, in turn hook, none, none, hook
and none, hook, hook, none, so that whatever drifts is on both sides alike; beside each pair with and without stands a
pair without and without, which shows what can be measured here at all. And the time from eth0's activation after a
start of NetworkManager to the first answered ping, in each mode. Nothing passes or fails.

WORDs choose among hook and ping."""

import random
import re
import statistics
import time

import figures  # first: it knows where the sandbox is
import profiles
from figures import say, show

ROUNDS = 24
STARTS = 5
RESAMPLES = 2000
OVERRIDE = '/etc/NetworkManager/dispatcher.d/90-nm-macvtap'


def show_difference(name, samples):
    """Median with its 95 % interval, by resampling, in milliseconds."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(samples, k=len(samples))) for _ in range(RESAMPLES))
    low, high = medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)]
    verdict = 'none that can be measured' if low <= 0 <= high else 'not nothing'
    say(f'  {name:<42} {statistics.median(samples) * 1000:6.1f} ms (95 %: {low * 1000:.1f} to {high * 1000:.1f}): '
        f'{verdict}')


def stamps(host, text):
    """NetworkManager's own clock at each message that holds TEXT."""
    return [float(re.search(r'\[(\d+\.\d+)\]', entry['MESSAGE'])[1])
            for entry in host.entries(SYSLOG_IDENTIFIER='NetworkManager') if text in entry['MESSAGE']]


def is_running(host):
    return host.run(['pgrep', '-x', 'nm-macvtap-disp'], check=False).returncode == 0


def wait_helper(host):
    time.sleep(0.5)
    host.wait_for(lambda: not is_running(host), 'the helper to end')


def activation(host, hooked, disconnect):
    host.run(['rm', '-f', OVERRIDE] if hooked else ['ln', '-sf', '/dev/null', OVERRIDE])
    if disconnect:
        host.nmcli('device', 'disconnect', 'eth0')
        wait_helper(host)
    host.nmcli('connection', 'up', 'eth0')
    wait_helper(host)
    return stamps(host, 'device (eth0): Activation: successful')[-1] - \
        stamps(host, 'device (eth0): Activation: starting')[-1]


def compare(host, disconnect):
    say(f'activation of eth0, {"disconnected" if disconnect else "active"} before, {ROUNDS} rounds')
    samples = {True: [], False: []}
    differences, controls = [], []
    for number in range(ROUNDS):
        first = number % 2 == 0
        times = [(hooked, activation(host, hooked, disconnect)) for hooked in (first, not first, not first, first)]
        for hooked, seconds in times:
            samples[hooked].append(seconds)
        differences += [sum(seconds if hooked else -seconds for hooked, seconds in pair)
                        for pair in (times[:2], times[2:])]
        control = [activation(host, False, disconnect) for _ in range(2)]
        controls.append((control[0] - control[1]) * (1 if first else -1))
    host.run(['rm', '-f', OVERRIDE])
    show('with the hook', samples[True])
    show('without', samples[False])
    show_difference('difference of a pair', differences)
    show_difference('control: without and without', controls)


def bench_hook(host):
    """An autoconnect profile is up, so that there is something to look at."""
    profiles.add(host)
    host.run(['nm-macvtap', 'refresh'])
    host.wait_for(lambda: profiles.state(host) == 'activated', 'guests to be up')
    compare(host, True)
    compare(host, False)


def bench_ping(host, name, address, **data):
    """ADDRESS answers as soon as the profile, the only one, is up."""
    profiles.add(host, name, **data)
    host.nmcli('connection', 'up', name, check=False, timeout=90)
    host.wait_for(lambda: host.ping(address(), 1), 'alpha to answer', 60)
    samples = []
    for _ in range(STARTS):
        host.stop_nm()
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 60)
        host.start_nm(wait=False)
        host.wait_for(lambda: profiles.services(host) and host.ping(address(), 1), 'alpha to answer', 60, interval=0.02)
        answered = time.time()
        samples.append(answered - stamps(host, 'device (eth0): Activation: successful')[-1])
    show(f'mode {data.get("mode", "isolated")}', samples)
    host.nmcli('connection', 'delete', name)
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 60)


def bench_pings(host):
    say(f'eth0 connected to first answered ping, {STARTS} starts of NetworkManager')
    guest, = host.running_guests('alpha')
    bench_ping(host, 'guests', lambda: profiles.our_address(guest))
    bench_ping(host, 'lan', lambda: guest.lan_address, mode='share', parent='eth0')
    bench_ping(host, 'own', lambda: guest.lan_address, mode='move', parent='eth0')


def on_a_host(function):
    """FUNCTION as a bench: on its own host."""
    def run(bench):
        with bench.host() as host:
            function(host)
    return run


if __name__ == '__main__':
    figures.main({'hook': on_a_host(bench_hook), 'ping': on_a_host(bench_pings)})
