"""Database URLs: what they name, secrets from the environment, and how a message calls them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from stockout.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SCHEMES = ("sqlite", "postgresql")
"""Databases that are read."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9.-]+)(?:\+[A-Za-z0-9_]+)?://")
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_ONLY_VARIABLES = re.compile(r"(?:\$\{[^{}]*\})+")
_SECRET_PARAMETERS = frozenset({"password", "sslpassword"})
_ALIASES = {"postgres": "postgresql", "sqlite3": "sqlite"}
_EXAMPLES = "sqlite:///shop.db or postgresql://user:${PASSWORD}@host/shop"


@dataclass(frozen=True)
class DatabaseUrl:
    """Where a database is.

    Attributes:
        scheme: One of :data:`SCHEMES`.
        target: What the driver takes: the path of a SQLite file, or the whole URL. Secret.
        shown: The URL without password and parameters, for messages.
        secrets: What no message may show.
    """

    scheme: str
    target: str = field(repr=False)
    shown: str
    secrets: tuple[str, ...] = field(repr=False, default=())

    def hide(self, text: str) -> str:
        """A text, such as a driver's message, without the secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def is_database(path: str) -> bool:
    """Whether the path of a source is the URL of a database, or a variable that holds one.

    >>> is_database("sqlite:///shop.db"), is_database("${SHOP_URL}"), is_database("C:/sales.csv")
    (True, True, False)
    """
    return _SCHEME.match(path) is not None or _VARIABLE.fullmatch(path) is not None


def parse_url(given: str, env: Mapping[str, str]) -> DatabaseUrl:
    """Reads a database URL, and fills in ``${VARIABLES}`` from the environment.

    A password stands in the URL as a variable only, since configurations are shared and command
    lines are seen by others. Its value is taken as it is, whatever characters it holds. A variable
    may also hold the whole URL.

    Args:
        given: The URL as the configuration has it.
        env: The environment.

    Raises:
        ConfigError: A variable is not set, a password is written out, or it is no URL of a database
            that is read.

    >>> url = parse_url("postgresql://ann:${PW}@db.local/shop", {"PW": "s3/cr@t"})
    >>> url.shown, url.target
    ('postgresql://ann@db.local/shop', 'postgresql://ann:s3%2Fcr%40t@db.local/shop')
    """
    variable = _VARIABLE.fullmatch(given)
    if variable is not None:
        value = _value(variable[1], env, given)
        url = _parse(value, {}, f"${{{variable[1]}}}", written_out=True)
    else:
        url = _parse(given, env, given, written_out=False)
    return url


def _parse(given: str, env: Mapping[str, str], called: str, *, written_out: bool) -> DatabaseUrl:
    scheme = _SCHEME.match(given)
    if scheme is None:
        raise ConfigError(f"{called}: no database URL", hint=f"such as {_EXAMPLES}")
    name = _ALIASES.get(scheme[1].lower(), scheme[1].lower())
    rest = given[scheme.end() :]
    if name not in SCHEMES:
        raise ConfigError(
            f"{scheme[0]}: databases of this kind are not read, those of {', '.join(SCHEMES)} are",
            hint="write the query's result to a Parquet or CSV file, and name that as the path",
        )
    if name == "sqlite":
        return _sqlite(rest, env)
    return _server(name, rest, env, written_out=written_out)


def _sqlite(rest: str, env: Mapping[str, str]) -> DatabaseUrl:
    path, _, parameters = rest.partition("?")
    if not path.startswith("/") or path in ("/", "/:memory:") or parameters:
        raise ConfigError(
            f"sqlite://{rest}: names no file of a SQLite database",
            hint="three slashes and the path: sqlite:///shop.db, or sqlite:////data/shop.db"
            " for one from the root",
        )
    expanded = _expand(path[1:], env, unquote(path))
    return DatabaseUrl("sqlite", unquote(expanded), f"sqlite:///{expanded}")


def _server(name: str, rest: str, env: Mapping[str, str], *, written_out: bool) -> DatabaseUrl:
    place, mark, parameters = rest.partition("?")
    authority, slash, path = place.partition("/")
    who, at, host = authority.rpartition("@")
    if not at and ("@" in path or ("@" in parameters and ":" in authority)):
        # Not shown: what looks like host and path may be the password.
        raise ConfigError(
            f"{name}://...: a password with a slash or a question mark in it ends too early",
            hint="write / as %2F, ? as %3F and @ as %40; a variable that holds the password alone"
            " needs none of that",
        )
    user, colon, password = who.partition(":")
    shown = f"{name}://{_fill(user, env)}{at}{host}{slash}{path}"
    pairs = [pair.partition("=") for pair in parameters.split("&")] if mark else []
    for secret in (password, *(text for key, _, text in pairs if key in _SECRET_PARAMETERS)):
        if secret and not written_out and _ONLY_VARIABLES.fullmatch(secret) is None:
            raise ConfigError(
                f"{shown}: a password is written out in the URL",
                hint="put it into an environment variable, and write its name:"
                f" {name}://{user or 'user'}:${{SHOP_PASSWORD}}@{host or 'host'}{slash}{path}",
            )
    host, path = _expand(host, env, shown), _expand(path, env, shown)
    filled = [(key, equals, _expand(text, env, shown, _quoted)) for key, equals, text in pairs]
    user, password = (
        # What is written out may hold an @ as it is, which a driver would take for the host's.
        quote(unquote(_expand(text, env, shown, _quoted)), safe="")
        for text in (user, password)
    )
    secrets = {password, *(text for key, _, text in filled if key in _SECRET_PARAMETERS)}
    target = f"{name}://{user}{colon}{password}{at}{host}{slash}{path}{mark}" + "&".join(
        map("".join, filled)
    )
    return DatabaseUrl(
        scheme=name,
        target=target,
        shown=f"{name}://{unquote(user)}{at}{host}{slash}{path}",
        secrets=tuple(sorted({*secrets, *map(unquote, secrets)} - {""})),
    )


def _expand(
    text: str,
    env: Mapping[str, str],
    shown: str,
    written: Callable[[str], str] = str,
) -> str:
    return _VARIABLE.sub(lambda match: written(_value(match[1], env, shown)), text)


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _fill(text: str, env: Mapping[str, str]) -> str:
    """A text with the variables that are set, for a message."""
    return _VARIABLE.sub(lambda match: env.get(match[1], match[0]), text)


def _value(variable: str, env: Mapping[str, str], shown: str) -> str:
    value = env.get(variable)
    if not value:
        state = "empty" if value == "" else "not set"
        raise ConfigError(
            f"{shown}: the environment variable {variable} is {state}",
            hint=f"export {variable}=...",
        )
    return value
