# SPDX-License-Identifier: GPL-2.0-or-later
"""Modular libvirt on a sandbox host, as on Fedora, RHEL and Arch: the real virtqemud and virtnetworkd instead of
libvirtd, started by their sockets (see socket_unit.py) and ended by themselves when nothing uses them."""

import functools
import os
import signal
import subprocess

from machine import HERE, SUITE

QEMU = 'virtqemud'
NETWORK = 'virtnetworkd'
DAEMONS = (QEMU, NETWORK)
NO_SOURCE = 3  # exit code of libvirt-daemons
UNRELEASED = 'forky'
IDLE = 4  # s without clients, guests and networks; 120 on a real host

CONFIG = '''auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "3:journald"
'''


@functools.cache
def make():
    """The directory of the daemons; the first time it takes longer than a test may. None in the suite that is not
    released if its archive has a newer libvirt, and so no source of the one in the root."""
    made = subprocess.run([os.path.join(HERE, 'libvirt-daemons')], stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode == NO_SOURCE and SUITE == UNRELEASED:
        return None
    made.check_returncode()
    return made.stdout.strip()


def install(host):
    host.run(f'cp -a --remove-destination {make()}/usr/. /usr/')


def switch(host, *daemons):
    """From now on the host has DAEMONS, without any all of them, and no libvirtd."""
    host.stop_libvirtd()
    install(host)
    host.run('rm -rf /usr/sbin/libvirtd /usr/lib/systemd/system/libvirtd* /etc/systemd/system/*.wants/libvirtd*')
    for daemon in DAEMONS:
        host.write(f'/etc/libvirt/{daemon}.conf', CONFIG)
    # Debian's clients look for libvirtd without it.
    host.write('/etc/libvirt/libvirt.conf', 'uri_default = "qemu:///system"\n')
    for daemon in daemons or DAEMONS:
        start(host, daemon)


def start(host, daemon):
    """systemctl start DAEMON.socket"""
    host.start_service(daemon, ['python3', '-I', '-S', '/sandbox/tests/socket_unit.py', daemon,
                                '--timeout', str(IDLE)])
    host.wait_for(lambda: host.exists(f'/run/libvirt/{daemon}-sock'), f'the socket of {daemon}')


def pid(host, daemon):
    """Of the daemon itself; '' if it is not running."""
    return host.run(['pgrep', '-x', daemon], check=False).stdout.strip()


def restart(host, daemon):
    """systemctl restart DAEMON.service"""
    before = pid(host, daemon)
    host.signal_service(daemon, signal.SIGHUP)
    host.wait_for(lambda: pid(host, daemon) not in ('', before), f'another {daemon}')


def stop(host, daemon):
    """systemctl stop DAEMON.service; the socket stays."""
    host.signal_service(daemon, signal.SIGUSR1)
    wait_ended(host, daemon)


def wait_ended(host, daemon, timeout=30):
    host.wait_for(lambda: not pid(host, daemon), f'the end of {daemon}', timeout)


def mask(host, daemon):
    """systemctl mask --now DAEMON.socket DAEMON.service"""
    for suffix in ('socket', 'service'):
        host.run(['ln', '-sf', '/dev/null', f'/etc/systemd/system/{daemon}.{suffix}'])


def remove(host, daemon):
    """The package is not installed."""
    host.run(f'rm -rf /usr/sbin/{daemon} /usr/lib/systemd/system/{daemon}*')
