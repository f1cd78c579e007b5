"""A client of Nova Sonic's bidirectional stream, on AWS's own signers: it can also do what the SDK would never do."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import h2.config
import h2.connection
import h2.events
from aws_sdk_signers import (
    URI,
    AsyncEventSigner,
    AsyncSigV4Signer,
    AWSCredentialIdentity,
    AWSRequest,
    Field,
    Fields,
    SigV4SigningProperties,
)
from smithy_aws_event_stream.events import Event, EventHeaderEncoder, EventMessage

MODEL = "amazon.nova-2-5-sonic"


@dataclass(frozen=True)
class Credentials:
    """What a client signs with."""

    access_key_id: str = "AKIATEST"
    secret_access_key: str = "the-secret"
    region: str = "us-east-1"
    session_token: str | None = None

    @property
    def identity(self) -> AWSCredentialIdentity:
        return AWSCredentialIdentity(
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            session_token=self.session_token,
        )

    @property
    def properties(self) -> SigV4SigningProperties:
        return {"region": self.region, "service": "bedrock"}


async def signed_headers(port: int, model: str, credentials: Credentials) -> dict[str, str]:
    """The headers of a request to open a stream, signed by AWS's signer."""
    path = f"/model/{quote(model, safe='')}/invoke-with-bidirectional-stream"
    fields = Fields(
        [
            Field(name="host", values=[f"localhost:{port}"]),
            Field(name="content-type", values=["application/vnd.amazon.eventstream"]),
        ]
    )
    request = AWSRequest(
        destination=URI(scheme="https", host="localhost", port=port, path=path), method="POST", body=None, fields=fields
    )
    signer = AsyncSigV4Signer()
    signed = await signer.sign(request=request, identity=credentials.identity, properties=credentials.properties)
    headers = {":method": "POST", ":scheme": "https", ":authority": f"localhost:{port}", ":path": path}
    return headers | {field.name.lower(): field.as_string() for field in signed.fields if field.name != "host"}


class Connection:
    """An HTTP/2 connection with any number of streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        self.port = port
        self._reader, self._writer = reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.streams: dict[int, NovaStream] = {}
        self.h2.initiate_connection()
        self.flush()
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, port: int, ca_file: Path) -> "Connection":
        context = ssl.create_default_context(cafile=ca_file)
        context.set_alpn_protocols(["h2"])
        reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        return cls(reader, writer, port)

    async def stream(
        self, credentials: Credentials = Credentials(), model: str = MODEL, **changed: str
    ) -> "NovaStream":
        headers = await signed_headers(self.port, model, credentials)
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        stream_id = self.h2.get_next_available_stream_id()
        stream = self.streams[stream_id] = NovaStream(self, stream_id, credentials, headers["authorization"])
        self.h2.send_headers(stream_id, list(headers.items()))
        self.flush()
        return stream

    def flush(self) -> None:
        if data := self.h2.data_to_send():
            self._writer.write(data)

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(65536):
                for event in self.h2.receive_data(data):
                    self._on(event)
                self.flush()
        except (ConnectionError, ssl.SSLError):
            pass
        for stream in self.streams.values():
            stream.end("disconnected")

    def _on(self, event: h2.events.Event) -> None:
        stream = self.streams.get(getattr(event, "stream_id", 0) or 0)
        match event:
            case h2.events.ResponseReceived() if stream:
                stream.response.set_result({str(name): str(value) for name, value in event.headers or []})
            case h2.events.DataReceived() if stream:
                self.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
                stream.data.put_nowait(event.data or b"")
            case h2.events.StreamEnded() if stream:
                stream.end("ended")
            case h2.events.StreamReset() if stream:
                stream.end("reset")

    async def close(self) -> None:
        self._writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class NovaStream:
    """One bidirectional stream."""

    def __init__(self, connection: Connection, stream_id: int, credentials: Credentials, authorization: str) -> None:
        self._connection = connection
        self._id = stream_id
        self._credentials = credentials
        seed = authorization.rpartition("Signature=")[2].encode()
        self.signer = AsyncEventSigner(initial_signature=seed, event_encoder_cls=EventHeaderEncoder)
        self.response: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self.data: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.ended_by = ""
        self._buffer = bytearray()

    def end(self, how: str) -> None:
        self.ended_by = self.ended_by or how
        if not self.response.done():
            self.response.set_exception(ConnectionError(how))
        self.data.put_nowait(None)

    async def status(self) -> int:
        return int((await asyncio.wait_for(self.response, 10))[":status"])

    async def body(self) -> bytes:
        """All that came until the response ended."""
        body = bytearray()
        while (data := await asyncio.wait_for(self.data.get(), 10)) is not None:
            body += data
        return bytes(body)

    async def send(self, **event: Any) -> None:
        """Send an event: `send(sessionStart={...})`."""
        await self.send_message(await self.signed(event))

    async def signed(self, event: dict[str, Any]) -> EventMessage:
        inner = base64.b64encode(json.dumps({"event": event}).encode()).decode()
        headers = {":message-type": "event", ":event-type": "chunk", ":content-type": "application/json"}
        message = EventMessage(headers=headers, payload=json.dumps({"bytes": inner}).encode())
        return await self.signer.sign(
            event=message, identity=self._credentials.identity, properties=self._credentials.properties
        )

    async def send_message(self, message: EventMessage) -> None:
        h2c = self._connection.h2
        data = message.encode()
        while data:
            size = min(len(data), h2c.local_flow_control_window(self._id), h2c.max_outbound_frame_size)
            if size == 0:
                await asyncio.sleep(0.005)
                continue
            h2c.send_data(self._id, data[:size])
            self._connection.flush()
            data = data[size:]

    def half_close(self) -> None:
        self._connection.h2.end_stream(self._id)
        self._connection.flush()

    async def received(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """What the model sends: (kind, fields); an exception's kind is its type, an error's its code."""
        while (data := await self.data.get()) is not None:
            self._buffer += data
            while len(self._buffer) >= 4 and len(self._buffer) >= (total := int.from_bytes(self._buffer[:4], "big")):
                frame = bytes(self._buffer[:total])
                del self._buffer[:total]
                yield _decoded(frame)


def _decoded(frame: bytes) -> tuple[str, dict[str, Any]]:
    import io

    event = Event.decode(io.BytesIO(frame))
    assert event is not None
    message = event.message
    if message.headers[":message-type"] == "error":
        return str(message.headers[":error-code"]), {"message": message.headers[":error-message"]}
    payload = json.loads(message.payload)
    if message.headers[":message-type"] == "exception":
        return str(message.headers[":exception-type"]), payload
    document = json.loads(base64.b64decode(payload["bytes"]))["event"]
    kind = next(iter(document))
    return kind, document[kind]
