"""Which profile an export fits: the system it comes from, and the tables that this makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stockout.exports.mapping import first_named
from stockout.exports.names import plain_name
from stockout.exports.recognition.content import ENOUGH
from stockout.exports.recognition.fitting import (
    CONFIDENCES,
    Fit,
    Mapped,
    fits_by_name,
    needed_columns,
)
from stockout.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from stockout.exports.profiles import ExportProfile, Profile, TableProfile
    from stockout.exports.recognition.fitting import Confidence
    from stockout.exports.recognition.looking import Kin


class Known(NamedTuple):
    """An export of a system that a header fits."""

    key: str  # such as "sap/mb52"
    profile: Profile
    export: ExportProfile
    strength: tuple[int, int, int]  # words of the titles, lists matched, columns covered

    @property
    def system(self) -> str:
        """The profile's name."""
        return self.key.rpartition("/")[0]

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.profile.system} {self.export.title}"


def known_exports(kin: Kin, profiles: Mapping[str, Profile]) -> list[Known]:
    """The exports of known systems whose header this is, the most specific first.

    Args:
        kin: Exports of one kind.
        profiles: Profiles by name, as the configuration names them.
    """
    found = []
    titles = plain_name(kin.titles)
    for name, profile in profiles.items():
        for short, export in profile.exports.items():
            if export.fits(kin.header):
                words = sum(plain_name(word) in titles for word in export.titles)
                strength = (words, len(export.recognise), _covered(export, kin.header))
                found.append(Known(f"{name}/{short}", profile, export, strength))
    return sorted(found, key=lambda known: (*(-part for part in known.strength), known.key))


def fits_of_export(kin: Kin, known: Known) -> list[Fit]:
    """The tables that an export of a known system makes; those that lack a column are not there.

    Args:
        kin: Exports of one kind.
        known: The export that they are.
    """
    fits = []
    for table, told in known.export.tables.items():
        columns = _columns(kin, table, told, known)
        # What expressions compute is the profile's affair; what they miss shows when all is read.
        computed = {*told.sql, *told.words}
        present = {*columns, *computed}
        if any(not present & set(group) for group in needed_columns(table)):
            continue
        confidence, reasons = _confidence(kin, table, columns, known)
        fits.append(
            Fit(
                table=table,
                profile=known.key,
                title=known.title,
                columns=columns
                | {name: Mapped("the profile", "computed") for name in computed - set(columns)},
                missing={},
                fallback=told.fallback,
                score=float(sum(known.strength)),
                confidence=confidence,
                reasons=reasons,
            )
        )
    return fits


def certain_system(kin: Kin, profiles: Mapping[str, Profile]) -> str | None:
    """The system that an export is from, where no other fits its header as well."""
    known = known_exports(kin, profiles)
    best = {each.system for each in known if each.strength == known[0].strength}
    return best.pop() if len(best) == 1 else None


def with_rivals(fits: list[Fit], known: list[Known]) -> list[Fit]:
    """Lowers the confidence where exports of other systems fit a header just as well."""
    rivals = [other for other in known[1:] if other.strength == known[0].strength]
    if not rivals:
        return fits
    reason = f"the header would also fit {' and '.join(other.title for other in rivals)}"
    return [
        replace(
            fit,
            confidence=_worse(fit.confidence, "likely"),
            reasons=(*fit.reasons, reason),
            rivals=tuple(other.key for other in rivals),
        )
        for fit in fits
    ]


def _covered(export: ExportProfile, header: Collection[str]) -> int:
    names = {
        plain_name(name)
        for table in export.tables.values()
        for group in (*table.columns.values(), *(field.names for field in table.fields.values()))
        for name in group
    }
    return sum(plain_name(name) in names for name in header)


def _columns(kin: Kin, table: str, told: TableProfile, known: Known) -> dict[str, Mapped]:
    made = [] if told.unpivot is None else [told.unpivot.value, told.unpivot.location]
    columns = {}
    for column, names in told.columns.items():
        name = first_named(names, [*kin.header, *made])
        if name in made:
            columns[column] = Mapped("one column for each location", "computed")
        elif name is not None:
            columns[column] = Mapped(name, "profile")
    if known.export.headers == "vary":
        by_name = next((fit for fit in fits_by_name(kin) if fit.table == table), None)
        for column, where in ({} if by_name is None else by_name.columns).items():
            if column not in columns and column not in {*told.sql, *told.words}:
                columns[column] = where
    return {name: columns[name] for name in SCHEMAS[table].column_names() if name in columns}


def _confidence(
    kin: Kin, table: str, columns: Mapping[str, Mapped], known: Known
) -> tuple[Confidence, tuple[str, ...]]:
    confidence: Confidence = "certain"
    reasons: list[str] = []
    if known.export.headers == "vary":
        confidence = "likely"
        reasons.append("users of this system name columns themselves")
    schema = SCHEMAS[table].columns()
    for column, where in columns.items():
        look = kin.columns.get(where.name)
        # Rows that a profile leaves out or fills down may hold anything: only most cells count.
        if look is not None and look.share(column, schema[column].dtype) < ENOUGH:
            confidence = _worse(confidence, "likely")
            reasons.append(f"not every cell of {where.name!r} looks like {column}")
    if kin.sample.is_empty():
        confidence = _worse(confidence, "likely")
        reasons.append("it has no rows")
    return confidence, tuple(reasons)


def _worse(one: Confidence, other: Confidence) -> Confidence:
    return max(one, other, key=CONFIDENCES.index)
