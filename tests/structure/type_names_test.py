"""No two headers of the host or the SDK define types of the same name in one namespace: the linker would merge their
functions without a word.

usage: type_names_test.py SOURCE_DIR | --self-test
"""
import collections
import pathlib
import re
import sys
import tempfile

NAMESPACE = re.compile(r"^namespace ([\w:]+) \{", re.MULTILINE)
TYPE = re.compile(r"^(?:struct|class|enum class|enum) (?:DHA_\w+ )?(\w+)(?: final)?(?: : [^;]*)?\s*\{", re.MULTILINE)


def definitions(file):
    """(namespace, name) of each type that the header defines outside other types; a header has one named namespace."""
    text = file.read_text(encoding="utf-8")
    namespace = NAMESPACE.search(text)
    return {(namespace.group(1) if namespace else "", name) for name in TYPE.findall(text)}


def repeated(root):
    places = collections.defaultdict(list)
    for folder in ("framework", "sdk"):
        for file in sorted((root / folder).rglob("*.hpp")):
            for type_name in definitions(file):
                places[type_name].append(str(file.relative_to(root)))
    return {name: files for name, files in places.items() if len(files) > 1}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in (("framework/a/x.hpp", "namespace dha {\n\nstruct Same {\n};\nclass Other;\n}\n"),
                           ("framework/b/y.hpp", "namespace dha {\n\nclass DHA_API Same : public Other {\n};\n}\n"),
                           ("framework/b/z.hpp", "namespace dha::page {\n\nstruct Same {};\n}\n")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        assert repeated(root) == {("dha", "Same"): ["framework/a/x.hpp", "framework/b/y.hpp"]}, repeated(root)


def main():
    if sys.argv[1] == "--self-test":
        return self_test()
    found = repeated(pathlib.Path(sys.argv[1]))
    for (namespace, name), files in found.items():
        print(f"{namespace}::{name} is defined in {' and in '.join(files)}; give one of them another name")
    if found:
        sys.exit(1)


main()
