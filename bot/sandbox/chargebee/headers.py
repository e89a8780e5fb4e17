"""The request headers Chargebee knows, read and checked.

| header | accepted here |
| --- | --- |
| chargebee-request-origin-user | an ASCII e-mail address; ignored when the encoded one is there |
| chargebee-request-origin-user-encoded | Base64 of an e-mail address in UTF-8 |
| chargebee-request-origin-ip | an IP address or a host name |
| chargebee-request-origin-device | any ASCII text |
| chargebee-event-webhook, -email, -actions | `all-disabled` |
| chargebee-business-entity-id | at most 50 characters, an entity of the site, v2 only |
| chargebee-idempotency-key | at most 100 characters, on POST |

Sources: Chargebee docs, "Advanced features", "Idempotent requests"; chargebee/openapi v2 (the encoded user).
That a malformed header is refused, and not ignored, is a reading: it shows a caller's mistake.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.sandbox.chargebee import errors

ORIGIN_USER = "chargebee-request-origin-user"
ORIGIN_USER_ENCODED = "chargebee-request-origin-user-encoded"
ORIGIN_IP = "chargebee-request-origin-ip"
ORIGIN_DEVICE = "chargebee-request-origin-device"
SWITCHES = ("chargebee-event-webhook", "chargebee-event-email", "chargebee-event-actions")
BUSINESS_ENTITY = "chargebee-business-entity-id"
IDEMPOTENCY_KEY = "chargebee-idempotency-key"
LONGEST_IDEMPOTENCY_KEY = 100

LOGGED = (
    ORIGIN_USER,
    ORIGIN_USER_ENCODED,
    ORIGIN_IP,
    ORIGIN_DEVICE,
    *SWITCHES,
    BUSINESS_ENTITY,
    IDEMPOTENCY_KEY,
    "content-type",
    "user-agent",
    "x-cb-retry-attempt",
)

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+$")
_HOST = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls, as far as Chargebee can tell: an API key by name, and what the headers say."""

    key_name: str
    origin_user: str | None = None
    switches: tuple[str, ...] = ()
    business_entity_id: str | None = None
    idempotency_key: str | None = None


def read(headers: Mapping[str, str], *, key_name: str, version: str, entities: Collection[str]) -> Caller:
    """Read lower-cased headers. Raises `ApiError` (400, `param` is the header's name)."""
    for name in (ORIGIN_DEVICE, ORIGIN_IP, BUSINESS_ENTITY, IDEMPOTENCY_KEY):
        if not headers.get(name, "").isascii():
            raise errors.wrong_value(name, "should be ASCII")
    origin_ip = headers.get(ORIGIN_IP)
    if origin_ip is not None and not _is_address(origin_ip):
        raise errors.wrong_value(ORIGIN_IP, "should be an IP address or a host name")
    for name in SWITCHES:
        if headers.get(name, "all-disabled") != "all-disabled":
            raise errors.wrong_value(name, "should be all-disabled")
    entity = headers.get(BUSINESS_ENTITY)
    if entity is not None:
        if version != "v2":
            raise errors.invalid("is not known to this version of the API", BUSINESS_ENTITY)
        if entity not in entities:
            raise errors.wrong_value(BUSINESS_ENTITY, "is not a business entity of this site")
    key = headers.get(IDEMPOTENCY_KEY)
    if key is not None and not 0 < len(key) <= LONGEST_IDEMPOTENCY_KEY:
        raise errors.wrong_value(IDEMPOTENCY_KEY, f"has 1 to {LONGEST_IDEMPOTENCY_KEY} characters")
    return Caller(
        key_name=key_name,
        origin_user=_origin_user(headers),
        switches=tuple(name for name in SWITCHES if name in headers),
        business_entity_id=entity,
        idempotency_key=key,
    )


def _origin_user(headers: Mapping[str, str]) -> str | None:
    encoded = headers.get(ORIGIN_USER_ENCODED)
    if encoded is not None:
        try:
            address = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, ValueError) as problem:
            raise errors.wrong_value(ORIGIN_USER_ENCODED, "should be Base64 of UTF-8") from problem
        return _checked_address(ORIGIN_USER_ENCODED, address)
    plain = headers.get(ORIGIN_USER)
    if plain is None:
        return None
    if not plain.isascii():
        raise errors.wrong_value(ORIGIN_USER, "should be ASCII")
    return _checked_address(ORIGIN_USER, plain)


def _checked_address(name: str, address: str) -> str:
    if not _EMAIL.match(address):
        raise errors.wrong_value(name, "should be an e-mail address")
    return address


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(_HOST.match(text))
    return True
