"""Who may see what only the owner of a feed may see: whoever knows the token, else whoever sits at this machine. It decides, and answers nobody.

Without a token a request counts as the owner's only if everything says so: it comes from this machine; it asks for this machine by name, so
that no foreign page can have led a browser here under a name of its own (DNS rebinding); nothing in it says that a proxy passed it on; and the
feed has no public address, for a proxy on this machine need not say that it is one.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from ipaddress import IPv6Address, ip_address

from feeder.desk import Asked

__all__ = ["Verdict", "admitted"]

HOST = re.compile(r"(?:localhost|([0-9.]+)|\[([0-9a-f:.]+)\])(?::[0-9]*)?", re.IGNORECASE)
PASSED_ON = ("forwarded", "via", "x-forwarded-", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip")


class Verdict(Enum):
    """What becomes of a request."""

    ADMITTED = "it is the owner's"
    CHALLENGED = "it is to say the token, or another one"
    UNKNOWN = "to whoever asks, there is nothing at this address"


def admitted(asked: Asked, *, token: str | None, public: bool) -> Verdict:
    """Whether a request is the owner's. `token` is the one that counts, if any; `public` says that the feed has a public address."""
    if token:
        return Verdict.ADMITTED if _matches(_said(asked.fields.get("authorization", "")), token) else Verdict.CHALLENGED
    near = _is_loopback(asked.client) and _names_loopback(asked.fields.get("host", ""))
    return Verdict.ADMITTED if near and not public and not _passed_on(asked.fields) else Verdict.UNKNOWN


def _said(authorization: str) -> str:
    """The token in a field: of Bearer (RFC 6750), or the password of Basic (RFC 7617), whatever the user is called. Empty where there is none."""
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        with suppress(ValueError):
            return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
    return ""


def _matches(said: str, token: str) -> bool:
    """Whether it is the token, in a time that does not tell how much of it is right."""
    return hmac.compare_digest(said.encode("utf-8", "surrogatepass"), token.encode())


def _is_loopback(address: str) -> bool:
    """Whether an address is this machine's own; IPv4 may come as ::ffff:127.0.0.1, where a socket takes both."""
    with suppress(ValueError):
        found = ip_address(address)
        mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
        return (mapped or found).is_loopback
    return False


def _names_loopback(host: str) -> bool:
    """Whether a Host field names this machine: localhost, 127.0.0.1, [::1], with any port. No other name, whatever it may lead to."""
    match = HOST.fullmatch(host)
    return match is not None and (not (address := match[1] or match[2]) or _is_loopback(address))


def _passed_on(fields: Mapping[str, str]) -> bool:
    return any(name.startswith(PASSED_ON) for name in fields)
