# SPDX-License-Identifier: GPL-2.0-or-later
"""Process 1 of a sandbox machine: what systemd, journald and udev are on a real one, as far as
NetworkManager and libvirt need them.

* starts and signals services on request (JSON lines on stdin, one answer each on stdout) and ends,
  and with it everything in the machine, when stdin ends;
* reads /dev/log, /run/systemd/journal/socket and /run/systemd/journal/stdout and writes what
  arrives, one JSON object per line, to /var/log/journal;
* makes and removes the device nodes of macvtap links (device_nodes.py).
"""

import array
import contextlib
import json
import os
import re
import selectors
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # Python runs isolated
import device_nodes

JOURNAL = '/var/log/journal'
STDOUT_SOCKET = '/run/systemd/journal/stdout'


class Journal:
    """The log sockets of the machine and the file that they end in."""

    def __init__(self, selector):
        self.selector = selector
        self.traps = {}
        self.out = open(JOURNAL, 'a', encoding='utf-8')
        os.makedirs('/run/systemd/journal', exist_ok=True)
        self.listen('/dev/log', socket.SOCK_DGRAM, self.on_syslog)
        self.listen('/run/systemd/journal/socket', socket.SOCK_DGRAM, self.on_native)
        self.listen(STDOUT_SOCKET, socket.SOCK_STREAM, self.on_stream)

    def listen(self, path, kind, callback):
        sock = socket.socket(socket.AF_UNIX, kind)
        sock.bind(path)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        os.chmod(path, 0o666)
        if kind == socket.SOCK_STREAM:
            sock.listen(64)
        self.selector.register(sock, selectors.EVENT_READ, callback)

    def write(self, fields):
        # libvirt names itself only by the source of a message.
        fields.setdefault('SYSLOG_IDENTIFIER', 'libvirt' if 'LIBVIRT_SOURCE' in fields else 'unknown')
        fields['TIME'] = round(time.time(), 6)
        self.out.write(json.dumps(fields) + '\n')
        self.out.flush()

    def on_syslog(self, sock):
        text = sock.recv(65536).decode(errors='replace')
        match = re.match(r'<(\d+)>(?:\w{3} [ \d]\d \d\d:\d\d:\d\d )?([^:\[ ]*)(?:\[(\d+)\])?: ?(.*)',
                         text, re.DOTALL)
        if match:
            priority, identifier, pid, message = match.groups()
            self.write({'PRIORITY': str(int(priority) & 7), 'SYSLOG_IDENTIFIER': identifier,
                        'SYSLOG_PID': pid or '', 'MESSAGE': message.rstrip('\n\0')})
        else:
            self.write({'SYSLOG_IDENTIFIER': 'syslog', 'MESSAGE': text.rstrip('\n\0')})

    def on_native(self, sock):
        pid = None
        data, ancillary, _, _ = sock.recvmsg(1 << 20, socket.CMSG_SPACE(struct.calcsize('i'))
                                             + socket.CMSG_SPACE(struct.calcsize('iii')))
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                pid = struct.unpack('iii', content)[0]
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds = array.array('i')
                fds.frombytes(content)
                for fd in fds:  # an entry too large for a datagram
                    with os.fdopen(fd, 'rb') as file:
                        file.seek(0)
                        data = file.read()
        fields = self.parse_native(data)
        if pid and fields.get('MESSAGE') in self.traps:
            with contextlib.suppress(ProcessLookupError):  # it was quicker
                os.kill(pid, self.traps.pop(fields['MESSAGE']))
        self.write(fields)

    def trap(self, message, number):
        """The next program that writes MESSAGE to the journal gets signal NUMBER at that moment."""
        self.traps[message] = number
        return {}

    @staticmethod
    def parse_native(data):
        fields = {}
        while data:
            line, _, data = data.partition(b'\n')
            name, equals, value = line.partition(b'=')
            if not equals and line:  # a value with line breaks is preceded by its length
                size, = struct.unpack('<Q', data[:8])
                value, data = data[8:8 + size], data[8 + size + 1:]
            if name:
                fields[name.decode(errors='replace')] = value.decode(errors='replace')
        return fields

    def on_stream(self, sock):
        stream, _ = sock.accept()
        buffer = {'head': 7, 'rest': b'', 'identifier': ''}

        def on_data(stream):
            data = stream.recv(65536)
            if not data:
                self.selector.unregister(stream)
                stream.close()
            *lines, buffer['rest'] = (buffer['rest'] + data).split(b'\n')
            for line in lines + ([buffer['rest']] if not data and buffer['rest'] else []):
                text = line.decode(errors='replace')
                if buffer['head']:  # seven lines about the stream; the first is the identifier
                    if buffer['head'] == 7:
                        buffer['identifier'] = text
                    buffer['head'] -= 1
                elif text.strip():
                    self.write({'SYSLOG_IDENTIFIER': buffer['identifier'], 'MESSAGE': text,
                                '_TRANSPORT': 'stdout'})

        self.selector.register(stream, selectors.EVENT_READ, on_data)


def connect_stream(identifier):
    """A standard error as systemd gives it to a service: programs recognise the journal by it."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(STDOUT_SOCKET)
    sock.send(f'{identifier}\n\n6\n0\n0\n0\n0\n'.encode())
    return sock


class Services:
    """Children of process 1, by name."""

    def __init__(self):
        self.pids = {}
        self.ended = {}
        signal.signal(signal.SIGCHLD, self.on_child)

    def on_child(self, *_):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for name, known in list(self.pids.items()):
                if known == pid:
                    del self.pids[name]
                    self.ended[name] = os.waitstatus_to_exitcode(status)

    def start(self, name, argv):
        if name in self.pids:
            return {'error': f'{name} is already running'}
        self.ended.pop(name, None)
        stream = connect_stream(name)
        pid = os.fork()
        if not pid:
            try:
                os.setsid()
                for number in (signal.SIGCHLD, signal.SIGPIPE):
                    signal.signal(number, signal.SIG_DFL)
                os.dup2(os.open('/dev/null', os.O_RDONLY), 0)
                os.dup2(stream.fileno(), 1)
                os.dup2(stream.fileno(), 2)
                os.execvp(argv[0], argv)
            except OSError as error:
                os.write(2, f'{argv[0]}: {error}\n'.encode())
            finally:
                os._exit(127)
        stream.close()
        self.pids[name] = pid
        return {'pid': pid}

    def signal(self, name, number):
        if name in self.pids:
            os.kill(self.pids[name], number)
        return self.status(name)

    def status(self, name):
        return {'pid': self.pids.get(name), 'ended': self.ended.get(name)}


def main():
    device_nodes.follow()
    selector = selectors.DefaultSelector()
    journal = Journal(selector)
    services = Services()
    requests = {'start': services.start, 'signal': services.signal, 'status': services.status,
                'trap': journal.trap}
    pending = [b'']

    def on_request(_):
        data = os.read(0, 65536)
        if not data:
            sys.exit()
        *lines, pending[0] = (pending[0] + data).split(b'\n')
        for line in lines:
            name, *arguments = json.loads(line)
            answer(requests[name](*arguments))

    def answer(value):
        os.write(1, json.dumps(value).encode() + b'\n')

    selector.register(0, selectors.EVENT_READ, on_request)
    answer('ready')
    while True:
        for key, _ in selector.select():
            key.data(key.fileobj)


main()
