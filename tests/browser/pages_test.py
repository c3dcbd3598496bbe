"""report.html and comparison.html in a browser: from a file, wide and narrow, light and dark.

DHA_SCREENSHOTS=FOLDER keeps a picture of each page in each of these ways.
"""

import base64
import json
import os
import pathlib
import re
import sys
import unittest

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

SOURCE = pathlib.Path(os.environ["DHA_SOURCE_DIR"])
sys.path.append(str(SOURCE / "tests" / "cli"))

from support import CommandLineTest, diverging, one_stage, small_pipeline, write_idx  # noqa: E402

CLASSES = ["<script>alert(1)</script>", "a,b 🌷", "say \"hi\" it's", "שלום עולם"]
CHECKS = (pathlib.Path(__file__).parent / "page_checks.js").read_text(encoding="utf-8")
SIZES = {1280: 900, 390: 844}
UNITS = {"": 1, "%": 1, "M": 1e6, "G": 1e9, "s": 1, "m": 60, "h": 3600}

# Clicks twice on each heading of numbers; per heading its text, and after each click the order and the cells.
SORT_ALL = """
return Array.from(document.querySelectorAll('table.sortable th.n')).map(function (heading) {
  function clicked() {
    heading.click();
    var rows = Array.from(heading.closest('table').tBodies[0].rows);
    return [heading.getAttribute('aria-sort'), rows.map(function (row) { return row.cells[heading.cellIndex].textContent; })];
  }
  return [heading.textContent, clicked(), clicked()];
});
"""


def start_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


def number(cell):
    """The number that a cell begins with, in its unit; None for a cell that has none."""
    found = re.match(r"(?:[<\[] ?)?([-+]?[\d,.]+) ?([%MGsmh]?)(?: (\d+)([sm]))?", re.sub(r"(?<=\d), .*", "", cell))
    if not found:
        return None
    value = float(found[1].replace(",", "")) * UNITS[found[2]]
    return value + int(found[3]) * UNITS[found[4]] if found[3] else value


class PagesTest(CommandLineTest):
    @classmethod
    def setUpClass(cls):
        cls.browser = start_browser()
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        super().setUp()
        write_idx(self.data)

    def run_page(self):
        pipeline = small_pipeline(self.data)
        pipeline["dataset"]["class_names"] = CLASSES
        pipeline["stages"][0].update({"validation_fraction": 0.25, "epochs": 1})
        pipeline["stages"][1]["validation_fraction"] = 0.25
        self.dha("run", "-q", self.write_pipeline(pipeline))
        return self.run_folder() / "report.html"

    def comparison_page(self):
        """Two groups whose names have those of their classes, and a run that has diverged."""
        pipeline = one_stage(self.data)
        for channels, names in ((4, CLASSES), (6, CLASSES[::-1])):
            pipeline["dataset"]["class_names"] = names
            pipeline["stages"][0]["space"]["channels"] = channels
            for seed in (2, 10):
                self.dha("run", "-q", self.write_pipeline(pipeline), "--set", f"seed={seed}")
        self.dha("run", "-q", self.write_pipeline(diverging(pipeline)), status=1)
        self.dha("report", "-q", "runs", "--mix")
        return self.folder / "comparison.html"

    def show(self, page, width, scheme):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": SIZES[width], "deviceScaleFactor": 1, "mobile": width < 500})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        for kind in ("performance", "browser"):
            self.browser.get_log(kind)
        self.browser.get(page.as_uri())

    def keep_picture(self, page, width, scheme):
        folder = os.environ.get("DHA_SCREENSHOTS")
        if not folder:
            return
        size = self.browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        picture = self.browser.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True, "clip": {**size, "width": width, "scale": 1}})
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        (pathlib.Path(folder) / f"{page.stem}-{width}-{scheme}.png").write_bytes(base64.b64decode(picture["data"]))

    def check_in_every_way(self, page):
        for width in SIZES:
            for scheme in ("light", "dark"):
                with self.subTest(page=page.name, width=width, scheme=scheme):
                    self.show(page, width, scheme)
                    self.keep_picture(page, width, scheme)
                    self.assertEqual(self.browser.execute_script(CHECKS), [])
                    self.assertEqual(self.requests(), {page.as_uri()})
                    self.assertEqual(self.errors(), [])
                    back = self.browser.execute_script("return getComputedStyle(document.body).backgroundColor")
                    self.assertEqual(max(map(int, re.findall(r"\d+", back))) > 128, scheme == "light", back)

    def requests(self):
        """Addresses that the page asked for, but for those with their data in them."""
        events = (json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance"))
        addresses = {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}
        return {address for address in addresses if not address.startswith("data:")}

    def errors(self):
        return [entry for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def hint_at(self, element):
        """What the page says where the pointer is on the element."""
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        ActionChains(self.browser, duration=0).move_to_element(element).perform()
        hint = self.all("#hint")[0]
        self.assertTrue(hint.is_displayed())
        box, width = hint.rect, self.browser.execute_script("return document.documentElement.clientWidth")
        self.assertTrue(box["x"] >= 0 and box["x"] + box["width"] <= width, box)
        return hint.text

    def column(self, table, index):
        return self.browser.execute_script(
            "return Array.from(arguments[0].tBodies[0].rows).map(row => row.cells[arguments[1]].textContent)", table, index)

    def check_sorting(self):
        """Sorts each table by each of its columns of numbers; returns those whose order as text would be another."""
        telling = []
        for heading, first, second in self.browser.execute_script(SORT_ALL):
            for (order, cells), is_reverse in ((first, True), (second, False)):
                numbers = [value for value in map(number, cells) if value is not None]
                self.assertEqual(numbers, sorted(numbers, reverse=is_reverse), heading)
                self.assertEqual(order, "descending" if is_reverse else "ascending")
            if second[1] != sorted(second[1]):
                telling.append(heading)
        return telling

    def check_legend(self, part):
        """The legend in this part of the page shows and hides what has its names there."""
        buttons = part.find_elements(By.CSS_SELECTOR, ".legend button")
        series = part.find_elements(By.CSS_SELECTOR, ".series")
        shown = lambda: [one for one in series if one.value_of_css_property("display") != "none"]
        self.assertEqual(len(shown()), len(series))
        name = buttons[0].get_attribute("data-group")
        buttons[0].click()
        self.assertEqual(buttons[0].get_attribute("aria-pressed"), "false")
        left = [one.get_attribute("data-group") for one in shown()]
        self.assertEqual(left, [one.get_attribute("data-group") for one in series if one.get_attribute("data-group") != name])
        self.assertLess(len(left), len(series))
        buttons[0].click()
        self.assertEqual(len(shown()), len(series))

    def test_the_page_of_a_run(self):
        page = self.run_page()
        self.check_in_every_way(page)
        for width in SIZES:
            self.show(page, width, "light")
            self.assertRegex(self.hint_at(self.all("#curves .plot svg")[0]), r"(?m)^epoch [\d.]+, train: [\d.]+$")
            self.assertRegex(self.hint_at(self.all("#classes figure.map g")[0]), r" taken for .*: \d+ of \d+ \(\d.* %\)")
        self.show(page, 1280, "light")
        text = self.all("#classes")[0].text
        for name in CLASSES:
            self.assertIn(name, text)
        self.check_legend(self.all("#curves figure")[0])
        self.check_sorting()
        heading = self.all("#classes table.sortable th")[-7]
        self.assertEqual(heading.text, "class")
        table = self.all("#classes table.sortable")[-1]
        heading.click()
        self.assertEqual(self.column(table, 0), sorted(CLASSES))
        self.assertEqual(self.errors(), [])

    def test_the_comparison_of_runs(self):
        page = self.comparison_page()
        self.check_in_every_way(page)
        for width in SIZES:
            self.show(page, width, "light")
            self.assertRegex(self.hint_at(self.all(".marks g")[0]), r"seed \d+\ntest accuracy \d.* %")
            self.assertRegex(self.hint_at(self.all(".plot svg")[0]), r"(?m)^epoch [\d.]+, .*seed \d+: [\d.]+ %$")
        self.show(page, 1280, "light")
        self.assertEqual(len(self.all(".series.marks")), 4)  # two groups over time and over parameters
        self.assertEqual(len(self.all(".series.curve")), 5)
        text = self.all("#groups")[0].text
        for name in (CLASSES[0], CLASSES[-1]):
            self.assertIn(name, text)
        self.check_legend(self.all("#charts .linked")[0])
        self.assertIn("seed", self.check_sorting())  # 2 and 10
        self.assertEqual(self.errors(), [])


if __name__ == "__main__":
    unittest.main()
