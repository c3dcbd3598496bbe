"""Links between pages, and from code to pages, lead somewhere."""

import pathlib
import re
import unittest

from pages import SOURCE, anchors, links, pages

# Files that name pages: code, messages and scripts.
FOLDERS = ("framework", "sdk", "plugins", "tests", "examples", "bench", "cmake", "scripts")
SUFFIXES = {".cpp", ".hpp", ".h", ".cu", ".in", ".cmake", ".txt", ".json", ".py", ".sh", ".md", ""}


def named_pages(text):
    return re.findall(r"(?<![\w/])docs/[\w/.-]*\w", text)


class LinksTest(unittest.TestCase):
    def test_links_lead_somewhere(self):
        count = 0
        for page in pages():
            for path, anchor in links(page):
                count += 1
                with self.subTest(f"{page.relative_to(SOURCE)}: {path}#{anchor}"):
                    target = (page.parent / path) if path else page
                    self.assertTrue(target.exists())
                    if anchor:
                        self.assertIn(anchor, anchors(target))
        self.assertGreater(count, 150)

    def test_code_names_pages_that_exist(self):
        files = [SOURCE / "Makefile", SOURCE / "CMakeLists.txt"]
        for folder in FOLDERS:
            files += [file for file in sorted((SOURCE / folder).rglob("*")) if file.is_file() and file.suffix in SUFFIXES]
        named = {(file.relative_to(SOURCE), name) for file in files if file != pathlib.Path(__file__)
                 for name in named_pages(file.read_text(errors="replace"))}
        self.assertGreater(len(named), 8)
        for file, name in sorted(named):
            with self.subTest(f"{file}: {name}"):
                self.assertTrue((SOURCE / name).exists())

    def test_the_index_names_every_page(self):
        index = SOURCE / "docs" / "README.md"
        named = {(index.parent / path).resolve() for path, _ in links(index)}
        for page in pages():
            if page.is_relative_to(index.parent) and page != index:
                with self.subTest(str(page.relative_to(SOURCE))):
                    self.assertIn(page.resolve(), named)


if __name__ == "__main__":
    unittest.main()
