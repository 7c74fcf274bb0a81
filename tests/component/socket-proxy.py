#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Passes connections to one Unix socket on to another: `socket-proxy.py LISTEN TARGET`. Its end breaks all of them.
With virtnetworkd's socket it stands in for a virtnetworkd behind libvirtd."""

import os
import socket
import sys
import threading


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for sock in (source, target):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main(path, target):
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    while True:
        client, _ = listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(target)
        for pair in ((client, server), (server, client)):
            threading.Thread(target=copy, args=pair, daemon=True).start()


main(*sys.argv[1:])
