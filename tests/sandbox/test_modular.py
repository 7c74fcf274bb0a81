# SPDX-License-Identifier: GPL-2.0-or-later
"""Modular libvirt: the real virtqemud and virtnetworkd, socket-activated, in place of libvirtd."""

import json

import modular
import profiles
import share
import tap
from modular import NETWORK, QEMU
from tap import check, equal

ORDERS = ((NETWORK,), (QEMU,), (NETWORK, QEMU), (QEMU, NETWORK))


def check_guests_followed(host, name):
    guest = host.guest(name).define()
    host.wait_for(lambda: len(profiles.our_nics(guest, inactive=True)) == 1, f'{name} to be served', 40)
    guest.undefine()


def check_networks_followed(host):
    before = len(profiles.messages(host))
    host.virsh('net-destroy', 'isolated')
    host.wait_for(lambda: profiles.state(host) == '', 'the profile to go down', 40)
    reasons = profiles.messages(host)[before:]
    check(any("'isolated'" in text and 'stopped' in text for text in reasons), f'no reason: {reasons}')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)


def status(host):
    """Of the one libvirt, without starting it."""
    output = host.run(['nm-macvtap', '--json', 'status'], check=False, timeout=60).stdout
    return next(libvirt for libvirt in json.loads(output)['libvirt'] if libvirt['uri'] == 'qemu:///system')


@tap.host()
def test_isolated_and_share_work(host):
    modular.switch(host)
    alpha, = share.prepare(host, 'alpha')
    profiles.add_by_hand(host)
    profiles.up(host)
    profiles.reach(host, alpha)
    host.run(['nm-macvtap', 'check', 'alpha'], timeout=60)
    equal(status(host).get('networks-problem'), None, 'problem with networks')
    profiles.down(host)
    profiles.add_by_hand(host, 'shared', mode='share')
    profiles.up(host, 'shared')
    share.talk(host, alpha)
    profiles.down(host, 'shared')
    check(not host.exists('/run/libvirt/libvirt-sock'), 'libvirtd runs')


@tap.host()
def test_restarts_in_each_order_are_survived(host):
    modular.switch(host)
    alpha, = host.running_guests('alpha')
    profiles.add_by_hand(host)
    for number, order in enumerate(ORDERS):
        profiles.up(host)
        profiles.reach(host, alpha)
        for daemon in order:
            modular.restart(host, daemon)
        check_guests_followed(host, f'guest-{number}')
        equal(profiles.state(host), 'activated', f'state after a restart of {order}')
        profiles.reach(host, alpha)
        check_networks_followed(host)


@tap.host()
def test_profile_keeps_its_daemons(host):
    """They end only when nothing uses them; what the administrator stops stays stopped until it is used."""
    modular.switch(host)
    alpha, = host.running_guests('alpha')
    profiles.add_by_hand(host)
    profiles.up(host)
    profiles.reach(host, alpha)
    before = [modular.pid(host, daemon) for daemon in modular.DAEMONS]
    host.run(['sleep', str(modular.IDLE + 2)])
    equal([modular.pid(host, daemon) for daemon in modular.DAEMONS], before, 'daemons')
    # virtqemud last, because it uses virtnetworkd for a while after its start.
    for number, daemon in enumerate((NETWORK, QEMU)):
        modular.stop(host, daemon)
        host.run(['sleep', '3'])
        equal(modular.pid(host, daemon), '', f'process of {daemon}')
        equal(profiles.state(host), 'activated', f'state without {daemon}')
        host.virsh('net-list')  # starts it
        check_guests_followed(host, f'guest-{number}')
    check_networks_followed(host)


@tap.host()
def test_share_and_looking_start_no_daemon(host):
    modular.switch(host)
    alpha, = share.prepare(host, 'alpha')
    modular.wait_ended(host, NETWORK)
    profiles.add_by_hand(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    modular.restart(host, QEMU)
    beta, = host.running_guests('beta')
    share.talk(host, beta)
    equal(modular.pid(host, NETWORK), '', f'process of {NETWORK} with mode share')
    profiles.down(host)
    for guest in (alpha, beta):
        guest.destroy()
    modular.wait_ended(host, QEMU)
    equal(status(host)['asleep'], True, 'asleep')
    host.run(['nm-macvtap', 'refresh'], timeout=60)
    for daemon in modular.DAEMONS:
        equal(modular.pid(host, daemon), '', f'process of {daemon} after status and refresh')


@tap.host()
def test_without_the_network_daemon(host):
    modular.switch(host, QEMU)
    alpha, = share.prepare(host, 'alpha')
    profiles.add_by_hand(host)
    profiles.refused(host, 'network driver', f'systemctl start {NETWORK}.socket')
    modular.mask(host, NETWORK)
    profiles.refused(host, 'network driver', f'{NETWORK} is masked', f'systemctl unmask {NETWORK}.service')
    host.run(f'rm /etc/systemd/system/{NETWORK}.*')
    modular.remove(host, NETWORK)
    profiles.refused(host, 'network driver', 'install the package libvirt-daemon-driver-network')
    check('libvirt-daemon-driver-network' in status(host)['networks-problem'], 'no problem with networks')
    profiles.add_by_hand(host, 'shared', mode='share')
    profiles.up(host, 'shared')
    share.talk(host, alpha)
    # The package is installed while the profile of the other mode is up.
    modular.install(host)
    modular.start(host, NETWORK)
    profiles.up(host)
    profiles.reach(host, alpha)
    host.nmcli('connection', 'down', 'shared')
    check_networks_followed(host)


@tap.host()
def test_without_the_guest_daemon(host):
    modular.switch(host, NETWORK)
    profiles.add_by_hand(host)
    for mode in ('isolated', 'share'):
        profiles.modify(host, mode=mode)
        profiles.refused(host, 'qemu:///system', f'systemctl status {QEMU}')
    modular.mask(host, QEMU)
    profiles.refused(host, f'{QEMU} is masked', f'systemctl start {QEMU}.socket')


if __name__ == '__main__':
    if modular.make():
        tap.main()
    else:
        print("1..0 # SKIP the archive has no source of the root's libvirt; make the root again")
