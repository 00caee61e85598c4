"""Measuring papers: pages and sizes of a PDF, and what sticks out of a page."""

import re
from typing import Any

from playwright.sync_api import Page

#: Points to a millimetre; sizes of the papers in millimetres.
POINTS = 72 / 25.4
SIZES = {"a4": (210, 297), "a4-landscape": (297, 210), "a5": (148, 210), "a6": (105, 148)}
#: One pixel, in points: what the browser rounds away.
ROUNDING = 0.75
#: What lies outside of its page, or is cut off by its own box.
STICKS_OUT = """() => {
  const found = [];
  for (const page of document.querySelectorAll(".page")) {
    const edge = page.getBoundingClientRect();
    for (const one of page.querySelectorAll("*")) {
      if (one.closest(".mark, .sr-only, svg")) continue;
      const box = one.getBoundingClientRect();
      const out = box.left < edge.left - 1 || box.right > edge.right + 1 || box.bottom > edge.bottom + 1;
      const cut = one.clientWidth && one.scrollWidth > one.clientWidth + 1;
      if (out || cut) found.push(`${one.tagName}.${one.className}: ${one.textContent.slice(0, 40)}`);
    }
    const body = page.querySelector(".page-body"), foot = page.querySelector(".sheet-foot");
    if (body.scrollHeight > body.clientHeight + 1) found.push(`body of ${page.textContent.slice(0, 40)}`);
    for (const block of body.children) {
      const over = block.getBoundingClientRect().bottom - foot.getBoundingClientRect().top;
      if (over > 1) found.push(`${over} over the foot: ${block.textContent.slice(-40)}`);
    }
  }
  return found;
}"""


def pages_of(pdf: bytes) -> list[tuple[float, float]]:
    """(width, height) of every page of a PDF made by the browser, in points."""
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return [(float(wide), float(high)) for wide, high in boxes]


def check_pages(page: Page, paper: str, number: int | None = None) -> int:
    """The PDF has as many pages as the screen, each of the paper's exact size, and nothing sticks out."""
    page.wait_for_selector("html[data-ready]")
    wrong = page.evaluate(STICKS_OUT)
    assert not wrong, wrong[:10]
    made = page.locator(".page").count()
    found = pages_of(page.pdf(prefer_css_page_size=True))
    wide, high = (millimetres * POINTS for millimetres in SIZES[paper])
    assert len(found) == made, f"{made} pages on the screen, {len(found)} in print"
    for size in found:
        assert abs(size[0] - wide) <= ROUNDING, size
        assert abs(size[1] - high) <= ROUNDING, size
    if number is not None:
        assert made == number, f"{made} pages"
    return made


def log_in(page: Page, base: str, username: str) -> list[str]:
    """Sign in; the list takes what the console complains about."""
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; };")
    page.goto(f"{base}/login")
    page.fill("[name=username]", username)
    page.fill("[name=password]", "demo")
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{base}/")
    return complaints


def flows(page: Page) -> dict[str, str]:
    """The long texts of the sheets put together again over all their pages, by the sheet's place and their own."""
    pieces: list[Any] = page.evaluate(
        "() => [...document.querySelectorAll('.sheet')].map((sheet) =>"
        " [...sheet.querySelectorAll('[data-flow]')].map((one) => one.textContent).join(''))"
    )
    return {str(place): text for place, text in enumerate(pieces)}
