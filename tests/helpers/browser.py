"""Pages in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
WHY_NOT = (
    "no Chromium on this machine to open a page with"
    if CHROMIUM is None
    else ""
    if find_spec("playwright")
    else "Playwright, which drives the browser, is not installed"
)
needs_browser = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "it is here")
PHONE, LAPTOP, A4 = (400, 800), (1280, 800), (665, 940)  # A4 less margins of 17 mm, in pixels

# What lies beyond the sides of the page, or of the box that it scrolls in; what covers one another.
FAULTS = """() => {
  const wide = document.documentElement.clientWidth, found = [];
  const seen = (one) => one.checkVisibility() && !one.closest('.skip');
  const name = (one) => one.tagName.toLowerCase() + ' ' + one.textContent.trim().slice(0, 40);
  if (document.documentElement.scrollWidth > wide) found.push('the page scrolls to the side');
  for (const one of document.querySelectorAll('body *')) {
    const box = one.getBoundingClientRect(), scrolls = one.closest('.scroll');
    const inside = scrolls && scrolls !== one && getComputedStyle(scrolls).overflowX === 'auto';
    if (!seen(one) || inside) continue;
    if (box.left < -1 || box.right > wide + 1) found.push('beyond the side: ' + name(one));
  }
  const texts = [...document.querySelectorAll(
    'h1, h2, h3, p, nav li, dt, dd, .findings li > *, caption, th, td, img, summary')].filter(seen);
  const boxes = texts.map((one) => one.getBoundingClientRect());
  for (let at = 0; at < texts.length; at++) {
    for (let next = at + 1; next < Math.min(at + 12, texts.length); next++) {
      if (texts[at].contains(texts[next])) continue;
      const across = Math.min(boxes[at].right, boxes[next].right)
        - Math.max(boxes[at].left, boxes[next].left);
      const down = Math.min(boxes[at].bottom, boxes[next].bottom)
        - Math.max(boxes[at].top, boxes[next].top);
      if (across > 1 && down > 1)
        found.push('one covers the other: ' + name(texts[at]) + ' / ' + name(texts[next]));
    }
    if (texts[at].tagName !== 'IMG' && texts[at].scrollWidth > texts[at].clientWidth + 1
        && texts[at].clientWidth && getComputedStyle(texts[at]).display !== 'inline')
      found.push('wider than its place: ' + name(texts[at]));
  }
  return found;
}"""
PICTURES = """() => [...document.querySelectorAll('figure img')].map((one) => ({
  loaded: one.complete && one.naturalWidth > 0,
  scale: one.getBoundingClientRect().width / one.naturalWidth,
  source: one.currentSrc.length,
}))"""
# Rows and pictures beyond the first few of each kind look like these: axe takes seconds for them.
ALIKE = "tbody tr:nth-child(n+4):not(.total):not(:has(.hidden)), figure ~ figure"
SERIOUS = """async ([rules, alike]) => (await axe.run({exclude: [alike]}, {
  resultTypes: ['violations'], ...(rules ? {runOnly: {type: 'rule', values: rules}} : {}),
})).violations.filter((one) => ['serious', 'critical'].includes(one.impact))
  .map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200))])"""


@dataclass
class Opened:
    """A page that is open, with what it said and what it asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def faults(self, size: tuple[int, int], media: str = "screen") -> list[str]:
        """Return what is cut or covered on a page of that size."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.emulate_media(media=media)
        return list(self.page.evaluate(FAULTS))

    def pictures(self) -> list[dict[str, Any]]:
        """Return which picture of each figure is shown, and how large."""
        self.page.wait_for_function(f"({PICTURES})().every((one) => one.loaded)")
        return list(self.page.evaluate(PICTURES))

    def serious(self, scheme: str, rules: list[str] | None = None) -> list[Any]:
        """Return what axe-core finds that is serious or critical."""
        self.page.emulate_media(color_scheme=scheme, media="screen")
        return list(self.page.evaluate(SERIOUS, [rules, ALIKE]))

    def load_axe(self) -> None:
        """Load axe-core by the debugging protocol, since the page itself forbids scripts."""
        package = pytest.importorskip(
            "axe_playwright_python", reason="axe-core (axe-playwright-python) is not installed"
        )
        self.page.evaluate(Path(package.__file__).with_name("axe.min.js").read_text("utf-8"))


@contextmanager
def chromium() -> Iterator[Any]:
    """Start the browser; only one may run in a process at a time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Any, path: Path) -> Opened:
    """Open a page, on a laptop."""
    page = browser.new_page(viewport={"width": LAPTOP[0], "height": LAPTOP[1]})
    held = Opened(page)
    page.on("console", lambda message: held.said.append(message.text))
    page.on("pageerror", lambda error: held.said.append(str(error)))
    page.on("request", lambda request: held.asked.append(request.url))
    page.goto(path.as_uri())
    held.asked = [one for one in held.asked if not one.startswith(("data:", "file:"))]
    return held


def as_words(found: list[Any]) -> str:
    """Return findings, a line each, for the message of a test."""
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in found)
