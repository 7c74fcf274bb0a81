# SPDX-License-Identifier: GPL-2.0-or-later
"""A mock systemd, which runs the helper's unit like systemd 252 and newer. A start while the unit runs changes nothing; a
start after STOPPING=1 waits until the process has ended."""

import os
import socket
import subprocess
import time

from gi.repository import Gio, GLib

NAME = 'org.freedesktop.systemd1'
PATH = '/org/freedesktop/systemd1'
UNIT = 'nm-macvtap-dispatcher.service'
NOTIFY = '/run/systemd/notify'
XML = f'''<node><interface name='{NAME}.Manager'><method name='StartUnit'>
<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='o' direction='out'/></method></interface></node>'''


class Systemd:
    """REFUSAL: the error of a start, for example UnitMasked. ENDING is called when the helper announces its end. systemd
    notices the end of the process after DELAY seconds."""

    def __init__(self, host, address, refusal=None):
        self.host = host
        self.refusal = refusal
        self.ending = lambda: None
        self.delay = 0
        self.ended = None
        self.starts = []
        self.runs = 0
        self.process = None
        self.stopping = self.waiting = False
        os.makedirs('/run/systemd/system')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(NOTIFY)
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        info = Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0]
        self.connection.register_object(PATH, info, self.on_call, None, None)
        self.connection.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                  'RequestName', GLib.Variant('(su)', (NAME, 4)), None, 0, -1, None)
        GLib.timeout_add(10, self.look)

    def on_call(self, connection, sender, path, interface, method, parameters, invocation):
        self.starts.append(parameters.unpack())
        if self.refusal:
            invocation.return_dbus_error(f'{NAME}.{self.refusal}', 'refused by the test')
            return
        self.look()
        if not self.process:
            self.run()
        elif self.stopping:
            self.waiting = True
        invocation.return_value(GLib.Variant('(o)', ('/job',)))

    def run(self):
        self.runs += 1
        self.stopping = self.waiting = False
        self.process = subprocess.Popen([self.host.programs.dispatcher, '--queued'], stdin=subprocess.DEVNULL,
                                        stdout=self.host.log_file, stderr=self.host.stderr,
                                        env={**os.environ, 'NOTIFY_SOCKET': NOTIFY})

    def look(self):
        """Handles what systemd is notified of, in systemd's order: notifications before the end of a process."""
        is_over = self.process and self.process.poll() is not None
        if self.is_notified() and not self.stopping:
            self.stopping = True
            GLib.idle_add(self.ending)
        if is_over:
            self.ended = self.ended or time.monotonic()
            if time.monotonic() >= self.ended + self.delay:
                self.end()
        return True

    def is_notified(self):
        try:
            return self.socket.recv(4096) == b'STOPPING=1'
        except BlockingIOError:
            return False

    def end(self):
        self.process = self.ended = None
        if self.waiting:
            self.run()
