# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode isolated and guests that are saved while the profile goes down: they can be resumed."""

import json

import profiles
import tap
from tap import check, equal

BOOT = 'cat /proc/sys/kernel/random/boot_id'


def save(guest):
    guest.disconnect()
    guest.virsh('managedsave')
    equal(guest.state(), 'shut off', f'state of {guest.name}')


def resume(guest, boot):
    """Not a fresh start."""
    guest.virsh('start')
    guest.host.wait_for(lambda: guest.run(BOOT, timeout=10)[1] == boot, f'{guest.name} to be resumed', 60)


def networks(host):
    """Without the one that libvirt itself brings."""
    return [name for name in host.virsh('net-list', '--all', '--name').stdout.split() if name != 'default']


def cleanup(host):
    return host.run(['nm-macvtap', 'cleanup', '--yes'], check=False).stdout


def status(host):
    result = host.run(['nm-macvtap', 'status', '--json'], check=False)
    return json.loads(result.stdout)


@tap.host()
def test_network_stays_while_a_saved_guest_needs_it(host):
    alpha, = host.running_guests('alpha')
    boot = alpha.run(BOOT)[1]
    profiles.add_by_hand(host, on_disconnect='remove')
    profiles.up(host)
    profiles.reach(host, alpha)
    save(alpha)
    profiles.down(host)
    equal(profiles.our_nics(alpha, inactive=True), [], 'interfaces of ours in the definition')
    equal(networks(host), ['isolated'], 'networks')
    check(any("the managed save image of guest 'alpha'" in text for text in profiles.messages(host)),
          f'no word of it in the journal: {profiles.messages(host)}')
    kept, = status(host)['kept-networks']
    equal((kept['network'], kept['needed-by']), ('isolated', "the managed save image of guest 'alpha'"), 'status')
    check("'alpha'" in cleanup(host), 'cleanup does not name the guest')
    equal(networks(host), ['isolated'], 'networks after cleanup')

    resume(alpha, boot)
    check(alpha.ping(host.lan.gateway()), 'the guest does not reach the LAN')
    equal(status(host)['kept-networks'], [], 'status once nothing is saved')
    # The interface that the image brought back, and then the network.
    cleanup(host)
    host.wait_for(lambda: not profiles.our_nics(alpha), 'the interface to go', 20)
    cleanup(host)
    equal(networks(host), [], 'networks in the end')


@tap.host()
def test_network_stays_while_a_snapshot_needs_it(host):
    alpha, = host.running_guests('alpha')
    profiles.add_by_hand(host, on_disconnect='remove')
    profiles.up(host)
    profiles.reach(host, alpha)
    alpha.virsh('snapshot-create-as', '--name', 'clean', '--memspec', 'file=/run/guests/clean.memory')
    profiles.down(host)
    equal(profiles.our_nics(alpha), [], 'interfaces of ours in the guest')
    equal(networks(host), ['isolated'], 'networks')
    kept, = status(host)['kept-networks']
    equal(kept['needed-by'], "snapshot 'clean' of guest 'alpha'", 'status')
    alpha.virsh('snapshot-delete', '--snapshotname', 'clean', '--metadata')
    cleanup(host)
    equal(networks(host), [], 'networks in the end')


@tap.host()
def test_guest_resumed_while_the_profile_is_down_is_unplugged(host):
    alpha, beta = host.running_guests('alpha', 'beta')
    boot = alpha.run(BOOT)[1]
    profiles.add_by_hand(host)
    profiles.up(host)
    profiles.reach(host, alpha)
    beta.destroy()
    save(alpha)
    profiles.down(host)
    resume(alpha, boot)
    host.wait_for(lambda: profiles.carrier(alpha) == '0', 'the cable of the resumed guest to be unplugged', 30)
    beta.start().wait_ready()
    host.wait_for(lambda: profiles.carrier(beta) == '0', 'the cable of the started guest to be unplugged', 30)
    profiles.up(host)
    for guest in (alpha, beta):
        equal(profiles.carrier(guest), '1', f'carrier of {guest.name} while the profile is up')
        profiles.reach(host, guest)


if __name__ == '__main__':
    tap.main()
