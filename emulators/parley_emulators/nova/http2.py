"""HTTP/2 on asyncio: many streams on a connection, flow control both ways, and every rude way to end one."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import cast

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

_log = logging.getLogger(__name__)


class StreamClosedError(Exception):
    """The stream or its connection is gone; nothing more can be sent on it."""


type Handler = Callable[["Stream"], Awaitable[None]]


class Stream:
    """One request and its response. `receive` and `send` wait as flow control asks."""

    def __init__(self, connection: "Connection", stream_id: int, headers: dict[str, str]) -> None:
        self.headers = headers
        self._connection = connection
        self._id = stream_id
        self._arrived: asyncio.Queue[tuple[bytes, int] | None] = asyncio.Queue()
        self._window = asyncio.Event()
        self._input_ended = False
        self._closed = False

    async def receive(self) -> bytes | None:
        """The next bytes of the request; None when the client has ended it, reset it or gone."""
        item = await self._arrived.get()
        if item is None:
            return None
        data, flow_controlled = item
        self._connection.acknowledge(self._id, flow_controlled)
        return data

    def respond(self, status: int, headers: dict[str, str]) -> None:
        """Send the response's headers.

        Raises:
            StreamClosedError: The stream is gone.
        """
        fields = [(":status", str(status)), *headers.items()]
        self._attempt(lambda h2c: h2c.send_headers(self._id, fields))

    async def send(self, data: bytes, *, end: bool = False) -> None:
        """Send bytes of the response; `end` ends it.

        Raises:
            StreamClosedError: The stream is gone.
        """
        rest = memoryview(data)
        while rest:
            size = await self._sendable(len(rest))
            chunk, rest = bytes(rest[:size]), rest[size:]
            self._attempt(lambda h2c, chunk=chunk: h2c.send_data(self._id, chunk))  # type: ignore[misc]  # the default binds the loop's value
        if end:
            self._attempt(lambda h2c: h2c.end_stream(self._id))

    def reset(self) -> None:
        """Break the stream off with RST_STREAM."""
        self._reset(h2.errors.ErrorCodes.INTERNAL_ERROR)

    def drop(self) -> None:
        """Cut the whole TCP connection."""
        self._connection.abort()

    def deliver(self, data: bytes, flow_controlled: int) -> None:
        """Bytes have come in (called by the connection)."""
        self._arrived.put_nowait((data, flow_controlled))

    def end_input(self, *, closed: bool) -> None:
        """The client sends no more; `closed` when the stream is gone altogether (called by the connection)."""
        self._input_ended = True
        self._closed = self._closed or closed
        self._arrived.put_nowait(None)
        self._window.set()

    def finish(self) -> None:
        """The response has ended: what still comes of the request is nobody's (called by the connection)."""
        while not self._arrived.empty():
            if (item := self._arrived.get_nowait()) is not None:
                self._connection.acknowledge(self._id, item[1])
        if not self._input_ended:
            self._reset(h2.errors.ErrorCodes.NO_ERROR)

    def widen(self) -> None:
        """The client can take more (called by the connection)."""
        self._window.set()

    def _reset(self, code: h2.errors.ErrorCodes) -> None:
        self._attempt(lambda h2c: h2c.reset_stream(self._id, code))
        self._closed = True

    async def _sendable(self, wanted: int) -> int:
        while True:
            await self._connection.writable.wait()
            if self._closed:
                raise StreamClosedError
            size = min(wanted, self._connection.window(self._id))
            if size > 0:
                return size
            self._window.clear()
            await self._window.wait()

    def _attempt(self, act: Callable[[h2.connection.H2Connection], object]) -> None:
        if self._closed:
            raise StreamClosedError
        try:
            self._connection.act(act)
        except h2.exceptions.ProtocolError as error:
            raise StreamClosedError from error


class Connection(asyncio.Protocol):
    """One client's connection, in `connections` while it is open; each request is handled by a task of its own."""

    def __init__(self, handler: Handler, connections: "set[Connection]") -> None:
        self._handler = handler
        self._connections = connections
        configuration = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(configuration)
        self._streams: dict[int, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        self.act(lambda h2c: h2c.initiate_connection())

    def data_received(self, data: bytes) -> None:
        """Take bytes off the wire."""
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self._flush()
            self._transport.close()
            return
        for event in events:
            self._on(event)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone: every stream ends."""
        self._connections.discard(self)
        self.writable.set()
        for stream in self._streams.values():
            stream.end_input(closed=True)

    def pause_writing(self) -> None:
        """The socket's buffer is full."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """The socket's buffer has room again."""
        self.writable.set()

    def act(self, act: Callable[[h2.connection.H2Connection], object]) -> None:
        """Do something to the protocol's state and send what follows from it."""
        act(self._h2)
        self._flush()

    def acknowledge(self, stream_id: int, flow_controlled: int) -> None:
        """Let the client send as much again as was taken."""
        if flow_controlled and not self._transport.is_closing():
            self.act(lambda h2c: h2c.acknowledge_received_data(flow_controlled, stream_id))

    def window(self, stream_id: int) -> int:
        """Bytes that may be sent on the stream in one frame now; 0 when it must wait."""
        try:
            return min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size)
        except h2.exceptions.ProtocolError as error:
            raise StreamClosedError from error

    def abort(self) -> None:
        """Cut the TCP connection without a word."""
        self._transport.abort()

    async def close(self) -> None:
        """Say goodbye, end the handlers and the connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self._transport.is_closing():
            self.act(lambda h2c: h2c.close_connection())
            self._transport.close()

    def _on(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                self._begin(event)
            case h2.events.DataReceived():
                if stream := self._streams.get(event.stream_id or 0):
                    stream.deliver(event.data or b"", event.flow_controlled_length or 0)
                else:
                    # Of a stream that is over: what it takes of the connection's window is the others'.
                    self.acknowledge(event.stream_id or 0, event.flow_controlled_length or 0)
            case h2.events.StreamEnded() if stream := self._streams.get(event.stream_id or 0):
                stream.end_input(closed=False)
            case h2.events.StreamReset() if stream := self._streams.get(event.stream_id or 0):
                stream.end_input(closed=True)
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                for stream in self._streams.values():
                    stream.widen()
            case h2.events.ConnectionTerminated():
                self._transport.close()

    def _begin(self, event: h2.events.RequestReceived) -> None:
        headers: dict[str, str] = {}
        for field, content in event.headers or []:
            name, value = str(field), str(content)  # decoded already, by header_encoding
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        stream_id = event.stream_id or 0
        stream = self._streams[stream_id] = Stream(self, stream_id, headers)
        task = asyncio.create_task(self._handle(stream, stream_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, stream: Stream, stream_id: int) -> None:
        try:
            await self._handler(stream)
        except Exception:  # noqa: BLE001 -- whatever it is, the client hears of it and the connection goes on
            _log.exception("a request failed")
            with contextlib.suppress(StreamClosedError):
                stream.reset()
        finally:
            with contextlib.suppress(StreamClosedError):
                stream.finish()
            self._streams.pop(stream_id, None)

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)
