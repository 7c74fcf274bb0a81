# SPDX-License-Identifier: GPL-2.0-or-later
"""A libvirt host with NetworkManager on a LAN, all of it real, in its own namespaces: see
README.md. Runs inside `tests/sandbox/rootfs exec`."""

import re

from guest import Guest, macvtap, mac_of, network, nic  # noqa: F401 (for the tests)
from machine import Failure, Machine

LAN_PREFIX = '10.77'
LAN_PREFIX6 = 'fd77:77'
ONLINE = 'online.lan.example'


# Newer libvirt waits for udev and then opens a link's device node once; who makes the nodes here, see machine_init.py.
UDEVADM = '''#!/bin/sh
[ "$1" = settle ] || exit 0
for tap in /sys/class/net/*/macvtap/tap*; do
    for _ in $(seq 250); do
        [ -e "$tap" ] && [ ! -e "/dev/${tap##*/}" ] || break
        sleep 0.02
    done
done
'''


class Lan(Machine):
    """Everything beyond the host's uplinks: on link lanN of each the gateway 10.77.N.1 with DHCP,
    DNS (`lan.example` is the gateway) and a web server; with ipv6 fd77:77:0:N::1 and router advertisements.
    With switched, lanN is a switch (a bridge), so that uplinks of several hosts can join it."""

    def __init__(self, links, ipv6, switched=False):
        super().__init__('lan')
        self.links = links
        self.ipv6 = ipv6
        self.switched = switched

    def start(self, host):
        self.wait_started()
        for index in range(self.links if self.switched else 0):
            self.run(['ip', 'link', 'add', f'lan{index}', 'type', 'bridge', 'mcast_snooping', '0'])
        host.join()
        self.start_servers()

    def add_cable(self, host, index):
        """Connects an uplink of HOST. The names of both sides exist only in the namespaces of the two machines."""
        self.run_in_network(['ip', 'link', 'add', host.cable(index), 'type', 'veth', 'peer', 'name', host.uplinks[index],
                             'netns', str(host.pid)])
        if self.switched:
            self.run(['ip', 'link', 'set', host.cable(index), 'master', f'lan{index}', 'up'])

    def start_servers(self):
        for index in range(self.links):
            self.configure(index)
        self.start_dnsmasq()
        self.start_service('http', ['python3', '-I', '-S', '/sandbox/tests/lan_http.py'])

    def configure(self, index):
        self.run(f'''ip link set lan{index} address 02:77:00:00:0{index}:01
                     ip addr add {self.gateway(index)}/24 dev lan{index}
                     ip link set lan{index} up''')
        if self.ipv6:
            self.run(f'ip addr add {self.gateway6(index)}/64 dev lan{index} nodad')

    def restart_dnsmasq(self, *options):
        self.stop_service('dnsmasq')
        self.start_dnsmasq(*options)

    def start_dnsmasq(self, *options):
        """OPTIONS: further ones of dnsmasq's."""
        argv = ['dnsmasq', '--keep-in-foreground', '--log-facility=-', '--conf-file=/dev/null',
                '--user=root', '--pid-file=', '--no-resolv', '--no-hosts', '--no-ping',
                '--bind-interfaces', '--except-interface=lo', '--dhcp-authoritative',
                '--dhcp-leasefile=/run/leases', '--domain=lan.example',
                f'--address=/lan.example/{self.gateway(0)}']
        for index in range(self.links):
            argv += [f'--interface=lan{index}',
                     f'--dhcp-range={LAN_PREFIX}.{index}.100,{LAN_PREFIX}.{index}.199,1h']
            if self.ipv6:
                argv += [f'--dhcp-range={LAN_PREFIX6}:0:{index}::,ra-only,64']
        if self.ipv6:
            argv += ['--enable-ra']
        self.start_service('dnsmasq', [*argv, *options])

    @staticmethod
    def gateway(index=0):
        return f'{LAN_PREFIX}.{index}.1'

    @staticmethod
    def gateway6(index=0):
        return f'{LAN_PREFIX6}:0:{index}::1'

    def leases(self):
        """Addresses that DHCP gave out, by MAC."""
        if not self.exists('/run/leases'):
            return {}
        words = (line.split() for line in self.read('/run/leases').splitlines())
        return {word[1]: word[2] for word in words if len(word) == 5 and ':' in word[1]}

    def ping(self, address, timeout=2):
        return self.run(['ping', '-n', '-c', '1', '-W', str(timeout), address], check=False).returncode == 0


class Host(Machine):
    """The host. Once made it has NetworkManager connected (full) over its uplinks, and libvirtd.

    destdir     an installation of the product (meson install --destdir), laid over the root
    firewalld   firewalld runs, as on most desktops
    ipv6        the LAN advertises IPv6
    uplinks     names of the links to the LAN
    nss_libvirt `getent hosts` knows guests by their libvirt names
    packages    Debian packages that the host has besides those of the root
    control_groups  it has some, as containers need them
    nm_level    NetworkManager's log level
    debug       what NetworkManager starts logs its debug messages
    fleet       further hosts can join its LAN, see add_host(); libvirtd accepts migrations
    first       the host whose LAN it joins; only add_host() sets it"""

    def __init__(self, destdir=None, firewalld=False, ipv6=False, uplinks=('eth0',),
                 nss_libvirt=False, packages=(), control_groups=False, nm_level='INFO', debug=False, fleet=False,
                 first=None):
        self.number = 1 + len(first.others) if first else 0
        super().__init__(f'host{self.number}' if first else 'host', destdir, packages, control_groups)
        self.destdir = destdir
        self.uplinks = uplinks
        self.ipv6 = ipv6
        self.firewalld = firewalld
        self.debug = debug
        self.fleet = fleet
        self.first = first
        self.others = []
        self.guests = []
        self.lan = first.lan if first else Lan(len(uplinks), ipv6, fleet)
        try:
            self.wait_started()
            if first:
                self.join()
            else:
                self.lan.start(self)
            self.configure_nm(nm_level)
            self.configure_libvirt()
            if nss_libvirt:
                self.run(['sed', '-i', 's/^hosts:.*/hosts: files libvirt libvirt_guest dns/',
                          '/etc/nsswitch.conf'])
            self.start_dbus()
            if firewalld:
                self.start_firewalld()
            self.start_nm(wait=False)
            self.start_libvirtd()
            self.wait_online()
            self.wait_for(self.uplinks_connected, 'all uplinks to be connected')
        except BaseException:
            self.close()
            raise

    def close(self):
        for other in self.others:
            other.close()
        for guest in self.guests:
            guest.disconnect()
        super().close()
        if not self.first:
            self.lan.close()

    def add_host(self, **options):
        """Another host on the same LAN: host1, host2, … It has the options of this one, except OPTIONS."""
        made = Host(**{'destdir': self.destdir, 'ipv6': self.ipv6, 'uplinks': self.uplinks, 'fleet': True,
                       'first': self, **options})
        self.others.append(made)
        return made

    def join(self):
        if self.first:  # its own copy of an installed system has the same one
            self.write('/etc/machine-id', f'{self.number:032x}\n')
        for index in range(len(self.uplinks)):
            self.join_uplink(index)

    def join_uplink(self, index):
        self.lan.add_cable(self, index)
        self.run(['ip', 'link', 'set', self.uplinks[index], 'address', self.uplink_mac(index, self.number)])

    def cable(self, index):
        """The LAN's side of an uplink."""
        return f'{self.name}-{index}' if self.fleet else f'lan{index}'

    @staticmethod
    def uplink_mac(index=0, number=0):
        return f'02:77:00:00:0{index}:0{2 + number}'

    # NetworkManager

    def configure_nm(self, level):
        # The check goes on in both IP versions, and needs no DNS server.
        self.run(f'''echo {Lan.gateway()} {ONLINE} >>/etc/hosts
                     echo {Lan.gateway6()} {ONLINE} >>/etc/hosts''')
        self.write('/etc/NetworkManager/NetworkManager.conf', f'''[main]
plugins=keyfile
auth-polkit=false
no-auto-default=*
hostname-mode=none

[logging]
level={level}
backend=journal

[connectivity]
uri=http://{ONLINE}/online
interval=20
''')
        for index, uplink in enumerate(self.uplinks):
            self.write(f'/etc/NetworkManager/system-connections/{uplink}.nmconnection', f'''[connection]
id={uplink}
uuid=77777777-0000-4000-8000-00000000000{index}
type=ethernet
interface-name={uplink}

[ipv4]
method=auto

[ipv6]
method={'auto' if self.ipv6 else 'link-local'}
addr-gen-mode=eui64
''', 0o600)

        # Debian's ifupdown hook fails, and prints an error each time, if these are missing.
        self.run('mkdir -p /etc/network/if-up.d /etc/network/if-post-down.d')

    def start_dbus(self):
        self.start_service('dbus-daemon', ['dbus-daemon', '--system', '--nofork', '--nopidfile',
                                           '--nosyslog'])
        self.wait_for(lambda: self.exists('/run/dbus/system_bus_socket'), 'the system bus')

    def start_nm(self, wait=True):
        # Where /sys can be written, NetworkManager waits for udev to announce each device.
        self.start_service('NetworkManager', [
            'env', *(['G_MESSAGES_DEBUG=nm-macvtap'] if self.debug else []), 'unshare', '--mount', 'sh', '-c',
            'mount -o remount,bind,ro /sys && exec NetworkManager --no-daemon'])
        if wait:
            self.wait_online()

    def stop_nm(self, number=15):
        self.stop_service('NetworkManager', number)

    def nmcli(self, *arguments, **options):
        return self.run(['nmcli', *arguments], **options)

    def nm_state(self):
        """Like 'connected:full'."""
        return self.run(['nmcli', '-g', 'STATE,CONNECTIVITY', 'general'], check=False).stdout.strip()

    def wait_online(self, timeout=20):
        self.wait_for(lambda: self.nm_state() == 'connected:full',
                      'NetworkManager to be connected (full)', timeout, interval=0.1)

    def uplinks_connected(self):
        states = self.nmcli('-t', '-f', 'DEVICE,STATE', 'device').stdout.splitlines()
        return all(f'{uplink}:connected' in states for uplink in self.uplinks)

    def address(self, link='eth0', family=4, check=True):
        """The first global address on a link that can be used, None without one."""
        output = self.run(['ip', f'-{family}', '-o', 'addr', 'show', 'dev', link, 'scope', 'global', '-tentative'], check).stdout
        found = re.findall(r'inet6? ([0-9a-f.:]+)/', output)
        return found[0] if found else None

    def lan_address(self):
        """On the first uplink or, in mode move, on its host link."""
        uplink = self.uplinks[0]
        return self.address(uplink) or self.address(f'nmmv{uplink}', check=False)

    def pull_cable(self, uplink='eth0'):
        self.lan.run(['ip', 'link', 'set', self.cable(self.uplinks.index(uplink)), 'down'])

    def plug_cable(self, uplink='eth0'):
        index = self.uplinks.index(uplink)
        self.lan.run(['ip', 'link', 'set', self.cable(index), 'up'])
        if self.ipv6 and not self.fleet:  # went with the link
            self.lan.run(['ip', 'addr', 'replace', f'{Lan.gateway6(index)}/64', 'dev', f'lan{index}', 'nodad'])

    def unplug_card(self, uplink):
        """Removes the card from the kernel, like unplugging a USB dock."""
        self.run(['ip', 'link', 'del', uplink])

    def plug_card(self, uplink):
        index = self.uplinks.index(uplink)
        self.join_uplink(index)
        if not self.fleet:  # its side of the LAN is new, too
            self.lan.configure(index)
            self.lan.restart_dnsmasq()
        # The first DHCP request may be lost. IPv6 alone makes the device active, too.
        self.wait_for(lambda: self.address(uplink, check=False), f'the address of {uplink}', 30)

    def ping(self, address, timeout=2, link=None):
        """Whether ADDRESS answers the host within TIMEOUT seconds."""
        where = ['-I', link] if link else []
        return self.run(['ping', '-n', '-c', '1', '-W', str(timeout), *where, address],
                        check=False).returncode == 0

    # firewalld

    def start_firewalld(self):
        self.start_service('firewalld', ['firewalld', '--nofork', '--nopid', '--log-target=console'])
        self.wait_for(lambda: self.run(['firewall-cmd', '--state'], check=False).returncode == 0,
                      'firewalld', 30, interval=0.2)

    # libvirt

    def configure_libvirt(self):
        self.write('/etc/libvirt/libvirtd.conf', '''auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_group = "libvirt"
unix_sock_rw_perms = "0770"
log_outputs = "3:journald"
''' + self.migration_conf())
        self.write('/etc/libvirt/qemu.conf', '''user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
''')
        self.write('/usr/bin/udevadm', UDEVADM, 0o755)
        for directory in ('/run/guests', '/var/log/guests'):
            self.run(['mkdir', '-p', directory])

    def migration_conf(self):
        """libvirtd.conf of a host that accepts migrations. Hosts of one machine would have the same UUID."""
        if not self.fleet:
            return ''
        return f'''listen_tls = 0
listen_tcp = 1
auth_tcp = "none"
host_uuid = "77777777-0000-4000-9000-{self.number + 1:012}"
'''

    def migration_uri(self):
        """Of its libvirt, for other hosts of the fleet."""
        return f'qemu+tcp://{self.lan_address()}/system'

    def start_libvirtd(self):
        """Again if it hangs, which libvirt 9.0 did in one of some thousand starts."""
        try:
            self.try_libvirtd()
        except Failure:
            self.stop_service('libvirtd', 9)
            self.try_libvirtd()

    def try_libvirtd(self):
        self.start_service('libvirtd', ['libvirtd', *(['--listen'] if self.fleet else [])])
        # It runs QEMU to ask what it can, which takes long on a busy machine.
        self.wait_for(lambda: self.virsh('version', check=False).returncode == 0, 'libvirtd', 60)

    def stop_libvirtd(self, number=15):
        # It waits up to 30 s for threads that are busy, such as with the start of a driver.
        self.stop_service('libvirtd', number, timeout=45)

    def restart_libvirtd(self):
        self.stop_libvirtd()
        self.start_libvirtd()

    def virsh(self, *arguments, **options):
        return self.run(['virsh', '--quiet', *arguments], **options)

    def define_network(self, xml, start=True):
        """Defines a libvirt network from XML text and starts it; returns its name."""
        path = '/run/guests/network.xml'
        self.write(path, xml)
        self.virsh('net-define', path)
        name = re.search(r'<name>(.*?)</name>', xml)[1]
        if start:
            self.virsh('net-start', name)
        return name

    def start_nat_network(self):
        """libvirt's own network `default`, which is defined and not started after installation."""
        self.virsh('net-start', 'default')

    def guest(self, name, nics=None, **options):
        """A guest, neither defined nor started; one macvtap NIC on eth0 if NICS is not given."""
        made = Guest(self, name, [macvtap()] if nics is None else nics, f'{self.name}-{len(self.guests)}', **options)
        self.guests.append(made)
        return made

    def running_guests(self, *names, **options):
        """Several guests of the same kind, started side by side, ready."""
        made = [self.guest(name, **options).define().start() for name in names]
        for guest in made:
            guest.wait_ready()
        return made

    def tail(self, lines=60):
        others = ''.join(f'\n  {other.name}:\n{Machine.tail(other, lines)}' for other in self.others)
        return super().tail(lines) + others + '\n  LAN:\n' + self.lan.tail(15)
