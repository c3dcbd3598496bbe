"""Holds the rules on who may include whom.

usage: include_rules_test.py SOURCE_DIR | --self-test
"""
import pathlib
import re
import sys
import tempfile

# Layers of the framework from the top down: a folder includes its own layer and those below, and no two folders each
# other, not even over a third.
LAYERS = [{"app"}, {"run", "verification"}, {"page"}, {"compare"}, {"record"}, {"trial"}, {"stage"}, {"step"}, {"component"},
          {"report", "export"}, {"data", "device", "model"}, {"pipeline", "plugin", "process", "storage"}]
# Headers of LibTorch that an SDK header may use, beside the standard library: the narrow ones.
SDK_LIBTORCH = re.compile(r"ATen/core/[A-Za-z]+\.h|torch/headeronly/version\.h")
STANDARD = re.compile(r"[a-z_]+|stdint\.h|std[a-z]+\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
SOURCE_SUFFIXES = {".h", ".hpp", ".cpp", ".cu", ".cuh"}


def sources(folder):
    return sorted(file for file in folder.rglob("*") if file.suffix in SOURCE_SUFFIXES) if folder.is_dir() else []


def includes(file):
    return [name for _, name in INCLUDE.findall(file.read_text(encoding="utf-8"))]


def is_framework_header(root, name):
    return (root / "framework" / name).is_file() or name.startswith("framework/")


def problems_of_plugin(root, file):
    for name in includes(file):
        if is_framework_header(root, name):
            yield f"includes {name} of the framework; a plugin knows the SDK only"


def layer_of(folder):
    return next((index for index, layer in enumerate(LAYERS) if folder in layer), None)


def framework_folder(root, file):
    return file.relative_to(root / "framework").parts[0]


def problems_of_framework(root, file):
    folder = framework_folder(root, file)
    if layer_of(folder) is None:
        yield f"lies in framework/{folder}, which is no folder of the design"
        return
    for name in includes(file):
        if name.startswith("plugins/") or (root / "plugins" / name).is_file():
            yield f"includes {name} of a plugin; the framework knows the SDK only"
        if is_framework_header(root, name) and (layer_of(name.split("/")[0]) or 0) < layer_of(folder):
            yield f"includes {name}, which lies above {folder}"


def circles(root):
    """Folders of the framework that include each other, found by removing those that include nothing that is left."""
    edges = {}
    for file in sources(root / "framework"):
        targets = {name.split("/")[0] for name in includes(file) if is_framework_header(root, name)}
        folder = framework_folder(root, file)
        edges.setdefault(folder, set()).update(targets - {folder})
    while leaves := [folder for folder, targets in edges.items() if not targets & edges.keys()]:
        for folder in leaves:
            del edges[folder]
    return [f"framework: folders include each other in a circle: {', '.join(sorted(edges))}"] if edges else []


def problems_of_operators(root, file):
    for name in includes(file):
        if is_framework_header(root, name) or (root / "sdk" / "include" / name).is_file():
            yield f"includes {name}; the operators know LibTorch only"


def problems_of_sdk_header(file):
    for name in includes(file):
        if not (name.startswith("dha/") or SDK_LIBTORCH.fullmatch(name) or STANDARD.fullmatch(name)):
            yield f"includes {name}; a header of the SDK includes the standard library and ATen/core only"


def problems_everywhere(root, file):
    relative = file.relative_to(root)
    for name in includes(file):
        if name in ("torch/torch.h", "torch/all.h"):
            yield f"includes {name}, which costs 16 s a file; include what is used"
        if name.startswith("boost/dll") and relative != pathlib.Path("framework/plugin/plugin_library.cpp"):
            yield f"includes {name}; only framework/plugin/plugin_library.cpp uses Boost.DLL"
        if name == "nlohmann/json.hpp" and file.suffix != ".cpp" and relative.parts[0] != "tests":
            yield f"includes {name}; headers include nlohmann/json_fwd.hpp"


def problems(root):
    rules = [(file, problems_everywhere(root, file))
             for folder in ("sdk", "framework", "plugins", "tests", "examples", "bench")
             for file in sources(root / folder)]
    rules += [(file, problems_of_plugin(root, file)) for folder in ("plugins", "examples") for file in sources(root / folder)]
    rules += [(file, problems_of_framework(root, file)) for file in sources(root / "framework")]
    rules += [(file, problems_of_operators(root, file)) for file in sources(root / "sdk" / "operators")
              if not file.name.endswith("_test.cpp")]
    rules += [(file, problems_of_sdk_header(file))
              for folder in ("include", "operators/include", "nn/include", "nas/include", "images/include")
              for file in sources(root / "sdk" / folder)]
    return circles(root) + [f"{file.relative_to(root)}: {problem}" for file, found in rules for problem in found]


def self_test():
    """Each line breaks one rule, or none."""
    cases = [
        ("plugins/nas/ista/ista.cpp", "plugin/registry.hpp", True),
        ("plugins/nas/ista/ista.cpp", "dha/plugin.hpp", False),
        ("framework/plugin/registry.cpp", "app/command.hpp", True),
        ("framework/plugin/registry.cpp", "plugin/registry.hpp", False),
        ("framework/stage/loop.cpp", "plugin/registry.hpp", False),
        ("framework/stage/loop.cpp", "app/command.hpp", True),
        ("framework/report/log.cpp", "plugin/registry.hpp", False),
        ("framework/plugin/registry.hpp", "report/log.hpp", True),  # which includes plugin/registry.hpp
        ("framework/app/run.cpp", "torch/torch.h", True),
        ("framework/app/run.cpp", "boost/dll/shared_library.hpp", True),
        ("framework/surprise/x.cpp", "string", True),
        ("framework/report/log.hpp", "nlohmann/json.hpp", True),
        ("framework/report/log.hpp", "nlohmann/json_fwd.hpp", False),
        ("framework/report/log.cpp", "nas/ista/ista.hpp", True),
        ("sdk/include/dha/x.hpp", "ATen/ATen.h", True),
        ("sdk/operators/include/dha/y.hpp", "ATen/ops/relu.h", True),
        ("sdk/operators/src/y.cpp", "ATen/ops/relu.h", False),
        ("sdk/operators/src/y.cpp", "plugin/registry.hpp", True),
        ("sdk/include/dha/x.hpp", "fmt/format.h", True),
        ("sdk/include/dha/x.hpp", "ATen/core/Tensor.h", False),
        ("sdk/include/dha/x.hpp", "string_view", False),
    ]
    wrong = 0
    for path, include, is_forbidden in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for known, content in {"framework/plugin/registry.hpp": "", "framework/app/command.hpp": "",
                                   "framework/report/log.hpp": "#include \"plugin/registry.hpp\"\n",
                                   "plugins/nas/ista/ista.hpp": ""}.items():
                (root / known).parent.mkdir(parents=True, exist_ok=True)
                (root / known).write_text(content)
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(f"#include <{include}>\n")
            if bool(problems(root)) != is_forbidden:
                print(f"{path} including {include}: expected {'a problem' if is_forbidden else 'none'}, found {problems(root)}")
                wrong += 1
    print(f"{len(cases)} cases, {wrong} wrong")
    return 1 if wrong else 0


def main(argument):
    if argument == "--self-test":
        return self_test()
    root = pathlib.Path(argument)
    count = sum(len(sources(root / folder)) for folder in ("sdk", "framework", "plugins"))
    found = problems(root)
    for problem in found:
        print(problem)
    print(f"{count} files, {len(found)} problems")
    return 1 if found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
