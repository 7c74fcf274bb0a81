# SPDX-License-Identifier: GPL-2.0-or-later
"""A container on a sandbox host, of any engine, which pid() knows. Commands run in its network, with the host's files: the
root of its mount namespace is that of the machine, which a sandbox host has left with chroot."""

import share


def make_root(host, path):
    """A root of busybox."""
    host.run(f'mkdir -p {path} && cd {path} && mkdir bin dev etc proc run sys tmp usr && cp /bin/busybox bin && '
             'chroot . /bin/busybox --install -s /bin')


class Container:
    """It serves its name over HTTP."""

    def __init__(self, host, name):
        self.host, self.name = host, name

    def run(self, command):
        return self.host.run(['nsenter', '-t', self.pid(), '-n', 'sh', '-c', command], check=False)

    def pings(self, address):
        return self.run(f'ping -n -c 1 -W 2 {address}').returncode == 0

    def serves(self, address):
        return share.fetch(self.host, address) == f'{self.name}\n'

    def talk(self, address, host_address, timeout=20):
        """Waits until both directions work, the host's first."""
        self.host.wait_for(lambda: self.serves(address), f'{self.name} at {address} to serve the host', timeout)
        self.host.wait_for(lambda: self.pings(host_address), f'the host to answer {self.name}', timeout)

    def take(self, address, link='eth0'):
        """Adds another machine's address, and announces it."""
        self.run(f'ip addr add {address}/32 dev {link}; arping -U -c 2 -I {link} {address}')
