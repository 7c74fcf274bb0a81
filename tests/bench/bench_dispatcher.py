# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of the dispatcher's hook and helper; `tests/run bench` runs it.

    python3 bench_dispatcher.py --builddir DIR --destdir DIR [WORD...]

WORDs choose among hook and ping. What the hook adds to NetworkManager's activation of eth0, pair by pair with and
without it; and the time from eth0's activation after a start of NetworkManager to the first answered ping. Nothing
passes or fails."""

import re
import time

import figures  # first: it knows where the sandbox is
import profiles
from figures import say, show

PAIRS = 20
STARTS = 5
OVERRIDE = '/etc/NetworkManager/dispatcher.d/90-nm-macvtap'


def stamps(host, text):
    """NetworkManager's own clock at each message that holds TEXT."""
    return [float(re.search(r'\[(\d+\.\d+)\]', entry['MESSAGE'])[1])
            for entry in host.entries(SYSLOG_IDENTIFIER='NetworkManager') if text in entry['MESSAGE']]


def is_running(host):
    return host.run(['pgrep', '-x', 'nm-macvtap-disp'], check=False).returncode == 0


def activation(host):
    host.nmcli('connection', 'up', 'eth0')
    time.sleep(0.5)
    host.wait_for(lambda: not is_running(host), 'the helper to end')
    return stamps(host, 'device (eth0): Activation: successful')[-1] - \
        stamps(host, 'device (eth0): Activation: starting')[-1]


def bench_hook(host):
    say(f'activation of eth0, {PAIRS} pairs, an autoconnect profile up')
    samples = {True: [], False: []}
    for _ in range(PAIRS):
        for hooked in (True, False):
            host.run(['rm', '-f', OVERRIDE] if hooked else ['ln', '-sf', '/dev/null', OVERRIDE])
            samples[hooked].append(activation(host))
    host.run(['rm', '-f', OVERRIDE])
    show('with the hook', samples[True])
    show('without', samples[False])
    show('difference of a pair', [a - b for a, b in zip(samples[True], samples[False])])


def bench_ping(host):
    say(f'mode isolated: eth0 connected to first answered ping, {STARTS} starts of NetworkManager')
    guest, = host.running_guests('alpha')
    address = profiles.reach(host, guest)
    samples = []
    for _ in range(STARTS):
        host.stop_nm()
        host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
        host.start_nm(wait=False)
        host.wait_for(lambda: host.ping(address, 1), 'alpha to answer', 60, interval=0.02)
        answered = time.time()
        samples.append(answered - stamps(host, 'device (eth0): Activation: successful')[-1])
    show('answered', samples)


def with_profile(function):
    """FUNCTION as a bench: on a host of its own, where an autoconnect profile is up."""
    def run(bench):
        with bench.host() as host:
            profiles.add(host)
            host.run(['nm-macvtap', 'refresh'])
            host.wait_for(lambda: profiles.state(host) == 'activated', 'guests to be up')
            function(host)
    return run


if __name__ == '__main__':
    figures.main({'hook': with_profile(bench_hook), 'ping': with_profile(bench_ping)})
