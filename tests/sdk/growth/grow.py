"""Copies the SDK as a later minor version would be: one more function at the end of every interface.

    grow.py SDK_DIR OUT_DIR

Interfaces that plugins implement get a default answer of -1; those that the host implements get a pure function."""

import pathlib
import re
import shutil
import sys

BY_PLUGINS = {
    "dataset.hpp": ["Dataset"],
    "augmenter.hpp": ["Augmenter"],
    "hyper_optimizer.hpp": ["HyperOptimizer"],
    "searcher.hpp": ["Searcher"],
    "trial_searcher.hpp": ["TrialSearcher"],
    "space.hpp": ["Network", "Space"],
}
BY_THE_HOST = {"context.hpp": ["Context"], "stage.hpp": ["Stage"], "searcher.hpp": ["SearchServices"]}


def append(text, interface, declaration):
    """Adds `declaration` at the end of the class body of `interface`, which must be public there."""
    pattern = re.compile(rf"(class DHA_API {interface}\b[^;]*?\{{\n.*?)(\n\}};)", re.DOTALL)
    body = pattern.search(text)
    if body is None or "private:" in body[1] or "protected:" in body[1]:
        sys.exit(f"grow.py: cannot find the public end of class {interface}")
    return text[: body.end(1)] + f"\n  {declaration}" + text[body.start(2) :]


def main(sdk, out):
    for folder in ["include", "src"]:
        shutil.rmtree(out / folder, ignore_errors=True)
        shutil.copytree(sdk / folder, out / folder)
    headers = out / "include" / "dha"

    for interfaces, ending in [(BY_PLUGINS, ""), (BY_THE_HOST, " = 0")]:
        for header, names in interfaces.items():
            text = (headers / header).read_text()
            for name in names:
                text = append(text, name, f"virtual int64_t appended() const{ending};")
            (headers / header).write_text(text)

    lines = [f'#include "dha/{header}"' for header in BY_PLUGINS] + ["", "namespace dha {", ""]
    for names in BY_PLUGINS.values():
        lines += [f"int64_t {name}::appended() const {{ return -1; }}" for name in names]
    (out / "src" / "appended.cpp").write_text("\n".join(lines + ["", "}  // namespace dha"]) + "\n")

    version = headers / "version.hpp"
    minor = re.compile(r"(?<=DHA_SDK_VERSION_MINOR )\d+")
    version.write_text(minor.sub(lambda found: str(int(found[0]) + 1), version.read_text()))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
