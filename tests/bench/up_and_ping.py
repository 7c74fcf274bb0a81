# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs on a host of the sandbox: activates PROFILE and prints the seconds until the guest with MAC
answers, at ADDRESS if given, else at the address that it leases.

    up_and_ping.py PROFILE MAC ADDRESS

An empty ADDRESS is none."""

import glob
import json
import subprocess
import sys
import time


def find_lease(mac):
    for path in glob.glob('/var/lib/libvirt/dnsmasq/*.status'):
        with open(path, encoding='utf-8') as file:
            text = file.read()
        try:
            leases = json.loads(text)
        except ValueError:  # being written
            continue
        for lease in leases:
            if lease['mac-address'] == mac:
                return lease['ip-address']
    return None


def answers(address):
    return address and subprocess.run(['ping', '-n', '-q', '-c', '1', '-W', '0.1', address],
                                      stdout=subprocess.DEVNULL, check=False).returncode == 0


def main():
    profile, mac, address = sys.argv[1:4]
    begin = time.monotonic()
    with subprocess.Popen(['nmcli', 'connection', 'up', profile], stdout=subprocess.DEVNULL) as up:
        while not answers(address or find_lease(mac)):
            time.sleep(0.01)
        answered = time.monotonic()
        if up.wait():
            sys.exit('nmcli failed')
    print(answered - begin)


main()
