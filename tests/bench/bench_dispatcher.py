# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of the dispatcher's hook and helper; `tests/run bench` runs it.

    python3 bench_dispatcher.py --builddir DIR --destdir DIR [WORD...]

What the hook adds to NetworkManager's activation of eth0: of one that is disconnected, as at boot and with the cable,
and of one that is active, where the old activation's end runs the hook just then. A round activates with the hook,
without, and with a hook that is an empty program, and then in the reverse order; every second round begins with the
empty program. So what drifts affects all alike. The empty program shows what any hook costs, and the two activations
without show what can be measured here at all. And the time from eth0's activation after a start of NetworkManager to
the first answered ping, in each mode. Nothing passes or fails.

WORDs choose among hook and ping."""

import os
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
NO_WAIT = '/etc/NetworkManager/dispatcher.d/no-wait.d/90-nm-macvtap'
HOOKS = {'ours': 'with the hook', 'none': 'without', 'empty': 'with an empty program'}


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


def install(host, hook):
    """What NetworkManager's dispatcher runs in place of the installed hook, or the installed one."""
    host.run(['rm', '-f', OVERRIDE, NO_WAIT])
    if hook == 'none':
        host.run(['ln', '-s', '/dev/null', OVERRIDE])
    elif hook == 'empty':
        host.run(f'mkdir -p {os.path.dirname(NO_WAIT)} && cp /usr/bin/bench-empty-hook {NO_WAIT} && '
                 f'ln -s no-wait.d/{os.path.basename(NO_WAIT)} {OVERRIDE}')


def activation(host, hook, disconnect):
    """Seconds that NetworkManager took to activate eth0."""
    install(host, hook)
    if disconnect:
        host.nmcli('device', 'disconnect', 'eth0')
        wait_helper(host)
    host.nmcli('connection', 'up', 'eth0')
    wait_helper(host)
    return stamps(host, 'device (eth0): Activation: successful')[-1] - \
        stamps(host, 'device (eth0): Activation: starting')[-1]


def compare(host, disconnect):
    say(f'activation of eth0, {"disconnected" if disconnect else "active"} before, {ROUNDS} rounds')
    samples = {hook: [] for hook in HOOKS}
    for number in range(ROUNDS):
        order = list(HOOKS)[::1 if number % 2 == 0 else -1]
        for hook in (*order, *order[::-1]):
            samples[hook].append(activation(host, hook, disconnect))
    install(host, 'ours')
    for hook, title in HOOKS.items():
        show(title, samples[hook])
    for title, first, second in (('difference of a pair', 'ours', 'none'),
                                 ('an empty program: difference of a pair', 'empty', 'none'),
                                 ('the hook to an empty program', 'ours', 'empty')):
        show_difference(title, [a - b for a, b in zip(samples[first], samples[second])])
    control = samples['none']
    show_difference('control: without and without',
                    [(control[i] - control[i + 1]) * (1 if i % 4 == 0 else -1) for i in range(0, len(control), 2)])


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
