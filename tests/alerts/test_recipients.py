"""Recipients: which kinds are allowed, where secrets stand, and that none is shown."""

from __future__ import annotations

import pytest

from stockout.alerts.addresses import refuse_local
from stockout.alerts.recipients import parse_recipient
from stockout.alerts.sending import Sender
from stockout.errors import ConfigError

ENV = {
    "PW": "s3/cr@t pw",
    "TOKEN": "abcd1234-ef56-7890",
    "HEX": "0123456789abcdef",
    "T1": "T1JJ3T3L2",
    "T2": "A1BRTD4JD",
    "T3": "TIiajkdnlazkcOXrIdevi7FQ",
    "WHOLE": "jsons://user:hidden99@hooks.example.com/path-of-secret?+X-Key=headersecret",
}


@pytest.mark.parametrize(
    ("given", "plugin"),
    [
        ("mailtos://ann:${PW}@mail.example.com?from=a@example.com&to=b@example.com", "NotifyEmail"),
        ("slack://${T1}/${T2}/${T3}/#stock", "NotifySlack"),
        ("slack://bot@${T1}/${T2}/${T3}", "NotifySlack"),
        ("dingtalk://${HEX}", "NotifyDingTalk"),
        ("dingtalk://${HEX}@${HEX}/13800000000", "NotifyDingTalk"),
        ("wecombot://${TOKEN}", "NotifyWeComBot"),
        ("feishu://${TOKEN}", "NotifyFeishu"),
        ("jsons://ann:${PW}@hooks.example.com/stock?+X-Key=${TOKEN}", "NotifyJSON"),
        ("${WHOLE}", "NotifyJSON"),
    ],
)
def test_allowed_kinds_are_understood_by_apprise(given: str, plugin: str) -> None:
    sender = Sender(parse_recipient("ops", given, ENV))
    assert type(sender._plugin).__name__ == plugin
    assert not any(secret in repr(sender.recipient) for secret in ENV.values())


def test_a_password_arrives_as_it_is() -> None:
    sender = Sender(parse_recipient("ops", "jsons://ann:${PW}@hooks.example.com", ENV))
    assert sender._plugin.password == ENV["PW"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("wecom://x", "wecom:// is no kind that is sent to\nhint: wecombot:// is WeCom's own"),
        ("https://hooks.slack.com/services/SECRET/SECRET", "https:// is no kind that is sent to"),
        ("file:///etc/passwd", "file:// is no kind"),
        ("SECRET", "no URL of a recipient"),
        ("mailtos://ann:SECRET@mail.example.com", "is written out in the URL"),
        ("jsons://ann:SECRET${PW}@hooks.example.com", "is written out in the URL"),
        ("jsons://hooks.example.com?+Authorization=SECRET", "is written out in the URL"),
        ("jsons://hooks.example.com?token=SECRET", "is written out in the URL"),
        ("mailtos://mail.example.com?pass=SECRET", "is written out in the URL"),
        ("slack://SECRET/SECRET/SECRET", "is written out in the URL"),
        ("slack://${T1}/${T2}/SECRET/#stock", "is written out in the URL"),
        ("dingtalk://SECRET@${TOKEN}", "is written out in the URL"),
        ("feishu://SECRET", "is written out in the URL"),
        ("feishu://", "no token"),
        ("feishu://${NOT_THERE}", "the environment variable NOT_THERE is not set"),
        ("${NOT_THERE}", "the environment variable NOT_THERE is not set"),
    ],
)
def test_what_is_refused(given: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_recipient("ops", given, ENV)
    assert str(caught.value).startswith("stockout.toml: alert.recipients.ops: ")
    assert message in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_secrets_are_hidden_in_what_others_say() -> None:
    recipient = parse_recipient("ops", "jsons://ann:${PW}@hooks.example.com", ENV)
    assert recipient.hide("no s3/cr@t pw or s3%2Fcr%40t%20pw") == "no *** or ***"
    whole = parse_recipient("ops", "${WHOLE}", ENV)
    told = whole.hide("hooks.example.com refused user hidden99 /path-of-secret headersecret")
    assert told == "hooks.example.com refused *** *** /*** ***"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.9", "172.16.0.1", "169.254.169.254", "0.0.0.1",
        "[::1]", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "localhost", "printer",
        "nas.local", "localhost.", "224.0.0.1", "100.64.0.1",
    ],
)  # fmt: skip
def test_local_addresses_are_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="local or private address"):
        refuse_local(host, "ops (json)", resolve=False)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1"])
def test_other_spellings_of_local_addresses_are_refused_too(host: str) -> None:
    with pytest.raises(ConfigError, match="local or private address"):
        refuse_local(host, "ops (json)", resolve=True)


def test_a_name_that_leads_to_a_local_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(2, 1, 6, "", ("93.184.215.14", 0)), (2, 1, 6, "", ("10.0.0.5", 0))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: answer)
    refuse_local("hooks.example.com", "ops (json)", resolve=False)
    with pytest.raises(ConfigError, match="local or private address"):
        refuse_local("hooks.example.com", "ops (json)", resolve=True)


@pytest.mark.parametrize(
    "given",
    [
        "json://127.0.0.1:8080/x",
        "mailto://ann:${PW}@example.com?smtp=127.0.0.1",
        "mailto://ann:${PW}@192.168.1.1",
    ],
)
def test_senders_to_local_addresses_are_refused(given: str) -> None:
    recipient = parse_recipient("ops", given, ENV)
    with pytest.raises(ConfigError, match="local or private address"):
        Sender(recipient)
    Sender(recipient, allow_local=True)
