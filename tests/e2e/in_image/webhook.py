"""A company's own webhook in the cluster: HTTPS, and it answers only what is signed with the key that it shares.

Run by the emulators' image: `python webhook.py`, with KEY, and tls.crt and tls.key beside it.
"""

import base64
import hashlib
import hmac
import json
import os
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

HERE = Path(__file__).parent
KEY = base64.b64decode(os.environ["KEY"].removeprefix("whsec_"))
app = FastAPI()


@app.post("/salary")
async def salary(request: Request) -> Response:
    """Answer a call, once its signature is seen to be good."""
    body, headers = await request.body(), request.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    if not hmac.compare_digest(expected, headers["webhook-signature"]):
        return Response(status_code=401)
    print("called", json.loads(body)["tool"], flush=True)
    return Response(json.dumps({"range": "sixty to eighty thousand"}), media_type="application/json")


uvicorn.run(app, host="0.0.0.0", port=8443, ssl_certfile=HERE / "tls.crt", ssl_keyfile=HERE / "tls.key")
