# SPDX-License-Identifier: GPL-2.0-or-later
"""Containers of libvirt's LXC driver on a sandbox host with control groups. Process 1 of each asks for an address on every
interface that appears."""

import re
import xml.etree.ElementTree as ElementTree

import container
from guest import mac_of

HOST = {'packages': ('libvirt-daemon-driver-lxc',), 'control_groups': True}
URI = 'lxc:///system'
INIT = r'''#!/bin/sh
export PATH=/bin
trap exit TERM
ip link set lo up
rm -rf /run/net
mkdir -p /www /run/net
echo NAME >/www/index.html
httpd -h /www
while :; do
    for path in /sys/class/net/*; do
        link=${path##*/}
        if [ "$link" = lo ] || [ -e "/run/net/$link" ]; then continue; fi
        ip link set "$link" up
        udhcpc -f -i "$link" -t 20 -T 1 -A 1 -s /dhcp &
        : >"/run/net/$link"
    done
    sleep 0.2
done
'''
DOMAIN = '''<domain type='lxc'><name>{name}</name><memory unit='MiB'>64</memory><os><type>exe</type><init>/init</init></os>
<devices><filesystem type='mount'><source dir='{root}'/><target dir='/'/></filesystem>
<interface type='direct'><mac address='{mac}'/><source dev='eth0' mode='bridge'/></interface><console type='pty'/>
</devices></domain>'''


def run_container(host, name):
    # The driver shows a container its own memory with it.
    host.run('mknod -m 666 /dev/fuse c 10 229')
    made = Container(host, name)
    made.start()
    return made


class Container(container.Container):
    def __init__(self, host, name):
        super().__init__(host, name)
        self.mac = mac_of('container', name)
        root = f'/run/containers/{name}'
        container.make_root(host, root)
        host.run(f'install -m 755 /sandbox/tests/guest-dhcp {root}/dhcp')
        host.write(f'{root}/init', INIT.replace('NAME', name), 0o755)
        host.write(f'{root}.xml', DOMAIN.format(name=name, root=root, mac=self.mac))
        self.virsh('define', f'{root}.xml')

    def virsh(self, *words, **options):
        return self.host.run(['virsh', '--quiet', '-c', URI, *words], **options)

    def start(self):
        self.virsh('start', self.name)
        self.host.wait_for(lambda: self.address('eth0'), f'the LAN address of {self.name}', 30)

    def restart(self):
        self.virsh('destroy', self.name)
        self.start()

    def interfaces(self, inactive=False):
        xml = self.virsh('dumpxml', *(['--inactive'] if inactive else []), self.name).stdout
        return ElementTree.fromstring(xml).findall('devices/interface')

    def networks(self, inactive=False):
        """Of the interfaces on a libvirt network."""
        return [nic.find('source').get('network') for nic in self.interfaces(inactive) if nic.get('type') == 'network']

    def pid(self):
        controller = self.virsh('domid', self.name).stdout.strip()
        return self.host.run(['pgrep', '-P', controller]).stdout.split()[0]

    def address(self, link):
        found = re.search(r'inet ([0-9.]+)/', self.run(f'ip -4 -o addr show dev {link}').stdout)
        return found[1] if found else None
