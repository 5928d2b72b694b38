"""Profiles: what is known of the exports of each system, as data, one TOML file a system."""

from __future__ import annotations

from stockout.exports.profiles.profile import (
    ExportProfile,
    FillDown,
    Known,
    Profile,
    TableProfile,
    Unpivot,
    built_in_profiles,
    find_known,
    read_profile,
)

__all__ = [
    "ExportProfile",
    "FillDown",
    "Known",
    "Profile",
    "TableProfile",
    "Unpivot",
    "built_in_profiles",
    "find_known",
    "read_profile",
]
