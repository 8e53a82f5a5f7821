"""An address has its share of the connections; beyond it they are closed at once, and those of others are served."""

import socket

from attack import connect
from bystander import ADDRESS

ARGUMENTS = ["--set", "native_transport_max_concurrent_connections_per_ip=5"]


def test_connections_of_one_address_are_bounded(node):
    mine = [connect(node.address) for _ in range(8)]
    served = [is_closed(stream) for stream in mine].count(False)
    assert served == 5, served
    other = connect(node.address, source=ADDRESS)
    assert not is_closed(other)
    mine[0].close()


def is_closed(stream):
    """True if the node has closed the connection; it says nothing to one that it keeps."""
    stream.settimeout(2)
    try:
        return stream.recv(1) == b""
    except socket.timeout:
        return False
    except OSError:
        return True
