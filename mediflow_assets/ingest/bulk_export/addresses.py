"""Which addresses a pull may ask, and which of them may see its token."""

import ipaddress
import socket
from urllib.parse import SplitResult, urljoin, urlsplit

from mediflow_assets.errors import PullFailed, SettingsInvalid

_PORTS = {"https": 443, "http": 80}
_NONE = "The server names an address that is none."
_LOOPBACK, _LINK = "this machine", "the link"
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
    """Raise PullFailed where a server names an address that is not https, or that is this machine's own or of its
    link (as of a cloud's metadata), however it is spelled and whatever name leads there; its own may be one."""
    try:
        parts = _split(url)
    except ValueError:
        raise PullFailed(_NONE) from None
    near = _near(url)
    if near and near - _near(server):
        raise PullFailed("The server names an address of this machine. It is not asked.")
    if parts.scheme == "http" and not is_plain_allowed and near != {_LOOPBACK}:
        raise PullFailed("The server names an address of plain http, which others can read. It is not asked.")


def joined(base: str, said: str) -> str:
    """Where an address leads that a server names, which may be relative. Raises PullFailed."""
    try:
        return urljoin(base, said)
    except ValueError:
        raise PullFailed(_NONE) from None


def origin(url: str) -> Origin:
    """Scheme, host and port: what one party answers for (RFC 6454). Raises PullFailed."""
    try:
        parts = _split(url)
    except ValueError:
        raise PullFailed(_NONE) from None
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    return _near(url) == {_LOOPBACK}


def _near(url: str) -> set[str]:
    """What of an address is not out in the network. A name that only a proxy can resolve leads there."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return {_LOOPBACK}
    try:
        found = {str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return set()
    return {kind for each in found if (kind := _kind(ipaddress.ip_address(each)))}


def _kind(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    found = getattr(address, "ipv4_mapped", None) or address
    if found.is_loopback or found.is_unspecified:
        return _LOOPBACK
    return _LINK if found.is_link_local else None


def _split(url: str) -> SplitResult:
    """The parts of an address. Raises ValueError where it is none, or holds a user's name."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or (parts.port or 1) < 1:
        raise ValueError
    return parts
