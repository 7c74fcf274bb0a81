# SPDX-License-Identifier: GPL-2.0-or-later
"""What systemd does with a libvirt daemon and its sockets: `socket_unit.py DAEMON ARGUMENT...`. Listens, starts the
daemon for the first connection and after it has ended, and hands it the sockets.

SIGTERM   systemctl stop DAEMON.socket DAEMON.service
SIGUSR1   systemctl stop DAEMON.service
SIGHUP    systemctl restart DAEMON.service"""

import fcntl
import os
import select
import signal
import socket
import sys

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGCHLD)
FIRST_FD = 3  # sd_listen_fds(3)


class Unit:
    def __init__(self, daemon, arguments):
        self.daemon = daemon
        self.arguments = arguments
        self.child = None
        self.ends = self.restarts = False
        self.wakeup, sender = socket.socketpair()
        sender.setblocking(False)
        signal.set_wakeup_fd(sender.detach())
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        os.makedirs('/run/libvirt', exist_ok=True)
        self.sockets = {f'{daemon}{kind}.socket': self.listen(f'/run/libvirt/{daemon}{path}')
                        for kind, path in (('', '-sock'), ('-ro', '-sock-ro'), ('-admin', '-admin-sock'))}

    @staticmethod
    def listen(path):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(path)
        os.chmod(path, 0o666)
        sock.listen(64)
        return sock

    def start(self):
        self.restarts = False
        self.child = os.fork()
        if self.child:
            return
        # Above the numbers that the daemon expects, so that none is overwritten.
        copies = [fcntl.fcntl(sock, fcntl.F_DUPFD_CLOEXEC, 64) for sock in self.sockets.values()]
        for number, copy in enumerate(copies, FIRST_FD):
            os.dup2(copy, number)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(copies)),
                          LISTEN_FDNAMES=':'.join(self.sockets))
        os.execvp(self.daemon, [self.daemon, *self.arguments])

    def stop(self):
        if self.child:
            os.kill(self.child, signal.SIGTERM)

    def end(self):
        for sock in self.sockets.values():
            os.unlink(sock.getsockname())
        sys.exit()

    def reap(self):
        pid, status = os.waitpid(self.child, os.WNOHANG)
        if pid:
            self.child = None
            print(f'{self.daemon} has ended with {os.waitstatus_to_exitcode(status)}', file=sys.stderr, flush=True)

    def on_signal(self, number):
        if number == signal.SIGCHLD and self.child:
            self.reap()
        self.ends |= number == signal.SIGTERM
        self.restarts |= number == signal.SIGHUP
        if number != signal.SIGCHLD:
            self.stop()

    def run(self):
        while True:
            if self.ends and not self.child:
                self.end()
            if self.restarts and not self.child:
                self.start()
            readable = select.select([self.wakeup, *([] if self.child else self.sockets.values())], [], [])[0]
            if self.wakeup in readable:
                for number in self.wakeup.recv(64):
                    self.on_signal(number)
            else:
                self.start()


Unit(sys.argv[1], sys.argv[2:]).run()
