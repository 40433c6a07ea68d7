"""HEAD for each path that has GET (RFC 9110, sections 9.1 and 9.3.2)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

AHEAD = (b"sec-purpose", b"prefetch")
"""Nobody sees a picture after HEAD, so `/artwork` treats it like a prefetch: the decision is deferred."""
NOT_PASSED_ON = frozenset({b"range", AHEAD[0]})
"""Only GET has ranges (RFC 9110, section 14.2), and a purpose that the client sends could hide `AHEAD`."""


class Heads:
    """Passes HEAD on as GET, and removes the body of the answer. It costs other requests one comparison."""

    def __init__(self, app: ASGIApp):
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return self.app(scope, receive, send)
        return self._without_body(scope, receive, send)

    async def _without_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        headers = [*(pair for pair in scope["headers"] if pair[0] not in NOT_PASSED_ON), AHEAD]
        asked = {**scope, "method": "GET", "headers": headers}
        try:
            await self.app(asked, receive, send_head)
        finally:
            scope["route"] = asked.get("route")  # the gate counts by it
