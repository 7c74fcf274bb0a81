# SPDX-License-Identifier: GPL-2.0-or-later
"""A host with Debian's own systemd as process 1, in namespaces that end with this process."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'packaging'))

from cases import Failure  # noqa: E402
UNITS = '/etc/systemd/system'

# Units that change the kernel of the whole machine, or wait for hardware or a terminal.
MASKED = '''systemd-sysctl systemd-modules-load systemd-binfmt systemd-random-seed systemd-remount-fs
systemd-machine-id-commit systemd-timesyncd systemd-resolved systemd-networkd systemd-pstore systemd-hwdb-update
systemd-boot-system-token kmod-static-nodes console-getty getty@ modprobe@ systemd-firstboot systemd-sysusers
systemd-network-generator'''.split()
MASKED_OTHER = '''dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount
sys-kernel-config.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount getty.target
systemd-networkd.socket apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
man-db.timer logrotate.timer systemd-tmpfiles-clean.timer gdm.service'''.split()

FILES = {
    '/etc/fstab': '',
    '/etc/machine-id': '',
    '/etc/hostname': 'booted\n',
    '/etc/systemd/journald.conf.d/test.conf': '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n',
    # As on a machine with a network card: NetworkManager ignores veth devices of containers.
    '/etc/udev/rules.d/10-veth.rules': 'SUBSYSTEM=="net", KERNEL=="eth0", ENV{ID_NET_DRIVER}="e1000"\n'
                                       'SUBSYSTEM=="net", KERNEL=="eth0", ENV{NM_UNMANAGED}="0"\n',
    # The kernel makes these nodes in the devtmpfs of the whole machine.
    '/etc/udev/rules.d/10-macvtap.rules': 'ACTION=="add", SUBSYSTEM=="macvtap", RUN+="/usr/bin/mknod /dev/%k c %M %m"\n',
    '/etc/NetworkManager/system-connections/eth0.nmconnection':
        '[connection]\nid=eth0\nuuid=11111111-1111-4111-8111-111111111111\ntype=ethernet\ninterface-name=eth0\n'
        '[ipv4]\nmethod=manual\naddress1=10.9.0.10/24,10.9.0.1\n[ipv6]\nmethod=disabled\n',
    f'{UNITS}/test-devices.service': '''[Unit]
DefaultDependencies=no
After=systemd-udevd.service
Before=NetworkManager.service
[Service]
Type=oneshot
ExecStart=/usr/bin/udevadm trigger --settle --subsystem-match=net
[Install]
WantedBy=multi-user.target
''',
    # The DHCP server of the LAN.
    f'{UNITS}/test-lan.service': '''[Unit]
DefaultDependencies=no
Before=NetworkManager.service
[Service]
NetworkNamespacePath=/run/netns/lan
ExecStart=/usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --port=0 --interface=lan0 \\
    --bind-interfaces --dhcp-authoritative --dhcp-range=10.9.0.50,10.9.0.99 --dhcp-leasefile=/var/lib/misc/lan.leases
''',
}
TEST_UNITS = ('test-devices.service', 'test-lan.service')


class Booted:
    def __init__(self, files=None):
        """FILES: further ones, by path."""
        self.directory = tempfile.mkdtemp()
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'booted', self.directory], check=True)
        self.layer = f'{self.directory}/files'
        for path, text in {**FILES, **(files or {})}.items():
            self.write_before(path, text)
        for unit in [f'{name}.service' for name in MASKED] + MASKED_OTHER:
            self.link_before(f'{UNITS}/{unit}', '/dev/null')
        for unit in TEST_UNITS:
            self.link_before(f'{UNITS}/multi-user.target.wants/{unit}', f'../{unit}')
        # deb-systemd-invoke may start units here.
        self.write_before('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 0\n', 0o755)
        self.start()

    def start(self):
        self.process = subprocess.Popen([f'{HERE}/boot', f'{self.layer}:/sandbox/root', self.directory])
        self.init = None
        self.wait(self.find_init, 'process 1')
        self.wait(lambda: self.run('systemctl', 'is-system-running', check=False) in ('running', 'degraded'),
                  'systemd to be running', 30)

    def path_before(self, path):
        full = self.layer + path
        os.makedirs(os.path.dirname(full), exist_ok=True)
        return full

    def write_before(self, path, text, mode=0o600):
        with open(self.path_before(path), 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(file.name, mode if path.endswith(('nmconnection', 'policy-rc.d')) else 0o644)

    def link_before(self, path, target):
        os.symlink(target, self.path_before(path))

    def find_init(self):
        if self.process.poll() is not None:
            raise Failure(f'the host has ended with {self.process.returncode}')
        path = f'/proc/{self.process.pid}/task/{self.process.pid}/children'
        with open(path, encoding='ascii') as file:
            children = file.read().split()
        with contextlib.suppress(FileNotFoundError):  # an earlier child has ended
            if children and os.readlink(f'/proc/{children[0]}/exe').endswith('/systemd'):
                self.init = children[0]
        return self.init

    def argv(self, *argv):
        return ['nsenter', '-t', self.init, '-m', '-p', '-n', '-u', '-i', '-C', '-r', '-w', 'env', '-i', 'LC_ALL=C.UTF-8', 'HOME=/root',
                'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND=noninteractive', *argv]

    def run(self, *argv, check=True, timeout=90, stdin=None):
        """Standard output and error."""
        result = subprocess.run(self.argv(*argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=timeout, check=False, errors='replace',
                                **({'input': stdin} if stdin else {'stdin': subprocess.DEVNULL}))
        if check and result.returncode:
            raise Failure(f"{' '.join(argv)}: exit code {result.returncode}\n{result.stdout}")
        return result.stdout.strip()

    def copy(self, path, to):
        with open(path, 'rb') as file:
            subprocess.run(self.argv('sh', '-c', f'cat >{to}'), stdin=file, check=True)

    def wait(self, predicate, what, timeout=30):
        end = time.monotonic() + timeout
        while not (found := predicate()):
            if time.monotonic() > end:
                raise Failure(f'waited without success for {what}')
            time.sleep(0.1)
        return found

    def is_active(self, unit):
        return self.run('systemctl', 'is-active', unit, check=False) in ('active', 'activating', 'deactivating')

    def properties(self, unit, *names):
        text = self.run('systemctl', 'show', unit, *(f'--property={name}' for name in names))
        return dict(line.split('=', 1) for line in text.splitlines())

    def journal(self, *arguments):
        return self.run('journalctl', '-b', '--no-pager', '-o', 'short-monotonic', *arguments, check=False)

    def close(self):
        self.process.kill()
        self.process.wait()
        subprocess.run(['umount', '-l', self.directory], check=True)
        os.rmdir(self.directory)

    def power_off(self):
        self.run('systemctl', 'poweroff', check=False)
        self.wait(lambda: self.process.poll() is not None, 'the end of the host')
