# SPDX-License-Identifier: GPL-2.0-or-later
"""The web server of the sandbox's LAN: answers NetworkManager's connectivity check, and everything
else with the address that asked."""

import http.server
import ipaddress
import socket


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith('/online'):
            body = b'NetworkManager is online\n'
        else:
            address = ipaddress.ip_address(self.client_address[0])
            body = f'LAN sees {address.ipv4_mapped or address}\n'.encode()
        self.send_response(200)
        self.send_header('X-NetworkManager-Status', 'online')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    # The default looks the client's name up, which may wait for a resolver.
    def address_string(self):
        return self.client_address[0]


class Server(http.server.ThreadingHTTPServer):
    """Of both IP versions."""
    address_family = socket.AF_INET6


Server(('::', 80), Handler).serve_forever()
