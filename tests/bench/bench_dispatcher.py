# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of the dispatcher's hook and helper; `tests/run bench` runs it.

    python3 bench_dispatcher.py --builddir DIR --destdir DIR

What the hook adds to NetworkManager's activation of eth0, pair by pair with and without it; and the time
from eth0's activation after a start of NetworkManager to the first answered ping. Nothing passes or fails."""

import argparse
import os
import re
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'sandbox'))

import profiles  # noqa: E402
from sandbox import Host  # noqa: E402

PAIRS = 20
STARTS = 5
OVERRIDE = '/etc/NetworkManager/dispatcher.d/90-nm-macvtap'


def show(name, samples):
    print(f'  {name:<46} {statistics.median(samples):8.3f} s  ({min(samples):.3f} to {max(samples):.3f})', flush=True)


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
    print(f'activation of eth0, {PAIRS} pairs, an autoconnect profile up')
    profiles.add(host)
    host.run(['nm-macvtap', 'refresh'])
    host.wait_for(lambda: profiles.state(host) == 'activated', 'guests to be up')
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
    print(f'mode isolated: eth0 connected to first answered ping, {STARTS} starts of NetworkManager')
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--builddir', required=True)
    parser.add_argument('--destdir', required=True)
    with Host(destdir=parser.parse_args().destdir) as host:
        bench_hook(host)
        bench_ping(host)


if __name__ == '__main__':
    main()
