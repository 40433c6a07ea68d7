"""A page: HTML from a template, with the headers that let it run its own scripts and nobody else's."""

from functools import cache
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from app.pages.files import TEMPLATES

if TYPE_CHECKING:
    from jinja2 import Environment

_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
HEADERS: Final = {
    "Content-Security-Policy": "; ".join(f"{what} {where}" for what, where in _POLICY.items()),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""`data:` pictures are the placeholders. A page is never stored, because it may show what only a key may see."""


def page(template: str, **values: object) -> Response:
    """Return a page. Every value is written as text: no name that somebody typed can become HTML."""
    html = _environment().get_template(template).render(values)
    return Response(html, media_type="text/html", headers=HEADERS)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
