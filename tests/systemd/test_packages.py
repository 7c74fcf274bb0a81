#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Installs, upgrades, removes and purges the Debian packages on a host with Debian's own systemd, udev, dbus and
socket-activated libvirt. The steps build on each other, so the first failure ends the program.

    test_packages.py DIRECTORY     with the packages"""

import json
import time

import installed
from booted import Booted
from cases import SOURCE, check, equal
from installed import HELPER, REFRESH, SUGGESTED, install, interfaces, profiles, refreshes, services, starts, wait_idle

GUEST = '''<domain type='qemu'><name>alpha</name><memory unit='MiB'>16</memory><os><type>hvm</type></os><devices>
<interface type='direct'><mac address='52:54:00:00:00:01'/><source dev='eth0' mode='bridge'/></interface>
<memballoon model='none'/></devices></domain>'''


def host_sources(host):
    """What the Name Service Switch asks for hosts."""
    return host.run('sed', '-n', 's/^hosts://p', '/etc/nsswitch.conf').split()


def step_install(host):
    text = install(host)
    check('rror' not in text, text)
    equal(host.run('stat', '-c', '%a %U', '/run/nm-macvtap'), '711 root', 'mode of the run directory')
    wait_idle(host)
    check(starts(host) > 0, 'the installation has not started the helper')
    equal(host.run('systemctl', '--failed', '--plain', '--no-legend'), '', 'units that failed')
    for unit in (HELPER, REFRESH):  # at most 3.0
        host.run('systemd-analyze', 'security', '--threshold=30', unit)
    check('macvtap' in host_sources(host), 'the NSS module is not in use')
    host.run('nmcli', 'connection', 'add', 'type', 'vpn', 'vpn-type', 'macvtap', 'con-name', 'first', 'autoconnect', 'no')
    host.run('nmcli', 'connection', 'delete', 'first')


def step_libvirt_sleeps(host):
    """Read-only commands do not start it."""
    host.run('systemctl', 'stop', 'libvirtd.service')
    before = starts(host)
    host.run('nmcli', 'connection', 'up', 'eth0')
    host.wait(lambda: starts(host) > before, 'the hook to start the unit')
    wait_idle(host)
    check(not host.is_active('libvirtd.service'), 'libvirtd was started')


def step_first_guest(host):
    """libvirtd is already running, and NetworkManager has no event."""
    host.run('virsh', 'version')
    host.wait(lambda: starts(host) > 0, 'the refresh after the start of libvirtd')
    time.sleep(1)
    wait_idle(host)
    check(SUGGESTED not in profiles(host), 'a profile is suggested without a guest')
    host.run('virsh', 'define', '/dev/stdin', stdin=GUEST)
    host.run('virsh', 'start', 'alpha')
    host.wait(lambda: SUGGESTED in profiles(host), 'the suggested profile')
    wait_idle(host)


def step_activate(host):
    """The host link is also a macvtap device, but belongs to no guest."""
    before = refreshes(host)
    check(before > 0, 'no refresh')
    for name, base, data in (('isolated', 'lo', 'mode=isolated'), ('share', 'eth0', 'mode=share, parent=eth0')):
        host.run('nmcli', 'connection', 'add', 'type', 'vpn', 'vpn-type', 'macvtap', 'con-name', name, 'autoconnect', 'no',
                 'vpn.data', data)
        host.run('nmcli', 'connection', 'up', name, 'ifname', base)
    status = json.loads(host.run('nm-macvtap', '--json', 'status', check=False))
    equal({item['id']: item['state'] for item in status['profiles'] if not item['id'].startswith('Guests')},
          {'isolated': 'active', 'share': 'active'}, 'states')
    equal(interfaces(host), 2, 'interfaces of the guest')
    wait_idle(host)
    equal(refreshes(host), before, 'refreshes')


def step_upgrade(host):
    """Active profiles stay active, with the same processes."""
    before = services(host)
    equal(len(before), 2, 'services')
    install(host)
    wait_idle(host)
    equal(services(host), before, 'services after the upgrade')
    equal([profiles(host)[name] for name in ('isolated', 'share')], ['activated'] * 2, 'states')


def step_restart_of_networkmanager(host):
    host.run('systemctl', 'restart', 'NetworkManager')
    host.wait(lambda: [profiles(host).get(name) for name in ('isolated', 'share')] == ['activated'] * 2,
              'the profiles to be active again', 60)
    wait_idle(host)


def step_libvirt_stays_stopped(host):
    """Even while a profile is active. The next activation starts it."""
    host.run('nmcli', 'connection', 'down', 'share')
    # A connection to a libvirtd that is being stopped makes systemd start it again.
    wait_idle(host)
    host.run('systemctl', 'stop', 'libvirtd')
    before = starts(host)
    host.run('nmcli', 'connection', 'up', 'eth0')
    host.wait(lambda: starts(host) > before, 'the hook to start the unit')
    time.sleep(3)
    wait_idle(host)
    check(not host.is_active('libvirtd.service'), 'libvirtd runs again')
    equal(profiles(host)['isolated'], 'activated', 'state')
    host.run('nmcli', 'connection', 'up', 'share', 'ifname', 'eth0')
    check(host.is_active('libvirtd.service'), 'libvirtd does not run')


def step_no_leftover_process(host):
    """The helper is not in the control group of NetworkManager's dispatcher."""
    host.wait(lambda: not host.is_active('NetworkManager-dispatcher.service'), 'the end of the dispatcher', 30)
    check('remains running after unit stopped' not in host.journal('-u', 'NetworkManager-dispatcher'),
          host.journal('-u', 'NetworkManager-dispatcher'))


def step_remove(host):
    text = host.run('dpkg', '-r', 'network-manager-macvtap-gnome', 'network-manager-macvtap', 'libnss-macvtap',
                    timeout=200)
    check('macvtap' not in host_sources(host), 'the NSS module is still in use')
    for name in ('isolated', 'share'):
        check(f"'{name}' is deactivated" in text, text)
    equal(services(host), [], 'services')
    check('nmmv' not in host.run('ip', 'link'), 'a host link is left')
    check(SUGGESTED not in profiles(host), 'a suggested profile is left')
    equal(sorted(name for name in profiles(host) if name != 'lo'), ['eth0', 'isolated', 'share'], 'profiles')
    equal(interfaces(host), 1, 'interfaces of the guest')
    check('isolated' not in host.run('virsh', 'net-list', '--all'), 'the network is left')
    host.run('virsh', 'destroy', 'alpha')
    host.run('virsh', 'start', 'alpha')


def step_purge(host):
    host.run('dpkg', '-P', 'network-manager-macvtap-gnome', 'network-manager-macvtap', 'libnss-macvtap')
    equal(host.run('find', '/', '-xdev', '-name', '*nm-macvtap*', '-not', '-path', '/proc/*', '-not', '-path', '/tmp/*'), '',
          'files')


def step_install_again(host):
    host.run('nmcli', 'connection', 'modify', 'isolated', 'connection.autoconnect', 'yes')
    install(host)
    host.wait(lambda: profiles(host)['isolated'] == 'activated', 'the profile to be activated')
    wait_idle(host)
    equal(profiles(host)['share'], '', "state of the profile without autoconnect")


def step_reboot(host):
    """The refresh does not wait for libvirtd, and its start brings the profile."""
    host.run('mkdir', '-p', '/etc/systemd/system/libvirtd.service.d')
    host.run('tee', '/etc/systemd/system/libvirtd.service.d/slow.conf', stdin='[Service]\nExecStartPre=sleep 8\n')
    host.power_off()
    host.start()
    host.wait(lambda: profiles(host)['isolated'] == 'activated', 'the profile to be activated', 60)
    wait_idle(host)
    name = 'ExecMainExitTimestampMonotonic'
    refreshed = int(host.properties(REFRESH, name)[name])
    name = 'ActiveEnterTimestampMonotonic'
    libvirt = int(host.properties('libvirtd.service', name)[name])
    check(0 < refreshed < libvirt, f'refresh at {refreshed}, libvirtd at {libvirt}')
    equal(profiles(host)['share'], '', 'state of the profile without autoconnect')
    host.run('rm', '-r', '/etc/systemd/system/libvirtd.service.d')


def step_autopkgtest(host):
    host.run('nmcli', 'connection', 'delete', 'isolated', 'share')
    host.run('virsh', 'undefine', 'alpha')
    host.copy(f'{SOURCE}/debian/tests/host', '/tmp/host')
    host.run('sh', '/tmp/host', timeout=200)


def step_poweroff(host):
    """While a profile is active, and without waiting for it."""
    host.run('nmcli', 'connection', 'add', 'type', 'vpn', 'vpn-type', 'macvtap', 'con-name', 'isolated')
    host.run('nmcli', 'connection', 'up', 'isolated', 'ifname', 'lo')
    host.power_off()


if __name__ == '__main__':
    installed.main(Booted)
