"""Recipients: Apprise URLs of allowed kinds, their secrets from the environment and never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

WEB = ("json", "jsons", "form", "forms", "xml", "xmls")
"""Webhooks: an HTTP request to any host."""

MAIL = ("mailto", "mailtos")
"""E-mail through a host of the user's."""

CHAT = ("slack", "dingtalk", "wecombot", "feishu")
"""Chats, at the hosts of their makers; what stands in the URL is tokens."""

SCHEMES = (*MAIL, *CHAT, *WEB)
"""The kinds of recipients that are sent to."""

_HINTS = {
    "wecom": "wecombot:// is WeCom's own; wecom:// would go through a third party",
    "https": "a webhook is jsons://host/path; a chat is slack://, dingtalk://, wecombot://, "
    "feishu:// with the tokens of its webhook",
    "http": "a webhook is json://host/path",
    "smtp": "e-mail is mailtos://user:${PASSWORD}@host?to=ann@example.com",
    "lark": "feishu://${TOKEN}",
}
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_ONLY_VARIABLES = re.compile(r"(?:\$\{[^{}]+\})+")
_PUBLIC_TARGET = re.compile(r"[#@+].*|\d*")  # a channel, a user, a telephone number
_SECRET_WORDS = re.compile(r"pass|secret|token|key|auth|sign", re.IGNORECASE)
_SHORTEST_PART = 4
"""Characters of a part of a secret URL that are hidden for themselves: shorter ones are words."""


@dataclass(frozen=True)
class Recipient:
    """Where messages of one name go.

    Attributes:
        name: Its name in the configuration.
        scheme: One of :data:`SCHEMES`.
        url: The URL with its secrets.
        secrets: What no message may show.
    """

    name: str
    scheme: str
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False, default=())

    @property
    def shown(self) -> str:
        """What messages call it."""
        return f"{self.name} ({self.scheme})"

    def hide(self, text: str) -> str:
        """A text, such as an error of the network, without the secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def parse_recipient(
    name: str, given: str, env: Mapping[str, str], config_name: str = "stockout.toml"
) -> Recipient:
    """Reads the URL of a recipient, and fills in ``${VARIABLES}`` from the environment.

    Secrets stand in it as variables only: the password, the tokens of a chat, and headers or
    parameters that are called after one. A variable may also hold the whole URL.

    Args:
        name: The name of the recipient.
        given: The URL as the configuration has it.
        env: The environment.
        config_name: What errors call the configuration.

    Raises:
        ConfigError: A variable is not set, a secret is written out, or the kind is not allowed.

    >>> hook = parse_recipient("ops", "feishu://${TOKEN}", {"TOKEN": "a/b c"})
    >>> hook.url, hook, hook.hide("404 at a%2Fb%20c")
    ('feishu://a%2Fb%20c', Recipient(name='ops', scheme='feishu'), '404 at ***')
    """
    place = f"{config_name}: alert.recipients.{name}"
    whole = _VARIABLE.fullmatch(given)
    if whole is not None:
        url = _value(whole[1], env, place)
        scheme = _scheme(url, place)
        return Recipient(name, scheme, url, _parts(url))
    scheme = _scheme(given, place)
    _refuse_written_out(given, scheme, place)
    secrets: set[str] = set()

    def value(match: re.Match[str]) -> str:
        found = _value(match[1], env, place)
        secrets.update({found, quote(found, safe=""), quote(found)})
        return quote(found, safe="")

    url = _VARIABLE.sub(value, given)
    return Recipient(name, scheme, url, tuple(sorted(secrets)))


def _scheme(url: str, place: str) -> str:
    name, mark, _ = url.partition("://")
    scheme = name.lower()
    if not mark or scheme not in SCHEMES:
        # What is no URL may be a secret that stands in the wrong place: not shown.
        known = re.fullmatch(r"[a-z][a-z0-9+.-]{0,19}", scheme) if mark else None
        what = f"{scheme}:// is no kind that is sent to" if known else "no URL of a recipient"
        raise ConfigError(
            f"{place}: {what}",
            hint=_HINTS.get(scheme, f"allowed are {', '.join(f'{it}://' for it in SCHEMES)}"),
        )
    return scheme


def _refuse_written_out(given: str, scheme: str, place: str) -> None:
    rest = given.partition("://")[2]
    address, _, parameters = rest.partition("?")
    who, at, where = address.rpartition("@") if scheme not in CHAT else _chat_user(address)
    secret = [who] if scheme == "dingtalk" else [who.partition(":")[2]]
    if scheme in CHAT:
        host, *path = where.split("/")
        if not host:
            raise ConfigError(f"{place}: no token", hint=f"{scheme}://${{TOKEN}}")
        secret += [host, *(part for part in path if not _PUBLIC_TARGET.fullmatch(part))]
    for pair in parameters.split("&"):
        key, _, text = pair.partition("=")
        if key[:1] == "+" or _SECRET_WORDS.search(key):
            secret.append(text)
    if any(text and _ONLY_VARIABLES.fullmatch(text) is None for text in secret):
        # Not shown: which part is the secret is what is not clear.
        raise ConfigError(
            f"{place}: a password, token or header is written out in the URL",
            hint="put it into an environment variable, and write its name: "
            + (
                f"{scheme}://${{TOKEN}}" if scheme in CHAT else f"{scheme}://user:${{PASSWORD}}@..."
            ),
        )
    if scheme not in CHAT and not at and where.count(":") > 1 and "[" not in where:
        raise ConfigError(f"{place}: a host with two ports", hint="user:${PASSWORD}@host:port")


def _chat_user(address: str) -> tuple[str, str, str]:
    """What stands before the host of a chat; an @ further on is a user to be told."""
    first, slash, path = address.partition("/")
    who, at, host = first.rpartition("@")
    return who, at, host + slash + path


def _value(variable: str, env: Mapping[str, str], place: str) -> str:
    value = env.get(variable)
    if not value:
        state = "empty" if value == "" else "not set"
        raise ConfigError(
            f"{place}: the environment variable {variable} is {state}",
            hint=f"export {variable}=...",
        )
    return value


def _parts(url: str) -> tuple[str, ...]:
    """All of a secret URL, and the parts of it that an error of the network may quote."""
    scheme, _, rest = url.partition("://")
    address, _, parameters = rest.partition("?")
    host = "" if scheme.lower() in CHAT else address.rpartition("@")[2].partition("/")[0]
    parts = re.split(r"[/@:]", address) + [pair.partition("=")[2] for pair in parameters.split("&")]
    hidden = {part for part in parts if len(part) >= _SHORTEST_PART and part not in host}
    return tuple(sorted({url, rest, *hidden, *map(unquote, hidden)} - {""}))
