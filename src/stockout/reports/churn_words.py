"""The effect of stockouts on customers in sentences, and the scenario where it is not known."""

from __future__ import annotations

from typing import Any


def effect_words(record: dict[str, Any]) -> list[str]:
    """What is known of the effect.

    Args:
        record: As from :meth:`stockout.impact.churn.Churn.record`.
    """
    effect = record["effect"]
    if effect is None:
        return [f"Not known: {record['effect_reason']}."]
    met = (
        f"{effect['customers']:,} regular customers were followed over {len(effect['landmarks'])} "
        f"windows of four weeks. {effect['sku_shocks']:,} SKUs that they used to buy were out of "
        f"stock then, which thwarted about {effect['thwarted_purchases']:,.0f} purchases."
    )
    interval = f"95 %: {effect['low']:,.0f} to {effect['high']:,.0f}"
    if effect["detectable"]:
        lost = f"{effect['excess_churners']:,.0f} customers more than usual did not come back"
        told = [f"{lost}, {effect['wording']} ({interval})."]
        told.append(
            f"Value not known: {effect['value_reason']}."
            if effect["value_at_risk"] is None
            else f"Their margin: {effect['value_at_risk']:,.0f} (95 %: {effect['value_low']:,.0f} "
            f"to {effect['value_high']:,.0f}), beyond what lost sales count."
        )
    else:
        least = f"{effect['mde']:,.0f} lost customers"
        told = [
            f"Not detectable: these data would show an effect only from {least} on.",
            f"A smaller one may be there, or none ({interval}). No money is stated.",
        ]
    return [*told, met, *_short(effect["short"]), *[f"mind: {each}" for each in effect["warnings"]]]


def _short(effects: list[dict[str, Any]]) -> list[str]:
    """Those short effects whose interval leaves out zero."""
    clear = [
        each for each in effects if each["value"] is not None and each["low"] * each["high"] > 0
    ]
    if not clear:
        return ["At once (later orders, other items, lost baskets): nothing beyond chance."]
    return [
        f"At once, a thwarted purchase: {each['name']}, {each['value']:.2f} {each['unit']} "
        f"(95 %: {each['low']:.2f} to {each['high']:.2f})."
        for each in clear
    ]


def scenario_words(scenario: dict[str, Any]) -> list[str]:
    """What published shares make of lost units.

    Args:
        scenario: As in the record.
    """
    lost = f"{scenario['lost_units']:,.0f} units"
    told = [
        f"Stockouts of the whole history cost {lost} before what customers did instead.",
        "If customers here did what others said they do:",
    ]
    for case in scenario["cases"]:
        worth = case["net_lost_margin"]
        money = "" if worth is None else f", {worth:,.0f} of margin"
        told.append(
            f"- {case['elsewhere_units']:,.0f} units bought elsewhere, "
            f"{case['abandoned_units']:,.0f} not at all (net loss "
            f"{case['net_lost_units']:,.0f}{money}), {case['substituted_units']:,.0f} replaced by "
            f"another item, {case['delayed_units']:,.0f} bought later; {case['assumption']}."
        )
    told.append(f"How many customers leave for good is not stated: {scenario['leaving_reason']}.")
    return told
