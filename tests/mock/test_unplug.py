# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that start while their profile of mode isolated is down: the dispatcher helper sets their link down."""

import os
import subprocess

import mock
from host import check, equal

ALIAS = 'ua-nm-macvtap-1c3d5bb9'
NETWORK = ("<network><name>isolated</name><bridge name='virbr1'/><ip address='192.168.254.1' prefix='24'/></network>")
GUEST = ("<domain type='qemu'><name>{name}</name><memory>65536</memory><os><type>hvm</type></os><devices>"
         "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
         "<interface type='network'><mac address='52:54:00:00:00:0{n}'/><source network='isolated'/>"
         "<alias name='{alias}'/></interface></devices></domain>")
DONE = "unplug guests of 'guests'"


def start_guests(host, *names):
    """With the interface that the profile made, and its link up."""
    host.at_start(f'define-network "{NETWORK}"', 'start-network isolated')
    for n, name in enumerate(names):
        host.at_start(f'define "{GUEST.format(name=name, n=n, alias=ALIAS)}"', f'start {name}')


def start_helper(host):
    """Its log has each edit."""
    return subprocess.Popen([host.programs.dispatcher], stdout=host.log_file, stderr=host.stderr,
                            env={**os.environ, 'G_MESSAGES_DEBUG': 'all'})


def finish(host, helper):
    host.wait(lambda: helper.poll() is not None, 'the helper to end')
    equal(helper.returncode, 0, 'exit code')


def edited(host, name):
    return f"nic-update of '{name}'" in host.messages()


def test_guest_that_starts_while_the_profile_is_down_is_unplugged(host):
    host.add_profile('isolated')
    start_guests(host, 'alpha')
    finish(host, start_helper(host))
    check(DONE in host.messages(), 'no word of it in the log')
    check(edited(host, 'alpha'), 'the link is up')


def test_guest_whose_profile_is_up_is_left_alone(host):
    profile = host.add_profile('isolated')
    host.up(profile)
    start_guests(host, 'alpha')
    check(DONE not in host.refresh()[1], 'the guest was unplugged')


def test_guest_keeps_its_link_if_the_profile_says_so(host):
    host.add_profile('isolated', on_disconnect='keep')
    start_guests(host, 'alpha')
    check(DONE not in host.refresh()[1], 'the guest was unplugged')


def test_libvirt_that_does_not_run_is_not_started(host):
    host.add_profile('isolated')
    start_guests(host, 'alpha')
    host.at_start('fall-asleep')
    equal(host.refresh(), (0, ''), 'what the helper does')


def test_guest_that_is_still_being_resumed_is_tried_again(host):
    """The guest delays no other guest and no other event."""
    host.add_profile('isolated')
    start_guests(host, 'alpha', 'beta')
    host.at_start('hang "nic-update live alpha"')
    helper = start_helper(host)
    host.wait(lambda: edited(host, 'beta'), 'the link of beta to go down')
    host.wait(lambda: "guest 'alpha': another operation holds the guest" in host.messages(), 'a second round')
    check(not edited(host, 'alpha'), 'alpha is not held')
    host.hypervisor('release', helper)
    finish(host, helper)
    check(edited(host, 'alpha'), 'the link of alpha is up')


def test_guest_that_refuses_is_named_in_the_journal(host):
    host.add_profile('isolated')
    start_guests(host, 'alpha')
    host.at_start('fail "nic-update live alpha" "no links today"')
    equal(host.refresh()[0], 1, 'exit code')
    check('no links today' in host.messages(), 'no word of it in the log')
    host.refresh()
    equal(host.messages().count('no links today'), 1, 'lines in the log')


if __name__ == '__main__':
    mock.main()
