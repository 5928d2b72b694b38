"""What a run does, and in which order: the configured steps, and commands between them."""

from __future__ import annotations

import difflib
import itertools
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from stockout.config import RunCommand
from stockout.errors import ConfigError
from stockout.exports.kept import with_exports
from stockout.pipeline.steps import STEPS, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stockout.config import Config


class Planned(NamedTuple):
    """A step in the order of the run."""

    name: str
    action: Step | RunCommand
    left_out: str | None = None  # why there is nothing to do


Plan: TypeAlias = list[Planned]


def plan_steps(config: Config) -> Plan:
    """The steps of a run in their order.

    Raises:
        ConfigError: A step is not known, comes twice or too early, or lacks a table; a command
            follows nothing.

    >>> from stockout.config import Config
    >>> plan = plan_steps(Config(tables={"sales": {"path": "sales.csv"}}))
    >>> [(step.name, step.left_out) for step in plan][3:6]
    [('lost-sales', None), ('reorder', 'no inventory in the configuration'), ('causes', None)]
    """
    if not config.tables:
        raise ConfigError(
            "nothing to run on: neither a flag nor the configuration names a table",
            hint="run stockout init FOLDER first",
        )
    with_exports(config)  # what is to be added must be read by somebody
    asked = config.run.steps
    names = [*STEPS] if asked is None else asked
    plan: Plan = []
    for name in names:
        if name not in STEPS:
            raise _unknown(f"run.steps: no step {name!r}", name, STEPS)
        if name in [planned.name for planned in plan]:
            raise ConfigError(f"run.steps: {name} stands there twice")
        missing = [table for table in STEPS[name].needs if table not in config.tables]
        if missing and asked is not None:
            raise ConfigError(
                f"run.steps: {name} needs the table {missing[0]}",
                hint=f"set tables.{missing[0]}.path, or leave {name} out of run.steps",
            )
        left_out = f"no {' and no '.join(missing)} in the configuration" if missing else None
        left_out = left_out or STEPS[name].lacks(config)
        if left_out is not None and asked is not None:
            raise ConfigError(f"run.steps: {name}: {left_out}")
        plan.append(Planned(name, STEPS[name], left_out))
    _check_order(names)
    for own in config.run.commands:
        _insert(plan, own)
    return plan


def _check_order(names: Sequence[str]) -> None:
    """What reads the tables comes after what adds to them, what tells of results after all."""
    for early, late in itertools.combinations(names, 2):
        if late == "history" and STEPS[early].reads:
            raise ConfigError(
                f"run.steps: history comes after {early}, which would not see what is added",
                hint=f"name history before {early}",
            )
        if early == "alert":
            raise ConfigError(f"run.steps: {late} comes after alert", hint="name alert last")


def _insert(plan: Plan, own: RunCommand) -> None:
    """Puts a command behind the step it follows, and behind commands that follow it already."""
    names = [planned.name for planned in plan]
    if own.name in names or own.name in STEPS:
        raise ConfigError(
            f"run.commands: the name {own.name!r} is taken", hint="give each step its own name"
        )
    if own.after is None:
        plan.append(Planned(own.name, own))
        return
    if own.after not in names:
        raise _unknown(f"run.commands: {own.name} follows {own.after!r}, which is no step of this "
                       "run", own.after, names)  # fmt: skip
    place = names.index(own.after) + 1
    while place < len(plan):
        action = plan[place].action
        if not (isinstance(action, RunCommand) and action.after == own.after):
            break
        place += 1
    plan.insert(place, Planned(own.name, own))


def _unknown(message: str, name: str, known: Collection[str]) -> ConfigError:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"steps are {', '.join(known)}"
    return ConfigError(message, hint=hint)
