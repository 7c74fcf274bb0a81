# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody else is at work while the dispatcher's helper is: neither undoes what the other does."""

import profiles
import tap
from tap import check, equal
from test_dispatcher import active, settle, stays, told

MEMORY = '/run/nm-macvtap/dispatcher-memory'


@tap.host()
def test_person_has_the_last_word_while_a_device_is_restored(host):
    """Restoring takes 10 s where the device gets no address; what was decided before then may be old."""
    profiles.add(host, 'guests')
    profiles.add_by_hand(host, 'own', mode='move', parent='eth0')
    profiles.up(host, 'own', 'ifname', 'eth0')
    profiles.up(host, 'guests', 'ifname', 'lo')
    settle(host)
    host.lan.stop_service('dnsmasq')
    host.run(['pkill', '-9', '-x', 'nm-macvtap-serv'])

    # What is to be done is remembered before it is begun.
    host.wait_for(lambda: 'tried=true' in host.read(MEMORY), 'the helper to decide')
    profiles.up(host, 'guests', 'ifname', 'lo')
    host.nmcli('connection', 'down', 'guests')
    equal(told(host, 'gets no address'), 0, 'times that the helper has given up on eth0 already')
    settle(host)
    check(told(host, 'gets no address'), 'eth0 has got an address')
    equal(told(host, "activate 'guests'"), 0, 'times that the helper activated guests')
    stays(host, lambda: 'guests' not in active(host), 'guests came up, although a person had taken it down', 2)
    host.lan.start_dnsmasq()


if __name__ == '__main__':
    tap.main()
