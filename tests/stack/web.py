"""HTTP with the standard library: every status is an answer, no redirect is followed."""

import base64
import dataclasses
import json
import urllib.error
import urllib.request

TIMEOUT_SECONDS = 60


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


def call(method, url, body=None, headers=None, token=None, key=None):
    """Sends `body` as it is, or as JSON where it is no bytes. `token` is a bearer's, `key` a password without a user."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if key:
        headers["Authorization"] = "Basic " + base64.b64encode(f":{key}".encode()).decode()
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
            return Answer(response.status, dict(response.headers), response.read())
    except urllib.error.HTTPError as refused:
        return Answer(refused.code, dict(refused.headers), refused.read())
