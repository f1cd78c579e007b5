"""Connections that send at once."""

import socket

from parley_bot.pipeline.nagle import send_at_once
from parley_bot.server.health import Health
from parley_bot.server.http import HttpServer


def sends_at_once(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_every_connection_of_the_process_sends_at_once_and_nothing_is_closed() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        listener.accept()[0] as server,
        socket.socketpair()[0] as of_another_kind,
    ):
        assert not sends_at_once(client)
        assert send_at_once() >= 2
        assert sends_at_once(client)
        assert sends_at_once(server)
        client.sendall(b"there")
        assert server.recv(5) == b"there"
        assert of_another_kind.fileno() >= 0
        assert send_at_once() == 0


def test_the_room_is_served_on_a_socket_that_asyncio_knows_for_tcp() -> None:
    server = HttpServer("127.0.0.1", 0, Health())
    assert server._socket.proto == socket.IPPROTO_TCP
    server._socket.close()
