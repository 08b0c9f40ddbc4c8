"""Headers of every answer: what a page may load, who may frame it, what may be kept."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request
from werkzeug.exceptions import SecurityError

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(self), microphone=()",
}


def csp_nonce() -> str:
    """Return the nonce of the current request; inline scripts and styles carry it as ``nonce="{{ csp_nonce() }}"``."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def stream_origin(port: int) -> str:
    """Return the origin of the live stream as the reader's browser reaches it: the same host name, the stream's port."""
    try:
        host = request.host if request.host.endswith("]") else request.host.rsplit(":", 1)[0]
    except SecurityError:  # a host name that is not served: the request is refused elsewhere
        return ""
    return f"{request.scheme}://{host}:{port}"


def content_security_policy(nonce: str, stream: str) -> str:
    """Return the policy: everything from here, inline code by ``nonce`` alone, connections here and to ``stream``."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            f"connect-src 'self' {stream}",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def install_headers(app: Flask, stream_port: int) -> None:
    """Set the headers on every answer; keep nothing unless the view said otherwise; hand the nonce to templates."""

    @app.before_request
    def make_nonce() -> None:
        csp_nonce()

    @app.context_processor
    def offer() -> dict[str, object]:
        return {"csp_nonce": csp_nonce, "stream_origin": stream_origin(stream_port)}

    @app.after_request
    def set_headers(response: Response) -> Response:
        for name, value in FIXED.items():
            response.headers.setdefault(name, value)
        policy = content_security_policy(csp_nonce(), stream_origin(stream_port))
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Cache-Control", "no-store")
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
