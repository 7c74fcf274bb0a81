# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/demo shows; runs inside `rootfs exec`. Builds and installs the product into a directory
of the build, then shows step by step what a user sees. Ends with an error if a step does not have the
expected result."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

from machine import BUILDS, SOURCE, Failure
from sandbox import Host

MODES = ['isolated', 'share', 'move']
PING_AGAIN = 20

begin = time.monotonic()


def say(text):
    print(f'[{time.monotonic() - begin:5.1f} s] {text}', flush=True)


def run_with_dots(command):
    """Runs a command; a dot every two seconds shows that it is at work."""
    with tempfile.TemporaryFile('w+', encoding='utf-8', errors='replace') as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        while True:
            try:
                status = process.wait(2)
                break
            except subprocess.TimeoutExpired:
                print('.', end='', flush=True)
        if status:
            log.seek(0)
            raise Failure(f"{' '.join(command)}\n{log.read()[-4000:]}")


def install():
    """Builds and installs the product; returns the directory."""
    build = os.path.join(BUILDS, 'demo')
    destdir = os.path.join(build, 'destdir')
    shutil.rmtree(destdir, ignore_errors=True)
    os.makedirs(destdir)
    commands = []
    if not os.path.exists(os.path.join(build, 'build.ninja')):
        commands.append(['meson', 'setup', '--prefix=/usr', '--sysconfdir=/etc',
                         '--localstatedir=/var', build, SOURCE])
    commands += [['ninja', '-C', build],
                 ['meson', 'install', '-C', build, '--no-rebuild', '--destdir', destdir]]
    for command in commands:
        run_with_dots(command)
    return destdir


def shown(host, *words):
    """Runs a command on the host as a user would see it."""
    print(f"\n    root@host:~# {' '.join(words)}", flush=True)
    result = host.run(list(words), timeout=90)
    print(''.join(f'    {line}\n' for line in result.stdout.splitlines()), flush=True)


def try_pings(host, guests, address, expected):
    """Pings both ways and compares with what is expected; ADDRESS is the host's for the guests."""
    for guest in guests:
        target = guest_address(host, guest, address)
        # After a change it may take the guest a moment to ask for its address.
        for who, ping in ((f'{guest.name} -> host ({address})', lambda: guest.ping(address, 2)),
                          (f'host -> {guest.name} ({target})', lambda: host.ping(target))):
            if expected:
                answered = bool(host.wait_for(ping, f'{who} to answer', PING_AGAIN))
            else:
                answered = ping()
            say(f"  {who:45} {'answers' if answered else 'no answer'}")
            if answered != expected:
                raise Failure(f'{who}: this is not the expected result')


def guest_address(host, guest, address):
    """The guest's address in the host's address's /24, its LAN address before it has one."""
    prefix = address.rpartition('.')[0] + '.'

    def find():
        output = guest.run('ip -4 -o addr', check=True)[1]
        words = [word.split('/')[0] for word in output.split() if word.startswith(prefix)]
        return words and words[0]

    return host.wait_for(find, f'an address {prefix}x in guest {guest.name}', PING_AGAIN, 0.2)


def show_mode(host, guests, mode):
    say(f'Mode {mode}. The guests have one macvtap NIC on eth0 each. Before:')
    address = host.address()
    try_pings(host, guests, address, False)
    options = [] if mode == MODES[0] else ['vpn.data', f'mode={mode}']
    shown(host, 'nmcli', 'connection', 'add', 'type', 'vpn', 'vpn-type', 'macvtap', 'con-name', 'guests', *options)
    shown(host, 'nmcli', 'connection', 'up', 'guests')
    say('After:')
    try_pings(host, guests, '192.168.254.1' if mode == 'isolated' else address, True)
    shown(host, 'nmcli', '-f', 'NAME,TYPE,DEVICE,STATE', 'connection', 'show', '--active')
    shown(host, 'nmcli', 'general')
    shown(host, 'nmcli', 'connection', 'down', 'guests')
    shown(host, 'nmcli', 'connection', 'delete', 'guests')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('modes', nargs='*', default=MODES, help=f"of {', '.join(MODES)}")
    options = parser.parse_args()
    try:
        say('Building ...')
        destdir = install()
        print()
        say('Starting a host with NetworkManager and libvirt on a LAN ...')
        with Host(destdir=destdir) as host:
            say(f'NetworkManager is {host.nm_state()}. Starting two guests ...')
            guests = host.running_guests('web1', 'db1')
            for mode in options.modes:
                show_mode(host, guests, mode)
        say('Done. The host and its guests are removed.')
    except Failure as failure:
        sys.exit(f'\nThe demo failed: {failure}')


main()
