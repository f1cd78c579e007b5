"""The operator's two orders to the API: seal what a dead bot left, and erase."""

import ssl
from pathlib import Path

import httpx
from parley_protocol import EraseRequest, InterviewRef, SealRequest
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

TIMEOUT = httpx.Timeout(20, connect=5)
"""Longer than the API takes for any order: what keeps it, it says itself."""
ATTEMPTS = 3
SAID_LENGTH = 500
"""How many characters of the API's words are told: the last of them may be Daily's."""


class ApiError(Exception):
    """The API could not be reached or refused; the order is to be repeated later."""


class ApiClient:
    """Calls the internal listener. Token and CA are read at each call, for both are renewed on disk."""

    def __init__(self, url: str, ca_file: Path, token_file: Path) -> None:
        self._url = url.rstrip("/")
        self._ca_file = ca_file
        self._token_file = token_file

    async def seal(self, ref: InterviewRef, reason: str) -> None:
        """Has the transcript written from what is stored.

        Raises:
            ApiError: it was not, as far as is known.
        """
        request = SealRequest(namespace=ref.namespace, name=ref.name, reason=reason)
        await self._post(ref, "seal", request.to_json())

    async def erase(self, ref: InterviewRef) -> None:
        """Has every artifact removed.

        Raises:
            ApiError: they were not, as far as is known.
        """
        await self._post(ref, "erase", EraseRequest(namespace=ref.namespace, name=ref.name).to_json())

    async def _post(self, ref: InterviewRef, order: str, body: bytes) -> None:
        path = f"/internal/v1/interviews/{ref.uid}/{order}"
        try:
            token, context = self._credentials()
            # The API is inside the cluster: a proxy for the way out is none for the way there.
            async with httpx.AsyncClient(
                base_url=self._url, verify=context, timeout=TIMEOUT, trust_env=False
            ) as client:
                retrying = AsyncRetrying(
                    retry=retry_if_exception_type(httpx.TransportError),
                    stop=stop_after_attempt(ATTEMPTS),
                    wait=wait_random_exponential(multiplier=0.2, max=2),
                    reraise=True,
                )
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
                response: httpx.Response = await retrying(client.post, path, content=body, headers=headers)
        except (httpx.HTTPError, OSError, ssl.SSLError) as error:
            raise ApiError(f"{order}: {type(error).__name__} {error}") from error
        if not response.is_success:
            raise ApiError(f"{order}: the API answered {response.status_code}: {_said(response)}")

    def _credentials(self) -> tuple[str, ssl.SSLContext]:
        try:
            context = ssl.create_default_context(cafile=str(self._ca_file))
        except OSError as error:  # which file it is about, ssl does not say
            raise ApiError(f"{self._ca_file}: {error}") from error
        return self._token_file.read_text().strip(), context


def _said(response: httpx.Response) -> str:
    """What a problem document (RFC 9457) says for people, or the bare body where something else answered."""
    try:
        detail = response.json()["detail"]
    except (ValueError, TypeError, KeyError):
        detail = None
    return (detail if isinstance(detail, str) else response.text)[:SAID_LENGTH]
