"""Where Chargebee is: one host pattern in every hosting region, `https://{site}.chargebee.com`.

A key sent to the wrong host is a key given away, so any other host has to be allowed by name.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address

import httpx


def checked_url(url: str, *, allowed_hosts: Collection[str] = ()) -> str:
    """`url` as a base URL: https to Chargebee or an allowed host, http only to an allowed loopback.

    Raises ValueError.
    """
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError("the Chargebee address is not a URL") from None
    known = re.fullmatch(r"[a-z0-9-]+\.chargebee\.com", parts.host) is not None
    if not known and parts.host not in allowed_hosts:
        raise ValueError(f"{parts.host} is not a Chargebee host; allow it explicitly if it is meant")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.host)):
        raise ValueError("Chargebee is only spoken to over https")
    if parts.userinfo or parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise ValueError("the Chargebee address is a scheme and a host only")
    return str(parts).rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
