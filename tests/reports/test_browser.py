"""The page in a browser: nothing leaves it, nothing breaks out of it, and it can be used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from stockout.reports.report.report import Report

Scheme: TypeAlias = Literal["light", "dark"]

_BROWSER = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
_PLACES = ("AXE_CORE_JS", "node_modules/axe-core/axe.min.js")

pytestmark = pytest.mark.skipif(
    _BROWSER is None, reason="no chromium; CHROMIUM_PATH names a browser of that kind"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=_BROWSER, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(
    hostile_report: Report, hostile_html: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Addresses of the page in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {"en": hostile_html, "zh": hostile_report.html("zh", "CNY")}
    for lang, text in texts.items():
        (folder / f"{lang}.html").write_text(text, encoding="utf-8")
    return {lang: (folder / f"{lang}.html").as_uri() for lang in texts}


def opened(
    browser: Browser, address: str, width: int, scheme: Scheme = "light"
) -> tuple[Page, list[str]]:
    """A page, and what it says on the console, asks for or fails at, as it happens."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    told: list[str] = []
    inside = ("data:", address)
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on(
        "request", lambda asked: None if asked.url.startswith(inside) else told.append(asked.url)
    )
    page.goto(address)
    return page, told


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_is_quiet_inert_and_fits(
    browser: Browser, pages: dict[str, str], lang: str, width: int
) -> None:
    page, told = opened(browser, pages[lang], width)
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    page.mouse.wheel(0, 4000)
    assert told == []
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("main img, main script, main b:has(img), main i").count() == 0
    clipped = page.evaluate(
        """() => [...document.querySelectorAll("h1, h2, h3, dt, dd, p, figcaption, summary")]
        .filter(each => each.scrollWidth > each.clientWidth + 1
            && getComputedStyle(each).display !== "inline").map(each => each.textContent)"""
    )
    assert clipped == []
    page.close()


def test_tables_sort_and_filter(browser: Browser, pages: dict[str, str]) -> None:
    page, told = opened(browser, pages["en"], 1280)
    table = page.locator("#lost .table", has_text="Items that lost most")
    head = table.locator("th", has_text="Lost units")
    head.locator("button").click()
    head.locator("button").click()
    column = head.evaluate("cell => cell.cellIndex")

    def keys() -> list[float]:
        cells = table.locator(f"tbody tr td:nth-child({column + 1})")
        return [float(key) for key in cells.evaluate_all("all => all.map(c => c.dataset.key)")]

    assert head.get_attribute("aria-sort") == "ascending"
    assert keys() == sorted(keys())
    head.locator("button").click()
    assert keys() == sorted(keys(), reverse=True)
    table.locator("input").fill("7 * 7")
    shown = [row for row in table.locator("tbody tr").all() if row.is_visible()]
    assert 0 < len(shown) < table.locator("tbody tr").count()
    assert all("7 * 7" in row.inner_text() for row in shown)
    assert table.locator(".matches").inner_text() == f"{len(shown)} rows match"
    table.locator("input").fill("")
    assert all(row.is_visible() for row in table.locator("tbody tr").all())
    assert told == []
    page.close()


def test_dark_by_preference_and_by_switch(browser: Browser, pages: dict[str, str]) -> None:
    def paper(page: Page) -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, _ = opened(browser, pages["en"], 390)
    dark, told = opened(browser, pages["en"], 390, "dark")
    by_preference = {"light": paper(light), "dark": paper(dark)}
    assert by_preference["light"] != by_preference["dark"]
    dark.click("#theme")
    assert paper(dark) == by_preference["light"]
    dark.reload()
    assert paper(dark) == by_preference["light"]  # it is kept
    assert told == []
    light.close()
    dark.close()


def test_it_fits_paper_without_what_needs_a_screen(browser: Browser, pages: dict[str, str]) -> None:
    page, _ = opened(browser, pages["en"], 720, "dark")  # A4 less its margins
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 720
    assert not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_the_way_of_anybody(
    browser: Browser, pages: dict[str, str], scheme: Scheme, root: Path
) -> None:
    found = [Path(os.environ.get(_PLACES[0], "")), root / _PLACES[1]]
    scripts = [path for path in found if path.is_file()]
    if not scripts:
        pytest.skip("no axe-core: npm install axe-core, or name axe.min.js in AXE_CORE_JS")
    page = browser.new_page(
        bypass_csp=True, color_scheme=scheme, viewport={"width": 390, "height": 900}
    )
    page.goto(pages["en"])
    page.add_script_tag(content=scripts[0].read_text(encoding="utf-8"))
    violations = page.evaluate("axe.run().then(found => found.violations)")
    grave = [
        (each["id"], each["nodes"][0]["html"][:200], each["nodes"][0]["failureSummary"])
        for each in violations
        if each["impact"] in {"serious", "critical"}
    ]
    assert grave == []
    page.close()
