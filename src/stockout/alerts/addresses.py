"""Which hosts are of this machine or its network, and are not written to unless that is meant."""

from __future__ import annotations

import ipaddress
import socket

from stockout.errors import ConfigError

_LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".localdomain")
_HINT = "allow_local = true under [alert] permits addresses of this machine and its network"


def refuse_local(host: str, shown: str, *, resolve: bool) -> None:
    """Refuses a host of this machine or of a private network.

    Args:
        host: The name or the address.
        shown: What the error calls the recipient.
        resolve: Whether a name is looked up too; one that cannot be is left to the sending.

    Raises:
        ConfigError: It is local, or its name leads to such an address.

    >>> refuse_local("hooks.example.com", "ops (jsons)", resolve=False)
    >>> refuse_local("169.254.169.254", "ops (json)", resolve=False)
    Traceback (most recent call last):
    stockout.errors.ConfigError: ops (json): is at a local or private address
    hint: allow_local = true under [alert] permits addresses of this machine and its network
    """
    name = host.strip("[]").rstrip(".").lower()
    addresses = [name]
    is_local = "." not in name.removesuffix(".") and ":" not in name
    is_local |= name.endswith(_LOCAL_ENDINGS)
    if resolve and not is_local:
        try:
            addresses += [str(found[4][0]) for found in socket.getaddrinfo(name, None)]
        except (OSError, UnicodeError):
            addresses = [name]
    if is_local or any(_is_private(address) for address in addresses):
        raise ConfigError(f"{shown}: is at a local or private address", hint=_HINT)


def _is_private(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False  # a name
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return not address.is_global or address.is_multicast
