"""The weekly run: from the exports to one dated folder, whole or not at all."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import stockout
from stockout.config import RunCommand
from stockout.errors import ConfigError, NotKnownError, StockoutError
from stockout.locking import locked
from stockout.pipeline.context import Context, input_files, kept_inputs
from stockout.pipeline.dated_folders import (
    FAILED,
    LOG,
    RECORD,
    check_untouched,
    digests,
    discard,
    point_to_newest,
    publish,
    recover,
    workspace,
    writing,
)
from stockout.pipeline.own_commands import run_command
from stockout.pipeline.plan import plan_steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from pathlib import Path

    from stockout.config import Config
    from stockout.pipeline.plan import Plan, Planned

logger = logging.getLogger(__name__)

_UNDATED = "undated"
"""The folder of a run that had to stop before any date was known."""


@dataclass
class _Record:
    """What ``run.json`` says, as far as the run has come."""

    inputs: list[dict[str, object]]
    config: str
    steps: list[dict[str, object]] = field(default_factory=list)
    failed: dict[str, str] | None = None

    def write(self, context: Context, as_of: date | None) -> None:
        """Writes it, with the digests of all other files but the log."""
        outputs = digests(context.folder)
        outputs.pop(LOG, None)
        tables = context.__dict__.get("tables")  # where they were read
        rows = {} if tables is None else {
            name: frame.height for name, frame in sorted(vars(tables).items()) if frame is not None
        }  # fmt: skip
        content = {
            "stockout": stockout.__version__,
            "as_of": None if as_of is None else as_of.isoformat(),
            "config": self.config,
            "inputs": sorted(self.inputs + context.kept, key=lambda each: str(each["table"])),
            "rows": rows,
            "steps": self.steps,
            "failed": self.failed,
            "outputs": outputs,
        }
        text = json.dumps(content, ensure_ascii=False, indent=1)
        path = context.folder / RECORD
        path.write_text(text + "\n", encoding="utf-8", newline="\n")


def weekly_run(
    config: Config,
    *,
    now: datetime,
    as_of: date | None = None,
    replace: bool = False,
    clock: Callable[[], float] = lambda: 0.0,
    working: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> Path:
    """Runs the configured steps into ``OUTPUT/AS-OF/``.

    The same inputs and configuration give the same bytes in every file but ``run.log``. When the
    process dies, the folder of the date is as before.

    Args:
        config: The configuration; ``run.output`` is relative to its folder.
        now: The time, in local time with its offset: snapshots of a history are added then, and
            messages sent or kept back.
        as_of: The last day that counts; None is the last date in the data.
        replace: Replaces a folder of the same date although somebody worked in it.
        clock: Seconds of a steady clock, for the timings in the log.
        working: Shows that work is going on while its context lasts.

    Returns:
        The dated folder.

    Raises:
        LockedError: Another run holds the lock, or another process is telling people.
        FindingsError: The check found what ``run.fail_on`` says; the findings are in
            ``OUTPUT/failed/AS-OF/``.
        StockoutError: A step failed; what there was is in that folder too. Or the results are in
            their place, and somebody could not be told.
    """
    plan = plan_steps(config)
    if "xlsx" in config.run.formats and importlib.util.find_spec("xlsxwriter") is None:
        raise ConfigError(
            "purchase lists as xlsx need the package xlsxwriter",
            hint="pip install 'stockout[excel]', or set run.formats = [\"csv\"]",
        )
    output = config.folder / config.run.output
    with writing(output):
        output.mkdir(parents=True, exist_ok=True)
    with locked(output / ".lock"):
        recover(output)
        with workspace(output) as work:
            return _run(config, plan, output, Context(config, work, as_of, now), replace=replace,
                        clock=clock, working=working)  # fmt: skip


def _run(
    config: Config, plan: Plan, output: Path, context: Context, *, replace: bool,
    clock: Callable[[], float], working: Callable[[str], AbstractContextManager[None]],
) -> Path:  # fmt: skip
    (context.folder / LOG).touch()
    with working("taking the digests of the exports"):
        record = _Record(input_files(config), _config_digest(config))
    names = [planned.name for planned in plan]
    first = names.index("history") + 1 if "history" in names else 0
    for number, planned in enumerate(plan):
        action = planned.action
        start = clock()
        try:
            if number >= first and (isinstance(action, RunCommand) or action.reads):
                with working("reading the exports"):
                    check_replaceable(output / context.as_of.isoformat(), replace=replace)
            doing = planned.name if isinstance(action, RunCommand) else action.doing
            with working(f"{doing} ({number + 1} of {len(plan)})"):
                record.steps.append(_take(planned, context))
        except StockoutError as error:
            record.failed = {"step": planned.name, "message": error.message}
            _leave(context, record, output)
            raise
        finally:
            context.log(f"{planned.name}: {clock() - start:.2f} s")
    target = output / context.as_of.isoformat()
    with working("taking the digests of the exports again"):
        changed = input_files(config) != record.inputs or kept_inputs(config) != context.kept
    if changed:
        raise StockoutError(
            "an export changed while the run read it, so that its results may not fit together",
            hint="run it again",
        )
    check_replaceable(target, replace=replace)
    with working("putting the results in their place"):
        record.write(context, context.as_of)
        publish(context.folder, target)
    context.folder = target
    point_to_newest(output)
    discard(output / FAILED / target.name)
    for finish in context.afterwards:
        with working("telling people"):
            finish()
    return target


def check_replaceable(folder: Path, *, replace: bool) -> None:
    """Refuses to replace what somebody worked on, unless told to."""
    if not replace:
        check_untouched(folder)


def _take(planned: Planned, context: Context) -> dict[str, object]:
    """Takes one step; what the record says of it."""
    action = planned.action
    if planned.left_out is not None:
        return {"name": planned.name, "state": "left out", "reason": planned.left_out}
    if isinstance(action, RunCommand):
        code = run_command(action, context.folder, context.config.folder, context.folder / LOG)
        return {"name": planned.name, "state": "failed" if code else "done", "exit_code": code}
    try:
        counts = action.run(context)
    except NotKnownError as error:
        return {"name": planned.name, "state": "left out", "reason": error.message}
    return {"name": planned.name, "state": "done", "counts": dict(counts)}


def _leave(context: Context, record: _Record, output: Path) -> None:
    """Puts what there is into the folder of failed runs."""
    as_of = context.known_as_of
    record.write(context, as_of)
    target = output / FAILED / (_UNDATED if as_of is None else as_of.isoformat())
    publish(context.folder, target)
    context.folder = target  # where the log goes on
    logger.warning("%s: what the run left that had to stop", target)


def _config_digest(config: Config) -> str:
    """A digest of what the configuration says, wherever it stands and its results go."""
    left_out: Any = {"folder": True, "file": True, "run": {"output"}}
    text = json.dumps(config.model_dump(mode="json", exclude=left_out), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
