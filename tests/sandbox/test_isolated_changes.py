# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode isolated while it is up: guests, networks and daemons that come, change and go."""

import signal
import subprocess
import time

import profiles
import tap
from guest import network
from tap import check, equal


def has_ours(guest, inactive=True):
    return len(profiles.our_nics(guest, inactive)) == 1


@tap.host()
def test_guests_are_followed(host):
    profiles.add(host)
    profiles.up(host)

    # Defined, then started.
    alpha = host.guest('alpha').define()
    host.wait_for(lambda: has_ours(alpha), 'the interface in the definition of alpha')
    alpha.start().wait_ready()
    profiles.reach(host, alpha)

    # Cloned: another UUID, another name, other MACs, our alias copied along.
    clone_xml = (alpha.dumpxml(inactive=True).replace('<name>alpha</name>', '<name>clone</name>')
                 .replace(alpha.virsh('domuuid').stdout.strip(), '5f0c2a52-1d7e-4e51-8f4e-3a90c7a3f001')
                 .replace("address='52:", "address='56:"))
    host.write('/run/guests/clone.xml', clone_xml)
    clone = host.guest('clone')
    host.virsh('define', '/run/guests/clone.xml')
    host.wait_for(lambda: has_ours(clone) and profiles.our_mac(clone, True).startswith('52:'),
                  'the clone to have its own interface and MAC')
    check(profiles.our_mac(clone, True) != profiles.our_mac(alpha, True), 'clone and original share a MAC')

    # No macvtap NIC, then one, then none again; running and in the definition.
    host.start_nat_network()
    beta = host.guest('beta', [network('default')]).define().start().wait_ready()
    equal(profiles.our_nics(beta, True), [], 'interfaces of ours without a macvtap NIC')
    xml = "<interface type='direct'><mac address='52:54:00:77:77:77'/><source dev='eth0' mode='bridge'/>" \
          "<model type='virtio'/></interface>"
    host.write('/run/guests/nic.xml', xml)
    host.virsh('attach-device', 'beta', '/run/guests/nic.xml', '--live', '--config')
    host.wait_for(lambda: has_ours(beta) and has_ours(beta, False), 'beta to be served')
    profiles.reach(host, beta)
    host.virsh('detach-device', 'beta', '/run/guests/nic.xml', '--live', '--config')
    host.wait_for(lambda: not profiles.our_nics(beta, True) and not profiles.our_nics(beta, False),
                  'beta to be left alone again', 30)

    # Hidden behind a libvirt network.
    host.define_network("<network><name>lan</name><forward mode='bridge'><interface dev='eth0'/></forward></network>")
    hidden = host.guest('hidden', [network('lan')]).define().start().wait_ready()
    profiles.reach(host, hidden)

    # Gone.
    for guest in (hidden, beta):
        guest.destroy()
        guest.undefine()
    alpha.destroy()
    alpha.start().wait_ready()
    profiles.reach(host, alpha)
    equal(profiles.state(host), 'activated', 'state in the end')


@tap.host()
def test_network_stopped_from_outside_takes_the_profile_down(host):
    alpha, = host.running_guests('alpha')
    profiles.add(host)
    profiles.up(host)
    profiles.reach(host, alpha)
    host.virsh('net-destroy', 'isolated')
    host.wait_for(lambda: profiles.state(host) == '', 'the profile to go down')
    check(any("'isolated'" in text and 'stopped' in text for text in profiles.messages(host)),
          f'no reason in the journal: {profiles.messages(host)}')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    profiles.up(host)
    # The bridge is another one now, and libvirt leaves the running guest's interface beside it.
    profiles.reach(host, alpha)
    equal(host.nm_state(), 'connected:full', 'state')


@tap.host()
def test_network_restarted_from_outside_is_survived(host):
    alpha, = host.running_guests('alpha')
    profiles.add(host, isolate_guests='yes')
    profiles.up(host)
    profiles.reach(host, alpha)
    host.run('virsh net-destroy isolated && virsh net-start isolated')
    profiles.reach(host, alpha)
    equal(profiles.state(host), 'activated', 'state')
    port = profiles.our_nics(alpha)[0].find('target').get('dev')
    check('isolated on' in host.run(['bridge', '-d', 'link', 'show', 'dev', port]).stdout, 'the port is not isolated')


@tap.host()
def test_libvirtd_restart_is_survived(host):
    alpha, = host.running_guests('alpha')
    profiles.add(host)
    profiles.up(host)
    profiles.reach(host, alpha)
    host.stop_libvirtd()
    # What happens meanwhile: another guest's definition appears.
    beta = host.guest('beta')
    host.wait_for(lambda: any('libvirt' in text and 'lost' in text or 'closed' in text or 'again' in text
                              for text in profiles.messages(host)), 'a word of it in the journal')
    equal(profiles.state(host), 'activated', 'state without libvirtd')
    host.write('/etc/libvirt/qemu/beta.xml', beta.xml())
    host.start_libvirtd()
    host.wait_for(lambda: has_ours(beta), 'what happened meanwhile to be caught up with', 40)
    gamma = host.guest('gamma').define()
    host.wait_for(lambda: has_ours(gamma), 'events to be followed again')
    profiles.reach(host, alpha)
    equal(profiles.state(host), 'activated', 'state')


@tap.host()
def test_killed_service_leaves_no_duplicates(host):
    alpha, = host.running_guests('alpha')
    profiles.add(host)
    profiles.up(host)
    address = profiles.reach(host, alpha)
    before = profiles.definitions(host)
    online = host.nm_state()
    host.run(['kill', '-9', *profiles.services(host)])
    host.wait_for(lambda: profiles.state(host) == '', 'NetworkManager to notice')
    equal(host.nm_state(), online, 'state of NetworkManager')
    profiles.up(host)
    equal(profiles.definitions(host), before, 'definitions')
    equal(len(alpha.links()), 2, 'NICs that the guest sees')
    equal(profiles.reach(host, alpha), address, 'address')


@tap.host()
def test_network_manager_killed(host):
    alpha, = host.running_guests('alpha')
    profiles.add(host)
    profiles.up(host)
    address = profiles.reach(host, alpha)
    host.stop_nm(signal.SIGKILL)
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    profiles.unreachable(host, alpha, address)
    host.start_nm()
    profiles.up(host)
    equal(profiles.reach(host, alpha), address, 'address')


@tap.host()
def test_hanging_libvirtd_never_blocks_down(host):
    alpha, = host.running_guests('alpha')
    profiles.add(host)
    profiles.up(host)
    profiles.reach(host, alpha)
    host.signal_service('libvirtd', signal.SIGSTOP)
    host.nmcli('connection', 'down', 'guests', timeout=15)
    equal(profiles.state(host), '', 'state after down')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 60)
    host.signal_service('libvirtd', signal.SIGCONT)
    profiles.up(host)
    profiles.reach(host, alpha)


@tap.host()
def test_tuned_interface_stays_as_it_is(host):
    alpha, = host.running_guests('alpha')
    profiles.add(host)
    profiles.up(host)
    # A user tunes our interface: in the definition, then the guest starts with it.
    tuned = ("<driver queues='2' rx_queue_size='512'/><mtu size='1400'/>"
             "<filterref filter='no-spoof'/><alias name='")
    host.write('/run/guests/filter.xml', "<filter name='no-spoof'><rule action='drop' direction='out'>"
               "<mac match='no' srcmacaddr='$MAC'/></rule></filter>")
    host.virsh('nwfilter-define', '/run/guests/filter.xml')
    xml = alpha.dumpxml(inactive=True).replace(f"<alias name='{profiles.ALIAS}",
                                               f"{tuned}{profiles.ALIAS}")
    host.write('/run/guests/tuned.xml', xml)
    host.virsh('define', '/run/guests/tuned.xml')
    definition = profiles.definitions(host)
    alpha.destroy()
    alpha.start().wait_ready()
    address = profiles.reach(host, alpha)
    profiles.down(host)
    profiles.unreachable(host, alpha, address)
    check(not any('restart' in text for text in profiles.messages(host)), 'a restart is needed')
    nic = profiles.our_nics(alpha)[0]
    equal((nic.find('driver').get('queues'), nic.find('mtu').get('size'), nic.find('filterref').get('filter')),
          ('2', '1400', 'no-spoof'), 'tuned elements while down')
    profiles.up(host)
    profiles.reach(host, alpha)
    nic = profiles.our_nics(alpha)[0]
    equal(nic.find('filterref').get('filter'), 'no-spoof', 'filter')
    equal(profiles.definitions(host), definition, 'definitions')


@tap.host()
def test_guest_held_by_a_save_delays_no_other(host):
    alpha, beta = host.running_guests('alpha', 'beta')
    host.run('mkfifo /run/save-pipe')
    # Opened for both, so that it never blocks; nothing is read: the disk hangs.
    reader = host.popen(['sh', '-c', 'exec 7<>/run/save-pipe; read line; timeout 60 cat <&7 >/dev/null'],
                        stdin=subprocess.PIPE)
    save = host.popen(['virsh', 'save', 'alpha', '/run/save-pipe'])
    host.wait_for(lambda: 'Save' in host.virsh('domjobinfo', 'alpha').stdout, 'the save to hold alpha')
    profiles.add_by_hand(host)
    profiles.up(host)
    profiles.reach(host, beta)
    host.wait_for(lambda: any("'alpha'" in text and 'holds the guest' in text for text in profiles.messages(host)),
                  'the journal to say why alpha waits')
    check(not has_ours(alpha), 'alpha is served')
    time.sleep(40)
    equal(profiles.state(host), 'activated', 'state after libvirt gave up waiting')
    check(not has_ours(alpha), 'alpha is served')
    reader.stdin.write(b'\n')
    reader.stdin.close()
    host.wait_for(lambda: has_ours(alpha), 'alpha to be served when it is free', 10)
    save.wait()
    reader.kill()


if __name__ == '__main__':
    tap.main()
