# SPDX-License-Identifier: GPL-2.0-or-later
"""A container on a sandbox host, of any engine, which pid() knows. Commands run in its network, with the host's files: the
root of its mount namespace is that of the machine, which a sandbox host has left with chroot."""


class Container:
    def __init__(self, host, name):
        self.host, self.name = host, name

    def run(self, command):
        return self.host.run(['nsenter', '-t', self.pid(), '-n', 'sh', '-c', command], check=False)

    def pings(self, address):
        return self.run(f'ping -n -c 1 -W 2 {address}').returncode == 0
