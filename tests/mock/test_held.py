# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode isolated and a guest that another libvirt operation holds when the profile is activated. The other guests are served
at once, and this one when the operation ends. With the installed programs and a real libvirtd."""

import contextlib
import functools
import os
import signal
import subprocess

import libvirtd
import mock
from host import check
from libvirtd import virsh

NETWORK = 'isolated'
PIPE, GATE = '/run/pipe', '/run/gate'
DESTINATION = '/run/destination'  # of the migration: the directory of its libvirtd's sockets
NIC = "<interface type='direct'><mac address='{mac}'/><source dev='eth0' mode='bridge'/></interface>"

# The second host, whose hook delays the migration. It first creates and deletes interfaces, so that its later ones have
# other numbers than those of the first host, because the kernel puts all device nodes into one directory.
START_DESTINATION = f'''
hostname destination
mount --bind {DESTINATION} /run/libvirt
for dir in /etc/libvirt /var/lib/libvirt /var/cache/libvirt; do mount -t tmpfs tmpfs $dir; done
cp {DESTINATION}/*.conf /etc/libvirt
echo 'host_uuid = "8d5e1b0c-0000-4000-8000-000000000002"' >>/etc/libvirt/libvirtd.conf
mkdir /etc/libvirt/hooks
printf '#!/bin/sh\\n[ "$2" != migrate ] || cat {GATE}\\n' >/etc/libvirt/hooks/qemu
chmod +x /etc/libvirt/hooks/qemu
ip link set lo up
for i in $(seq 60); do echo link add d0 type dummy; echo link del d0; done | ip -batch -
ip link add eth0 up type veth peer lan0
exec libvirtd --pid-file {DESTINATION}/libvirtd.pid
'''


def open_gate(path):
    """A pipe that blocks both ends until it is closed."""
    os.mkfifo(path)
    return os.open(path, os.O_RDWR)


@contextlib.contextmanager
def job(host, *argv):
    """A command of virsh that holds guest 'held' until the end of the block."""
    with subprocess.Popen(['virsh', *argv], stdout=host.log_file, stderr=host.log_file) as process:
        host.wait(lambda: 'None' not in virsh(host, 'domjobinfo', 'held'), f'{argv[0]} to hold the guest')
        yield


@contextlib.contextmanager
def written_to_pipe(host, verb):
    pipe = open_gate(PIPE)
    with job(host, verb, 'held', PIPE):
        yield
        reader = subprocess.Popen(['cat', PIPE], stdout=subprocess.DEVNULL)
    os.close(pipe)
    reader.wait()


@contextlib.contextmanager
def migrated(host):
    os.mkdir(DESTINATION)
    gate = open_gate(GATE)
    subprocess.run(['sh', '-c', f'cp /etc/libvirt/*.conf {DESTINATION}'], check=True)
    daemon = subprocess.Popen(['unshare', '--mount', '--uts', '--net', 'sh', '-c', START_DESTINATION],
                              stdin=subprocess.DEVNULL, stdout=host.log_file, stderr=host.log_file)
    sock = f'{DESTINATION}/libvirt-sock'
    host.connect(sock, daemon, "the destination's libvirtd").close()
    with job(host, 'migrate', 'held', f'qemu+unix:///system?socket={sock}', '--live', '--unsafe',
             '--migrateuri', f'unix://{DESTINATION}/migration'):
        yield
        os.close(gate)


@contextlib.contextmanager
def stopped(host):
    """Stops its QEMU, as a disk that hangs does."""
    with open('/run/libvirt/qemu/held.pid', encoding='ascii') as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


HOLDS = {
    'save': functools.partial(written_to_pipe, verb='save'),
    'dump': functools.partial(written_to_pipe, verb='dump'),
    'migration': migrated,
    'hung_disk': stopped,
}


def has_nic(host, guest, *options):
    return NETWORK in virsh(host, 'domiflist', guest, *options)


def check_held(host, hold):
    libvirtd.start(host)
    for number, name in enumerate(('held', 'free'), 0x10):
        libvirtd.define(host, name, NIC.format(mac=f'52:54:00:00:00:{number}'))
        virsh(host, 'start', name)
    with hold(host):
        host.vpn = host.up(host.add_profile('isolated'))
        check(has_nic(host, 'free') and has_nic(host, 'free', '--inactive'), 'the other guest is not served')
        host.wait(lambda: "guest 'held': another operation holds the guest" in host.messages(), 'the reason')
    host.wait(lambda: has_nic(host, 'held', '--inactive'), 'the guest to be served when it is free')
    host.wait(lambda: has_nic(host, 'held') or virsh(host, 'domstate', 'held').strip() == 'shut off',
              'the running guest to be served')


for title, way in HOLDS.items():
    globals()[f'test_guest_held_by_{title}_delays_no_other'] = functools.partial(check_held, hold=way)


if __name__ == '__main__':
    # The kernel puts the device nodes of all macvtap links into one directory.
    mock.main(at_once=1)
