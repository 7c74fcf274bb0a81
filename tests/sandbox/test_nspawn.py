# SPDX-License-Identifier: GPL-2.0-or-later
"""A real container of systemd-nspawn with --network-macvlan, with mode share. systemd-nspawn derives its MAC from the name."""

import container
import profiles
import share
import tap
from sandbox import Lan
from tap import check, equal

LINK = 'mv-eth0'
FIRST, SECOND = '10.77.0.210', '10.77.0.211'
FIRST6, SECOND6 = 'fd77:77::d2', 'fd77:77::d3'
PEERS = f'10.77.0.208/28 fd77:77::d0/124 {Lan.gateway()}/32'
# An address of the router's prefix would be outside PEERS. The interface of the container before may still have the MAC.
INIT = f'''echo 0 >/proc/sys/net/ipv6/conf/{LINK}/accept_ra
for address; do ip addr add "$address" dev {LINK}; done
ip link set lo up
until ip link set {LINK} up; do sleep 0.1; done
mkdir -p /www && hostname >/www/index.html && exec httpd -f -h /www'''
# In place of systemd and udev.
RUN = '''mount -o remount,bind,ro /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --as-pid2 "$@"'''


class Container(container.Container):
    def __init__(self, host, name):
        super().__init__(host, name)
        self.root = f'/run/machines/{name}'
        container.make_root(host, self.root)

    def start(self, *addresses):
        addresses = [f'{address}/{64 if ":" in address else 24}' for address in addresses]
        self.host.start_service(self.name, [
            'unshare', '--mount', 'sh', '-c', RUN, 'sh', '--directory', self.root, '--machine', self.name,
            '--network-macvlan=eth0', '/bin/sh', '-c', INIT, 'sh', *addresses])
        self.host.wait_for(lambda: 'UP' in self.run(f'ip link show {LINK}').stdout, f'{self.name} to have started')

    def restart(self, *addresses):
        self.host.stop_service(self.name)
        self.start(*addresses)

    def pid(self):
        return self.host.run(['pgrep', '-P', str(self.host.service_pid(self.name))]).stdout.split()[0]


@tap.host(ipv6=True, control_groups=True)
def test_nspawn(host):
    web = Container(host, 'web')
    web.start(FIRST, FIRST6)
    own6 = host.wait_for(lambda: host.address(family=6), 'an IPv6 address of the host')
    check(not host.ping(FIRST, 1), 'the host reaches the container without the profile')
    profiles.add(host, mode='share', peers=PEERS)
    profiles.up(host)
    web.talk(FIRST, host.address())
    web.talk(FIRST6, own6)
    # Restarted, then with other addresses.
    web.restart(FIRST, FIRST6)
    web.talk(FIRST, host.address())
    web.restart(SECOND, SECOND6)
    web.talk(SECOND, host.address())
    web.talk(SECOND6, own6)
    share.wait_routes(host, [SECOND])
    web.take(Lan.gateway(), LINK)
    host.wait_for(lambda: share.warnings(host, f"'{Lan.gateway()}'"), 'a word about the gateway')
    equal(share.device_to(host, Lan.gateway()), 'eth0', 'the way to the gateway')


if __name__ == '__main__':
    tap.main()
