# SPDX-License-Identifier: GPL-2.0-or-later
"""The administrator's machine of a fleet: it is on the LAN, and Debian's Ansible there reaches the hosts by ssh as root."""

import functools
import os
import re
import subprocess

from machine import HERE

KEY = '/root/.ssh/id_ed25519'
HOST_KEY = '/etc/ssh/ssh_host_ed25519_key.pub'
INVENTORY = '/root/inventory.ini'
# One line with the counts of each host ends a run.
RECAP = r'^(\S+) +: ((?:\w+=\d+ *)+)$'


@functools.cache
def make():
    """The directory with the files of Ansible, ssh and sshd."""
    return subprocess.run([os.path.join(HERE, 'ansible-tree')], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def install(machine):
    machine.run(f'cp -a --remove-destination {make()}/. /')


class ControlNode:
    def __init__(self, machine, variables):
        """VARIABLES: those of the inventory for each host, by host."""
        self.machine = machine
        self.hosts = list(variables)
        install(machine)
        machine.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', KEY])
        for host in self.hosts:
            self.admit(host)
        known = ''.join(f'{host.address(host.uplinks[0])} {host.read(HOST_KEY)}' for host in self.hosts)
        machine.write('/root/.ssh/known_hosts', known)
        machine.write(INVENTORY, '[hypervisors]\n' + ''.join(
            self.describe(host, **values) for host, values in variables.items()))

    def admit(self, host):
        install(host)
        host.write('/root/.ssh/authorized_keys', self.machine.read(f'{KEY}.pub'), 0o600)
        host.run('mkdir -p /run/sshd && chmod 700 /root/.ssh')
        host.start_service('sshd', ['/usr/sbin/sshd', '-D', '-e', '-o', 'UsePAM=no'])

    @staticmethod
    def describe(host, **values):
        values = {'ansible_host': host.address(host.uplinks[0]), 'ansible_user': 'root', **values}
        return f"{host.name} {' '.join(f'{name}={value}' for name, value in values.items())}\n"

    def play(self, text, *options):
        """Runs a playbook: its output, and the counts of each host that are not 0, by the host's name."""
        self.machine.write('/root/playbook.yml', text)
        result = self.machine.run(['ansible-playbook', '--inventory', INVENTORY, *options, '/root/playbook.yml'],
                                  check=False, timeout=120)
        counts = {name: {key: int(number) for key, number in re.findall(r'(\w+)=(\d+)', words) if number != '0'}
                  for name, words in re.findall(RECAP, result.stdout, re.MULTILINE)}
        return result.stdout + result.stderr, counts
