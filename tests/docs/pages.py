"""The Markdown pages of the project, and what tests look at in them: fenced blocks, headings and links."""

import os
import pathlib
import re
import textwrap
from dataclasses import dataclass

SOURCE = pathlib.Path(os.environ["DHA_SOURCE_DIR"])

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w+-]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)


@dataclass
class Block:
    language: str  # "" where the fence names none
    text: str
    line: int  # of the fence, from 1

    def place(self, page):
        return f"{page.relative_to(SOURCE)}:{self.line}"


def pages():
    """README.md, everything below docs/, and the pages of examples/."""
    found = [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md")), *sorted((SOURCE / "examples").rglob("*.md"))]
    assert len(found) > 25, found
    return found


def blocks(page):
    """The fenced blocks of a page, in order; a block within a list loses its indentation."""
    text = page.read_text()
    return [Block(match["language"], textwrap.dedent(match["text"]), text.count("\n", 0, match.start()) + 1)
            for match in FENCE.finditer(text)]


def prose(page):
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text())


def anchors(page):
    """Those that GitHub gives to the headings of a page: lower case, without punctuation, dashes for spaces."""
    found = []
    for heading in re.findall(r"^#+ (.*)$", prose(page), flags=re.M):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.append(f"{name}-{found.count(name)}" if name in found else name)
    return found


def links(page):
    """(target, anchor) of the links and pictures of a page that lead to another file, or within the page."""
    for target in re.findall(r"\]\(\s*([^)\s]+)\s*\)", prose(page)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor
