"""Who is told what at which run, over real receivers on this machine."""

from __future__ import annotations

import email
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockout.alerts.deliver import Delivered, deliver
from stockout.alerts.memory import read_memory
from stockout.alerts.plan import message_of
from stockout.alerts.quiet import quiet_level
from stockout.alerts.recipients import parse_recipient
from stockout.alerts.rules import find_alerts
from stockout.alerts.sending import Sender
from stockout.config import AlertConfig, AlertRule, QuietPeriod
from stockout.errors import StockoutError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alerts.conftest import Hook, Mailbox

NOW = datetime(2026, 6, 29, 6, 1, tzinfo=timezone(timedelta(hours=8)))  # a Monday
TOKEN = "t0ps3cret"  # noqa: S105 - of a receiver that the test starts


class Desk:
    """Runs of one configuration, one after the other."""

    def __init__(
        self, folder: Path, recipients: dict[str, str], quiet: list[QuietPeriod] | None = None
    ) -> None:
        """Names of recipients, who all get every alert, and quiet periods."""
        rule = AlertRule(
            name="low",
            table="reorder",
            where="on_hand < 5",
            critical="on_hand = 0",
            message="{sku}: {on_hand} left",
            recipients=list(recipients),
        )
        self.state = folder / "alerts.json"
        self.config = AlertConfig(rules=[rule], recipients=recipients, quiet=quiet or [])
        self.senders = {
            name: Sender(parse_recipient(name, url, {"TOKEN": TOKEN}), allow_local=True)
            for name, url in recipients.items()
        }

    def run(self, now: datetime = NOW, *, dry_run: bool = False, **on_hand: float) -> Delivered:
        """One run with this stock."""
        lines = pl.DataFrame(
            {"sku": list(on_hand), "location": "L1", "on_hand": list(on_hand.values())}
        )
        alerts = find_alerts(self.config.rules, {"reorder": lines})
        return deliver(alerts, self.config, self.senders, self.state, now, dry_run=dry_run)

    def statuses(self, now: datetime = NOW, **on_hand: float) -> dict[str, str]:
        """What becomes of each SKU."""
        rows = self.run(now, dry_run=False, **on_hand).rows
        return dict(rows.select("sku", "status").rows())


@pytest.fixture
def desk(tmp_path: Path, hook: Hook) -> Desk:
    """One webhook."""
    return Desk(tmp_path, {"ops": f"json://127.0.0.1:{hook.port}/x?+X-Key=${{TOKEN}}"})


def test_a_webhook_gets_one_message_a_run(desk: Desk, hook: Hook) -> None:
    done = desk.run(A=3, B=0, C=90)
    assert done.failures == {}
    [body] = hook.bodies
    assert body["title"] == "stockout: 1 critical, 1 warning"
    assert body["message"] == "critical: low\n- B: 0 left\nwarning: low\n- A: 3 left"
    assert body["type"] == "failure"
    assert hook.headers[0]["X-Key"] == TOKEN


def test_e_mail_arrives(tmp_path: Path, mailbox: Mailbox) -> None:
    url = f"mailto://127.0.0.1:{mailbox.port}?from=a@example.com&to=b@example.com&mode=insecure"
    done = Desk(tmp_path, {"ann": url}).run(A=3)
    assert (done.failures, done.rows["status"].to_list()) == ({}, ["sent"])
    [text] = mailbox.messages
    message = email.message_from_string(text)
    assert message["To"] == "b@example.com"
    parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
    content = parts[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.decode().rstrip().split("\r\n") == ["warning: low", "- A: 3 left"]


def test_the_same_is_told_again_after_the_days_of_the_rule_or_when_it_is_graver(
    desk: Desk, hook: Hook
) -> None:
    assert desk.statuses(A=3, B=2) == {"A": "sent", "B": "sent"}
    # The next day nothing is new, the item in between was fine, or it is worse.
    assert desk.statuses(NOW + timedelta(days=1), A=3, B=2) == dict.fromkeys("AB", "told before")
    assert desk.statuses(NOW + timedelta(days=2), B=9) == {}
    assert desk.statuses(NOW + timedelta(days=3), A=0, B=2) == {"A": "sent", "B": "told before"}
    # A level that falls and rises again is no news.
    assert desk.statuses(NOW + timedelta(days=4), A=3) == {"A": "told before"}
    assert desk.statuses(NOW + timedelta(days=5), A=0) == {"A": "told before"}
    # A weekly run that is a second earlier than the last one is a week after it all the same.
    week = NOW + timedelta(days=7, seconds=-1)
    assert desk.statuses(week, A=0, B=2) == {"A": "told before", "B": "sent"}
    assert [body["message"].count("- ") for body in hook.bodies] == [2, 1, 1]


def test_what_could_not_be_sent_is_due_again_and_others_are_served(
    tmp_path: Path, hook: Hook, mailbox: Mailbox
) -> None:
    mail = f"mailto://127.0.0.1:{mailbox.port}?from=a@example.com&to=b@example.com&mode=insecure"
    desk = Desk(
        tmp_path, {"ops": f"json://u:${{TOKEN}}@127.0.0.1:{hook.port}/${{TOKEN}}", "ann": mail}
    )
    hook.status = 500
    done = desk.run(A=3)
    assert dict(done.rows.select("recipient", "status").rows()) == {
        "ops": "not sent",
        "ann": "sent",
    }
    assert "error=500" in done.failures["ops"]
    hook.status = 200
    again = desk.run(A=3)
    assert dict(again.rows.select("recipient", "status").rows()) == {
        "ops": "sent",
        "ann": "told before",
    }
    assert (len(hook.bodies), len(mailbox.messages)) == (1, 1)
    assert TOKEN not in desk.state.read_text()


def test_a_receiver_that_is_not_there_is_told_without_secrets(
    tmp_path: Path, hook: Hook, capfd: pytest.CaptureFixture[str]
) -> None:
    hook.server.server_close()
    desk = Desk(tmp_path, {"ops": f"json://u:${{TOKEN}}@127.0.0.1:{hook.port}/${{TOKEN}}"})
    done = desk.run(A=3)
    assert "Connection error" in done.failures["ops"]
    assert TOKEN not in done.failures["ops"]
    assert capfd.readouterr() == ("", "")


def test_a_redirect_is_not_followed(desk: Desk, hook: Hook) -> None:
    hook.status = 302
    assert "error=302" in desk.run(A=3).failures["ops"]


def test_a_dry_run_sends_and_remembers_nothing(desk: Desk, hook: Hook) -> None:
    done = desk.run(dry_run=True, A=3)
    assert done.rows["status"].to_list() == ["would be sent"]
    assert hook.bodies == []
    assert not desk.state.exists()


def test_in_a_quiet_period_messages_wait(tmp_path: Path, hook: Hook) -> None:
    night = QuietPeriod(start="20:00", end="07:00")
    url = f"json://127.0.0.1:{hook.port}"
    desk = Desk(tmp_path, {"ops": url}, quiet=[night])
    assert desk.statuses(A=3, B=0) == {"A": "waits", "B": "sent"}
    assert desk.statuses(NOW + timedelta(hours=1), A=3, B=0) == {"A": "sent", "B": "told before"}


@pytest.mark.parametrize(
    ("period", "hour", "is_quiet"),
    [
        ({"start": "08:00", "end": "17:00"}, 7, False),
        ({"start": "06:00", "end": "17:00"}, 6, True),
        ({"start": "04:00", "end": "06:00"}, 6, False),
        ({"weekdays": ["Mon"]}, 6, True),
        ({"weekdays": ["Sun"]}, 6, False),
        ({"start": "20:00", "end": "07:00", "weekdays": ["Sun"]}, 6, True),
        ({"start": "20:00", "end": "07:00", "weekdays": ["Mon"]}, 6, False),
        ({"start": "20:00", "end": "07:00", "weekdays": ["Mon"]}, 21, True),
        ({"start": "00:00", "end": "00:00"}, 6, True),
    ],
)
def test_hours_and_weekdays(period: dict[str, Any], hour: int, *, is_quiet: bool) -> None:
    level = quiet_level([QuietPeriod(**period)], NOW.replace(hour=hour))
    assert (level is not None) == is_quiet


def test_the_level_that_waits_is_the_gravest_of_the_periods() -> None:
    periods = [QuietPeriod(up_to="critical"), QuietPeriod(up_to="info")]
    assert quiet_level(periods, NOW) == "critical"


def test_a_long_list_is_counted_from_somewhere_on() -> None:
    lines = pl.DataFrame({"sku": [f"{n:03}" for n in range(120)], "on_hand": 1.0})
    rule = AlertRule(
        name="low", table="reorder", where="on_hand < 5", message="{sku}", recipients=["ops"]
    )
    title, body = message_of(find_alerts([rule], {"reorder": lines}), most=50)
    assert title == "stockout: 120 warning"
    assert body.splitlines()[0] == "warning: low"
    assert len(body.splitlines()) == 52
    assert body.endswith("- 049\nand 70 more")


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"version": 1}', '{"version": 1, "sent": [{"at": "soon"}]}', '{"version": 2}'],
)
def test_a_state_that_is_none_is_refused_before_anything_is_sent(
    desk: Desk, hook: Hook, text: str
) -> None:
    desk.state.write_text(text)
    with pytest.raises(StockoutError, match=r"alerts\.json"):
        desk.run(A=3)
    assert hook.bodies == []


def test_old_entries_are_forgotten(desk: Desk) -> None:
    desk.run(A=3)
    desk.run(NOW + timedelta(days=30), B=3)
    assert read_memory(desk.state)["sku"].to_list() == ["B"]
