"""Take the pictures of the user's guide from a running demo: `make pictures` writes `docs/images/guide-*.png`.

Every account is one that the demo knows by a role, so a picture shows the same account each time. Some pictures need
something to be done first; they are taken in an order in which none spoils another.
"""

import re
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from lib.domain.numbers import national
from lib.settings import PROJECT
from lib.standins.zuora.manners.faults import Fault
from tests.browser.conftest import ARGUMENTS, CHROMIUM, House, picker, settled
from tests.pages.conftest import demo
from tests.server import copy_demo, serving, zuora_of

IMAGES = PROJECT / "docs" / "images"
WIDTH = 1280
TALL = 2600
"""A window this high shows the longest page whole: Streamlit scrolls inside the page, and a picture would cut that
off.
"""
MARGIN = 12
LOOKS = 60
MOST_BYTES = 150_000
HOUSE_ZONE = "Australia/Melbourne"
BUSY = ", ".join(f"[data-testid={name}]" for name in ("stSpinner", "stToast", "stSkeleton", "stStatusWidget"))


class Camera:
    """Opens a page as a person, and takes a picture of a part of it."""

    def __init__(self, house: House, folder: Path, scheme: str, width: int) -> None:
        self.house, self.folder, self.scheme, self.width = house, folder, scheme, width

    def open(self, role: str, section: str, username: str = "lead") -> Page:
        """The section of the account that plays this role."""
        return self.at(f"/{section}?account={demo(role).number}", username)

    def at(self, path: str, username: str = "lead") -> Page:
        """This address, for a person who is signed in."""
        size = {"width": self.width, "height": TALL}
        return self.house.open(username, path, color_scheme=self.scheme, viewport=size, timezone_id=HOUSE_ZONE)

    def take(self, name: str, page: Page, *parts: Locator, height: int | None = None) -> None:
        """Take the rectangle around these parts, once nothing moves any more."""
        if height is not None:
            page.set_viewport_size({"width": self.width, "height": height})
        for part in parts:
            expect(part).to_be_visible()
        # Streamlit does not serve the sign-in page.
        if page.get_by_test_id("stApp").count():
            settled(page)
        expect(page.locator(BUSY)).to_have_count(0)
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement.blur()")
        picture = self._still(page, lambda: _cut(page, parts))
        file = self.folder / f"guide-{name}.png"
        file.write_bytes(picture)
        print(f"{file.name}: {len(picture) // 1000} kB", flush=True)
        assert len(picture) <= MOST_BYTES, f"{file.name} has {len(picture):,} bytes; cut it to what matters"

    def _still(self, page: Page, cut: Callable[[], dict[str, float]]) -> bytes:
        """Take pictures until two in a row are alike: tables and charts are painted some time after the page."""
        last = b""
        for _ in range(LOOKS):
            page.wait_for_timeout(300)
            picture = page.screenshot(clip=cut(), animations="disabled")
            if picture == last:
                return picture
            last = picture
        raise AssertionError(f"the page does not come to rest: {page.url}")


def _cut(page: Page, parts: tuple[Locator, ...]) -> dict[str, float]:
    """The rectangle around the parts, with a margin."""
    boxes = [box for part in parts if (box := part.bounding_box())]
    window = page.viewport_size or {"width": 0, "height": 0}
    left, top = (max(0, min(box[side] for box in boxes) - MARGIN) for side in ("x", "y"))
    right = min(window["width"], max(box["x"] + box["width"] for box in boxes) + MARGIN)
    bottom = min(window["height"], max(box["y"] + box["height"] for box in boxes) + MARGIN)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


# ------------------------------------------------------------------ parts of a page
def top(page: Page) -> tuple[Locator, ...]:
    """Where a picture of a whole page begins: the navigation, where it is open, and the strip."""
    menu = page.get_by_test_id("stSidebarNav")
    return (*((menu,) if menu.is_visible() else ()), page.get_by_test_id("stAlert").first)


def table(page: Page, place: int = -1) -> Locator:
    return page.get_by_test_id("stMain").locator("[data-testid=stDataFrame], [data-testid=stTable]").nth(place)


def choose_row(rows: Locator, place: int) -> None:
    """Tick a row, counted from 1. Rows are painted, not elements: each is 35 pixels high, and so is the table's
    head.
    """
    rows.click(position={"x": 16, "y": 35 * place + 18})


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def around(page: Page, *inside: Locator) -> Locator:
    """The innermost frame that has all of these in it."""
    block = page.get_by_test_id("stVerticalBlock")
    for part in inside:
        block = block.filter(has=part)
    return block.last


def receipt(page: Page) -> Locator:
    return around(page, page.get_by_role("strong").filter(has_text="Done: "), button(page, "Download the receipt"))


def choose(page: Page, label: str, option: str) -> None:
    dialog(page).get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option).click()
    settled(page)


def see_plan(page: Page) -> None:
    button(page, "Preview").click()
    settled(page)


def done(page: Page) -> None:
    expect(receipt(page)).to_be_visible()
    expect(dialog(page)).to_have_count(0)
    settled(page)


# ------------------------------------------------------------------ the pictures, in the order of the guide
def sign_in(camera: Camera) -> None:
    house, size = camera.house, {"width": camera.width, "height": 900}
    page = house.visit("/", house.context(color_scheme=camera.scheme, viewport=size))
    expect(button(page, "Sign in")).to_be_visible()
    camera.take("sign-in", page, page.locator(".strip"), page.get_by_role("table"))


def find(camera: Camera) -> None:
    page = camera.at("/accounts")
    number = national(demo("name_differs").has.numbers[0].e164)
    picker(page).press_sequentially(number[:-1], delay=20)
    expect(page.get_by_test_id("stSidebar").get_by_text("phone number").last).to_be_visible()
    camera.take("find", page, *top(page), button(page, "Sign out"))


def edit(camera: Camera) -> None:
    page = camera.open("name_differs", "account-details")
    camera.take("account-details", page, *top(page), table(page))
    button(page, "Edit").click()
    page.get_by_label("Account name").fill("Harbourside Joinery Group")
    see_plan(page)
    camera.take("edit", page, dialog(page), height=1000)
    button(page, "Rename account").click()
    done(page)
    camera.take("receipt", page, receipt(page))


def stopped(camera: Camera) -> None:
    camera.house.zuora.state.faults.add(Fault(match="PUT /v1/accounts", kind="html504"))
    page = camera.open("apostrophe", "account-details")
    button(page, "Edit").click()
    page.get_by_label("Account name").fill("D'Élan & O'Brien Pâtisserie Pty Ltd")
    see_plan(page)
    button(page, "Rename account").click()
    resume = button(page, "Resume from the failed step")
    expect(resume).to_be_visible(timeout=60_000)
    camera.take("stopped", page, around(page, page.get_by_role("strong").filter(has_text="stopped"), resume))
    camera.house.zuora.state.faults.clear()
    resume.click()
    done(page)


def parent(camera: Camera) -> None:
    page = camera.open("child", "account-details")
    button(page, "Edit").click()
    page.get_by_role("radio", name="Parent").click()
    page.get_by_role("textbox", name="New parent").fill(demo("deep_root").number)
    see_plan(page)
    camera.take("parent", page, dialog(page), height=1000)


def suspend(camera: Camera) -> None:
    page = camera.open("overdue", "account-details", "billing")
    button(page, "Suspend").click()
    choose(page, "Reason", "Non-payment")
    camera.take("suspend", page, dialog(page), height=1200)
    page = camera.open("suspended", "account-details")
    camera.take("suspended", page, *top(page), button(page, "Enable"))


def deactivate(camera: Camera) -> None:
    page = camera.open("overdue", "account-details")
    button(page, "Deactivate").click()
    settled(page)
    head, kept = page.get_by_role("heading", name="Deactivate"), page.get_by_text("Not affected").first
    camera.take("deactivate", page, head, table(page, 0))
    camera.take("deactivate-confirm", page, kept, page.get_by_role("button", name="Deactivate account"))


def refresh_rules(camera: Camera) -> None:
    page = camera.open("rules_wrong", "account-details")
    button(page, "Refresh auth rules").click()
    expect(button(page, "Check again")).to_be_visible()
    camera.take("auth-rules", page, dialog(page), height=1200)
    page.get_by_role("button", name=re.compile(r"Refresh \d+ rules")).click()
    done(page)
    page.get_by_text(re.compile(r": show [\d,]+ items?$")).first.click()
    camera.take("auth-rules-receipt", page, receipt(page))


def billing(camera: Camera) -> None:
    page = camera.open("allowance_differs", "billing-details", "billing")
    expect(page.locator(".js-plotly-plot")).to_be_visible()
    camera.take("billing", page, *top(page), button(page, "Remove").last)
    button(page, "Refresh allowances").first.click()
    expect(button(page, "Save allowances")).to_be_visible()
    camera.take("refresh-allowances", page, dialog(page), height=1000)


def contacts(camera: Camera) -> None:
    page = camera.open("name_differs", "account-contacts", "billing")
    form = page.locator(".st-key-contact_form_bill_to")
    form.get_by_label("E-mail", exact=True).fill("invoices@example.com")
    camera.take("contacts", page, *top(page), page.get_by_text("Additional addresses are not updated here"))
    form.get_by_role("button", name="Update").click()
    done(page)
    camera.take("contacts-receipt", page, receipt(page))


def pbx(camera: Camera) -> None:
    page = camera.open("name_differs", "pbx")
    camera.take("pbx", page, *top(page), table(page))
    button(page, "Edit").last.click()
    choose(page, "Billing subscription", "No billing subscription")
    see_plan(page)
    camera.take("pbx-billing", page, dialog(page), height=1000)
    page = camera.open("name_differs", "pbx")
    button(page, "Update name").click()
    page.get_by_role("textbox", name="New group name").fill("harbourside-group")
    see_plan(page)
    head, start = page.get_by_text("Update the group name of"), page.get_by_role("button", name="Update name to")
    camera.take("pbx-name", page, around(page, head, start))


def emergency(camera: Camera) -> None:
    page = camera.open("name_differs", "emergency-details")
    camera.take("emergency", page, *top(page), table(page))
    button(page, "Contact Form").click()
    settled(page)
    button(page, "Pull From Zuora").click()
    settled(page)
    camera.take("emergency-form", page, button(page, "Close the form"), button(page, "Save"), table(page))


def emails(camera: Camera) -> None:
    page = camera.open("suspended", "sent-emails")
    camera.take("emails", page, page.get_by_text("Voicemail and other callflow"), table(page))
    choose_row(table(page), 3)
    close = button(page, "Close")
    camera.take("email", page, around(page, close, button(page, "Send to me")))


def activity(camera: Camera) -> None:
    page = camera.open("name_differs", "account-activity")
    page.get_by_test_id("stMain").locator("summary").filter(has_text="Rename").first.click()
    expect(page.get_by_role("link", name="Receipt")).to_be_visible()
    camera.take("activity", page, button(page, "Check the audit"), page.get_by_text("No older entries."))


def all_accounts(camera: Camera) -> None:
    page = camera.at("/accounts", "billing")
    camera.take("all-accounts", page, *top(page), table(page), button(page, "Next page"))


def charge_map(camera: Camera) -> None:
    page = camera.open("unmapped_charge", "billing-details", "billing")
    button(page, "Refresh allowances").first.click()
    expect(button(page, "Check again")).to_be_visible()
    camera.take("unmapped", page, dialog(page), height=1000)
    page = camera.at("/charge-map", "admin")
    camera.take("charge-map", page, *top(page), button(page, "Start again"))


PICTURES = (
    sign_in, find, edit, stopped, parent, suspend, deactivate, refresh_rules, billing, contacts, pbx, emergency, emails,
    activity, all_accounts, charge_map,
)  # fmt: skip


def main(names: list[str], folder: Path, scheme: str = "light", width: int = WIDTH) -> None:
    """Start the demo in a folder of its own and take the pictures, all of them or those of the named functions."""
    wanted = [one for one in PICTURES if not names or one.__name__ in names]
    with ExitStack() as stack:
        data = copy_demo(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="am-pictures-"))))
        zuora = stack.enter_context(zuora_of(data))
        server = stack.enter_context(serving(data, zuora=zuora))
        chromium = stack.enter_context(sync_playwright()).chromium
        browser = stack.enter_context(closing(chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)))
        house = House(server, zuora, browser)
        with house.contexts:
            for picture in wanted:
                picture(Camera(house, folder, scheme, width))


if __name__ == "__main__":
    main(sys.argv[1:], IMAGES)
