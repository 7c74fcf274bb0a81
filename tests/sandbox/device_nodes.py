# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes and removes the device nodes of the macvtap links of this network namespace in its own /dev, see private-dev.

    python3 device_nodes.py     goes on in the background when it listens"""

import os
import socket

NETLINK_KOBJECT_UEVENT = 15


def follow():
    """In a separate process, which comes before all others: libvirt waits for the node for 0.2 s after it has made the
    link, and other tests make the machine busy."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind((0, 1))
    if os.fork():
        sock.close()
        return
    os.close(0)
    os.close(1)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:  # in some control groups
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    while True:
        on_event(sock.recv(65536))


def on_event(data):
    fields = dict(field.split('=', 1) for field in data.decode(errors='replace').split('\0') if '=' in field)
    if fields.get('SUBSYSTEM') != 'macvtap' or 'DEVNAME' not in fields:
        return
    path = '/dev/' + fields['DEVNAME']
    if os.path.exists(path):
        os.unlink(path)
    if fields.get('ACTION') == 'add':
        os.mknod(path, 0o20600, os.makedev(int(fields['MAJOR']), int(fields['MINOR'])))


if __name__ == '__main__':
    follow()
