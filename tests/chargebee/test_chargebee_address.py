"""Where the key may go."""

import pytest

from bot.chargebee.address import checked_url


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.chargebee.com",
        "https://acme.chargebee.com.evil.example",
        "https://evil.example",
        "https://user@acme.chargebee.com",
        "https://acme.chargebee.com/api",
        "https://acme.chargebee.com?x=1",
        "http://127.0.0.1:8080",
        "http://192.0.2.1",
        "acme.chargebee.com",
        "https://[",
    ],
)
def test_a_key_goes_to_chargebee_only(url: str) -> None:
    with pytest.raises(ValueError, match=r"Chargebee|URL"):
        checked_url(url)


def test_another_host_has_to_be_allowed_and_http_is_for_loopback() -> None:
    assert checked_url("https://acme.chargebee.com/") == "https://acme.chargebee.com"
    assert checked_url("http://127.0.0.1:8080", allowed_hosts=("127.0.0.1",)) == "http://127.0.0.1:8080"
    assert checked_url("https://proxy.example", allowed_hosts=("proxy.example",)) == "https://proxy.example"
    with pytest.raises(ValueError, match="https"):
        checked_url("http://proxy.example", allowed_hosts=("proxy.example",))
