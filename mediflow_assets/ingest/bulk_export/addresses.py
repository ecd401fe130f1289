"""Which addresses a pull may ask, and which of them may see its token."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from mediflow_assets.errors import PullFailed, SettingsInvalid

_PORTS = {"https": 443, "http": 80}
Origin = tuple[str, str, int]


def server_address(text: str, is_plain_allowed: bool = False) -> str:
    """The base of a server, without a slash at its end. Raises SettingsInvalid."""
    try:
        parts = _split(text.strip())
    except ValueError:
        raise SettingsInvalid("--server takes the base address of a FHIR server: https://HOST/PATH.") from None
    if parts.query or parts.fragment:
        raise SettingsInvalid("--server takes an address without '?' and '#'.")
    if parts.scheme == "http" and not (is_plain_allowed or is_loopback(text)):
        raise SettingsInvalid("The server's address is plain http, which others can read: use https.")
    return parts._replace(netloc=parts.netloc.lower()).geturl().rstrip("/")


def require_allowed(url: str, server: str, is_plain_allowed: bool = False) -> None:
    """Raise PullFailed where a server names an address that is not https, or that is this machine's own."""
    try:
        parts = _split(url)
    except ValueError:
        raise PullFailed("The server names an address that is none.") from None
    if is_loopback(url):
        if not is_loopback(server):
            raise PullFailed("The server names an address of this machine. It is not asked.")
    elif parts.scheme == "http" and not is_plain_allowed:
        raise PullFailed("The server names an address of plain http, which others can read. It is not asked.")


def origin(url: str) -> Origin:
    """Scheme, host and port: what one party answers for (RFC 6454)."""
    parts = _split(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _split(url: str) -> SplitResult:
    """The parts of an address. Raises ValueError where it is none, or holds a user's name."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or (parts.port or 1) < 1:
        raise ValueError
    return parts
