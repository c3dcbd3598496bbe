"""Checks every plugin below build/plugins, and the host, from outside: exported symbols, flags, needed libraries.

usage: plugin_files_test.py BUILD_DIR READELF NM
"""
import pathlib
import re
import subprocess
import sys


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported_symbols(nm, file):
    return [line.split()[-1] for line in output(nm, "-D", "--defined-only", file).splitlines()]


def dynamic_section(readelf, file):
    text = output(readelf, "-d", "-W", file)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    flags = " ".join(re.findall(r"\(FLAGS(?:_1)?\)\s*(.*)", text))
    return needed, flags


def is_accelerator_library(name):
    return re.search(r"cuda|cudnn|cublas|nvrtc|nccl|hip", name) is not None


def problems_of_plugin(file, readelf, nm):
    symbols = exported_symbols(nm, file)
    needed, flags = dynamic_section(readelf, file)
    if symbols != ["dha_plugin_entry"]:
        yield f"exports {symbols}, expected only dha_plugin_entry"
    if "NODELETE" not in flags:
        yield f"lacks NODELETE (flags: {flags})"
    if accelerator := [name for name in needed if is_accelerator_library(name)]:
        yield f"needs {accelerator}: CUDA kernels belong into a library that is opened with the accelerator"
    if not any(name.startswith("libstdc++") for name in needed):
        yield f"does not need libstdc++ ({needed}): a second copy of it cannot share exceptions with the host"


def problems_of_host(file, readelf):
    needed, _ = dynamic_section(readelf, file)
    if "libtorch_cpu.so" not in needed:
        yield f"does not need libtorch_cpu.so ({needed})"
    if accelerator := [name for name in needed if is_accelerator_library(name)]:
        yield f"needs {accelerator}"


def main(build_dir, readelf, nm):
    build = pathlib.Path(build_dir)
    # Libraries of CUDA kernels lie beside their plugins and have no entry.
    plugins = [file for file in sorted(build.glob("plugins/*/*.so")) if not file.stem.endswith("_cuda")]
    checked = [*plugins, build / "fixtures" / "plugins" / "good.so"]
    problems = [f"{file}: {problem}" for file in checked for problem in problems_of_plugin(file, readelf, nm)]
    problems += [f"{build / 'dha'}: {problem}" for problem in problems_of_host(build / "dha", readelf)]
    for problem in problems:
        print(problem)
    print(f"{len(checked)} plugins and the host checked, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
