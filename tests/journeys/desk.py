"""One person at a browser: looks things up, presses the buttons of acts, lets a customer sign."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
LOCALES = ("en", "zh_Hans_CN")


class Desk:
    """One person at a browser; every message of the console and every foreign request is kept."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.complaints: list[str] = []
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.complaints.append(str(e)))

    def log_in(self, username: str, locale: str) -> None:
        self.page.goto(f"{self.base}/login")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", "demo")
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(f"{self.base}/")
        lang = "zh" if locale.startswith("zh") else "en"
        if not (self.page.get_attribute("html", "lang") or "").startswith(lang):
            self.page.locator(f"button[name=locale][value={lang}]").first.click()
            self.page.wait_for_load_state()
        assert (self.page.get_attribute("html", "lang") or "").startswith(lang)

    def choose(self, field: str, typed: str) -> None:
        """Type into a look-up and take the first hit by keyboard, as the assistant does with the phone at her ear."""
        box = self.page.locator(f"[name='{field}-text']")
        box.fill(typed)
        box.locator("xpath=..").locator("[role=option]").first.wait_for()
        box.press("ArrowDown")
        box.press("Enter")
        assert self.page.locator(f"[name='{field}']").input_value(), f"nothing chosen in {field}"

    def act(self, name: str) -> None:
        """Press the button of an act on the record."""
        self.page.locator(f"a[href*='/act/{name}'], form[action*='/act/{name}'] button").first.click()
        self.page.wait_for_load_state()

    def send(self) -> None:
        """Send the form of the page."""
        self.page.locator(
            "main form[method=post] button.btn-primary, main form[method=post] button.btn-danger"
        ).last.click()
        self.page.wait_for_load_state()

    def write_off(self, call: str) -> None:
        """Take the voucher of a call back where that is still to be done, and file it."""
        self.page.goto(call)
        self.page.locator("nav.related a[href*='/vouchers/']").first.click()
        self.page.locator("tbody a[href*='/vouchers/details/']").first.click()
        self.act("take_back")
        if "/act/take_back" in self.page.url:
            self.send()
        self.page.goto(call)
        self.act("write_off")
        self.page.fill("[name=location]", "A-1")
        self.send()
        assert self.page.locator("[aria-current=step].tone-neutral").count() == 1

    def sign(self) -> None:
        """The customer draws something on the pad."""
        pad = self.page.locator("canvas").first
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + 20, box["y"] + 20)
        self.page.mouse.down()
        for step in range(1, 10):
            self.page.mouse.move(box["x"] + 20 + 15 * step, box["y"] + 20 + (step % 3) * 15)
        self.page.mouse.up()

    def stage(self) -> str:
        return self.page.locator("[aria-current=step]").first.inner_text().strip()


@contextmanager
def desk(browser: Browser, base: str, username: str, locale: str, viewport: dict[str, int]) -> Iterator[Desk]:
    """A browser of one's own; afterwards nothing was complained about."""
    context = browser.new_context(viewport=viewport, locale="en-US", has_touch=viewport is PHONE)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    person = Desk(context.new_page(), base)
    person.log_in(username, locale)
    yield person
    wide = person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    context.close()
    assert person.complaints == [], person.complaints
    assert wide <= 0, "the page is wider than the screen"
