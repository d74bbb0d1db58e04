"""What axe-core, the checker that browsers' developer tools and audits use, finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCREENS = {"phone": (390, 844), "kiosk": (800, 480), "desktop": (1280, 800)}
"""Width and height of the screens that the pages are made for."""

_axe = Axe()


def violations(page: Page) -> list[str]:
    """Return what breaks one of axe's rules, best practices included: rule and element."""
    found = _axe.run(page).response["violations"]
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]
