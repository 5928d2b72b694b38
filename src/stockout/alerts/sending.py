"""Sends messages through Apprise."""

from __future__ import annotations

import importlib
import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stockout.alerts.addresses import refuse_local
from stockout.alerts.recipients import CHAT, SCHEMES, parse_recipient
from stockout.errors import ConfigError, StockoutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stockout.alerts.recipients import Recipient
    from stockout.config import Config

_KINDS = {"info": "info", "warning": "warning", "critical": "failure"}
"""Levels in the words of Apprise."""


class Sender:
    """A recipient that messages can be sent to."""

    def __init__(self, recipient: Recipient, *, allow_local: bool = False) -> None:
        """Prepares sending, without asking the network.

        Args:
            recipient: Where messages go.
            allow_local: Whether that may be a local or private address.

        Raises:
            ConfigError: Apprise does not understand the URL, the address is local, or the package
                apprise is not installed.
        """
        self.recipient = recipient
        self._allow_local = allow_local
        apprise = _apprise()
        asset = apprise.AppriseAsset(
            app_id="stockout",
            app_desc="stockout",
            app_url="",
            http_redirects=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,  # nothing of it on the disk
        )
        with _listening() as heard, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of modules of Python that plugins load
            plugin = apprise.Apprise.instantiate(recipient.url, asset=asset)
        if plugin is None or not _schemes(plugin) & set(SCHEMES):
            raise ConfigError(
                f"{recipient.shown}: the URL is not understood"
                + (f" ({recipient.hide(heard[-1])})" if heard else ""),
                hint=f"Apprise describes {recipient.scheme}:// at https://appriseit.com/services/",
            )
        plugin.overflow_mode = "split"  # what is too long for one message becomes several
        plugin.redirects = False  # a redirect could lead to an address that is refused
        self._plugin = plugin
        self._service = apprise.Apprise(asset=asset)
        self._service.add(plugin)
        self._refuse_local(resolve=False)

    def send(self, title: str, body: str, level: str) -> str | None:
        """Sends one message.

        Returns:
            None where it was taken, else why not, without secrets.
        """
        try:
            self._refuse_local(resolve=True)
            with _listening() as heard:
                taken = self._service.notify(
                    body, title=title, notify_type=_KINDS[level], body_format="text"
                )
        except ConfigError as error:
            return f"{error.message.partition(': ')[2]} ({error.hint})"
        except Exception as error:  # noqa: BLE001 - a plugin's failure must not stop the others
            return self.recipient.hide(f"{type(error).__name__}: {error}")
        if taken:
            return None
        return self.recipient.hide(heard[-1] if heard else "not taken, for no reason that is told")

    def _refuse_local(self, *, resolve: bool) -> None:
        if self._allow_local or self.recipient.scheme in CHAT:
            return
        host = getattr(self._plugin, "smtp_host", None) or self._plugin.host
        refuse_local(str(host), self.recipient.shown, resolve=resolve)


def senders_of(config: Config, environ: Mapping[str, str]) -> dict[str, Sender]:
    """What sends to each recipient that a rule of the configuration names.

    Args:
        config: The configuration.
        environ: Where the secrets of recipients are.

    Raises:
        ConfigError: A recipient is wrong; so it is told before any work.
    """
    place = str(config.file or "stockout.toml")
    named = dict.fromkeys(name for rule in config.alert.rules for name in rule.recipients)
    return {
        name: Sender(
            parse_recipient(name, config.alert.recipients[name], environ, place),
            allow_local=config.alert.allow_local,
        )
        for name in named
    }


def not_sent(senders: Mapping[str, Sender], failures: Mapping[str, str]) -> StockoutError:
    """The error that says who could not be told, and why."""
    told = "; ".join(f"{senders[name].recipient.shown}: {why}" for name, why in failures.items())
    return StockoutError(
        f"not sent to {told}", hint="what was not sent is tried again at the next run"
    )


def _apprise() -> Any:  # noqa: ANN401 - a module that may not be there
    try:
        return importlib.import_module("apprise")
    except ImportError:
        raise ConfigError(
            "sending needs the package apprise", hint="pip install 'stockout[notify]'"
        ) from None


def _schemes(plugin: Any) -> set[str]:  # noqa: ANN401 - has no types
    found: set[str] = set()
    for named in (plugin.protocol, plugin.secure_protocol):
        found |= {named} if isinstance(named, str) else set(named or ())
    return found


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise warns of, which it would print with its secrets."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(" ".join(record.getMessage().split()))

    logger = logging.getLogger("apprise")
    before = logger.level, logger.propagate, list(logger.handlers)
    logger.handlers[:] = [Ear()]
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    try:
        yield heard
    finally:
        logger.handlers[:] = before[2]
        logger.propagate = before[1]
        logger.setLevel(before[0])
