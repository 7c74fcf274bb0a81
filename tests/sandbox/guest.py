# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests of a sandbox host: real QEMU (TCG) under the host's libvirt, a small Linux inside that
asks for an address on every NIC it finds and runs commands for the tests."""

import base64
import functools
import hashlib
import os
import re
import socket
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape, quoteattr

from machine import HERE, Failure


# Without what takes long under an emulated CPU and serves no test.
KERNEL_OPTIONS = ('console=ttyS0 quiet loglevel=4 nokaslr mitigations=off tsc=unstable no_timer_check cryptomgr.notests '
                  'init_on_alloc=0 audit=0 lsm=')


@functools.cache
def image(kernel):
    """Directory of the guests' kernel and initramfs, made at the first use."""
    return subprocess.run([os.path.join(HERE, 'guest-image'), kernel], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


def mac_of(*words):
    """A MAC in QEMU's range, the same for the same words."""
    digest = hashlib.sha256(' '.join(words).encode()).hexdigest()
    return f'52:54:00:{digest[0:2]}:{digest[2:4]}:{digest[4:6]}'


def nic(kind, source, mac=None, model='virtio', inner=''):
    """An <interface>; model=None leaves libvirt's default."""
    return (f"<interface type='{kind}'>"
            + (f"<mac address='{mac}'/>" if mac else '') + source
            + (f"<model type='{model}'/>" if model else '') + inner + '</interface>')


def macvtap(dev='eth0', mode='bridge', mac=None, model='virtio', inner=''):
    """NIC attached to a lower device; mode=None leaves the attribute out."""
    mode = f" mode='{mode}'" if mode else ''
    return nic('direct', f'<source dev={quoteattr(dev)}{mode}/>', mac, model, inner)


def network(name, mac=None, model='virtio', inner=''):
    """NIC on a libvirt network."""
    return nic('network', f'<source network={quoteattr(name)}/>', mac, model, inner)


class Guest:
    """One libvirt guest. NICS: strings of <interface> XML, see macvtap() and network(); those
    without a <mac> get one that is the same in each run. XML_EXTRA goes into <devices>,
    XML_METADATA in front of it. MACHINE is libvirt's machine type ('pc' takes many NICs while it
    runs, 'q35' one); KERNEL 'full' knows other NICs than virtio. HOSTNAME is the guest's own
    host name, derived from NAME if not given."""

    def __init__(self, host, name, nics, number, machine='pc', memory=96, hostname=None, kernel='cloud',
                 xml_extra='', xml_metadata=''):
        self.host = host
        self.name = name
        self.hostname = hostname or re.sub(r'[^a-z0-9-]+', '-', name.lower()).strip('-')[:32] or 'guest'
        self.machine = machine
        self.memory = memory
        self.kernel = kernel
        self.xml_extra = xml_extra
        self.xml_metadata = xml_metadata
        self.nics = [self.with_mac(xml, name, index) for index, xml in enumerate(nics)]
        self.console_path = f'/var/log/guests/{number}.console'
        self.socket_path = f'/run/guests/{number}'
        self.connection = None
        self.sequence = 0

    @staticmethod
    def with_mac(xml, name, index):
        if '<mac ' in xml:
            return xml
        start, _, rest = xml.partition('>')
        return f"{start}><mac address='{mac_of(name, str(index))}'/>{rest}"

    @property
    def mac(self):
        """MAC of the first NIC."""
        return self.mac_of_nic(0)

    def mac_of_nic(self, index):
        return re.search(r"<mac address='([^']*)'", self.nics[index])[1]

    def xml(self):
        directory = image(self.kernel)
        return f'''<domain type='qemu'>
  <name>{escape(self.name)}</name>
  <memory unit='MiB'>{self.memory}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='{self.machine}'>hvm</type>
    <kernel>{directory}/vmlinuz</kernel>
    <initrd>{directory}/initrd</initrd>
    <cmdline>{KERNEL_OPTIONS} nmm.name={self.hostname}</cmdline>
  </os>
  <features><acpi/><apic/></features>
  {self.xml_metadata}
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    {''.join(self.nics)}
    <serial type='file'><source path='{self.console_path}'/><target port='0'/></serial>
    <serial type='unix'><source mode='bind' path='{self.socket_path}'/><target port='1'/></serial>
    <memballoon model='none'/>
    {self.xml_extra}
  </devices>
</domain>
'''

    def virsh(self, command, *arguments, **options):
        return self.host.virsh(command, '--domain', self.name, *arguments, **options)

    # Life

    def define(self):
        path = f'/run/guests/{os.path.basename(self.socket_path)}.xml'
        self.host.write(path, self.xml())
        self.host.virsh('define', path)
        return self

    def start(self):
        self.disconnect()
        if self.host.exists(self.console_path):
            os.unlink(self.host.path(self.console_path))
        self.virsh('start')
        return self

    def shutdown(self, timeout=20):
        """Presses the power button and waits for the end."""
        self.virsh('shutdown')
        self.wait_off(timeout)

    def destroy(self):
        result = self.virsh('destroy', check=False)
        # libvirt may notice the end of the process first (seen with 12.8).
        if result.returncode and 'domain is not running' not in result.stderr:
            raise Failure(f'guest {self.name}: destroy: {result.stderr}')
        self.disconnect()

    def undefine(self):
        self.virsh('undefine')

    def state(self):
        return self.virsh('domstate').stdout.strip()

    def wait_off(self, timeout=20):
        self.host.wait_for(lambda: self.state() == 'shut off', f'guest {self.name} to end', timeout)
        self.disconnect()

    def dumpxml(self, inactive=False):
        """libvirt's description as text: the live one, or the persistent one."""
        return self.virsh('dumpxml', *(['--inactive'] if inactive else [])).stdout

    def interfaces(self, inactive=False):
        """The <interface> elements of the definition."""
        return ElementTree.fromstring(self.dumpxml(inactive)).findall('devices/interface')

    def migrate_words(self, target, *options):
        return ['migrate', '--domain', self.name, '--desturi', target.migration_uri(),
                '--migrateuri', f'tcp://{target.lan_address()}', '--live', *options]

    def migrate(self, target, *options, check=True):
        """To another host of the fleet, to which it belongs from now on."""
        self.disconnect()
        result = self.host.virsh(*self.migrate_words(target, *options), check=check, timeout=60)
        if result.returncode == 0:
            self.host = target
            target.guests.append(self)
        return result

    def begin_migration(self, target, *options):
        """A process; the guest still belongs to its host."""
        return self.host.popen(['virsh', *self.migrate_words(target, *options)], stderr=subprocess.DEVNULL)

    # Inside

    def console(self):
        return self.host.read(self.console_path) if self.host.exists(self.console_path) else ''

    def wait_ready(self, address=True, timeout=60):
        """Until the guest takes commands and, if ADDRESS, its first NIC has an IPv4 address."""
        self.wait_console('guest: ready', timeout)
        if address:
            self.wait_address(timeout=timeout)
        return self

    def wait_console(self, text, timeout=30):
        try:
            self.host.wait_for(lambda: text in self.console(),
                               f"'{text}' on the console of guest {self.name}", timeout)
        except Failure as failure:
            raise Failure(f'{failure}\nconsole of {self.name}:\n{self.console()[-3000:]}') from None

    def disconnect(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def run(self, command, timeout=30, check=False):
        """Runs a shell command in the guest: (exit status, output of both streams)."""
        self.sequence += 1
        encoded = base64.b64encode(command.encode()).decode()
        try:
            if not self.connection:
                self.connection = socket.socket(socket.AF_UNIX)
                self.connection.connect(self.host.path(self.socket_path))
            self.connection.sendall(f'{self.sequence} {encoded}\n'.encode())
            status, output = self.answer(time.monotonic() + timeout)
        except OSError as error:
            self.disconnect()
            raise Failure(f'guest {self.name}: {command}: {error}\n{self.console()[-2000:]}') from error
        if check and status:
            raise Failure(f'guest {self.name}: {command}: exit {status}\n{output}')
        return status, output

    def answer(self, deadline):
        buffer = ''
        pattern = re.compile(rf'@{self.sequence} (\d+) ([A-Za-z0-9+/=]*)\r?\n')
        while True:
            match = pattern.search(buffer)
            if match:
                return int(match[1]), base64.b64decode(match[2]).decode(errors='replace')
            self.connection.settimeout(max(deadline - time.monotonic(), 0.01))
            data = self.connection.recv(65536)
            if not data:
                raise ConnectionError('the guest has ended')
            buffer += data.decode(errors='replace')

    def links(self):
        """Names of the guest's links by MAC: {'52:54:00:…': 'eth0'}."""
        output = self.run('cd /sys/class/net; for i in eth*; do [ -e $i ] && echo $i $(cat $i/address);'
                          'done', check=True)[1]
        return {mac: link for link, mac in (line.split() for line in output.splitlines())}

    def addresses(self, mac=None, family=4):
        """Global addresses on the NIC with this MAC (the first NIC if not given)."""
        link = self.links().get(mac or self.mac)
        if not link:
            return []
        output = self.run(f'ip -{family} -o addr show dev {link} scope global', check=True)[1]
        return re.findall(r'inet6? ([0-9a-f.:]+)/', output)

    def wait_address(self, mac=None, family=4, timeout=30):
        """The first address of a NIC, as soon as there is one."""
        return self.host.wait_for(lambda: self.addresses(mac, family),
                                  f'an address on NIC {mac or self.mac} of guest {self.name}',
                                  timeout, interval=0.2)[0]

    @property
    def lan_address(self):
        """The address that the LAN's DHCP server gave to the first NIC, None if it did not."""
        return self.host.lan.leases().get(self.mac)

    def domifaddr(self, source='lease'):
        return self.virsh('domifaddr', '--source', source).stdout

    def ping(self, address, timeout=3):
        """Whether ADDRESS answers the guest within TIMEOUT seconds."""
        return self.run(f'ping -c 1 -W {timeout} {address}', timeout + 10)[0] == 0
