"""The Pillow that comparisons need, and pieces of image files that it does not write."""
import os
import pathlib
import struct
import sys
import zlib


def import_or_leave(source_dir, *modules):
    """Imports PIL and `modules`, or runs the script again with SOURCE_DIR/.venv, or exits with 77 (skipped)."""
    wanted = ("PIL", *modules)
    try:
        for name in wanted:
            __import__(name)
    except ImportError:
        other = pathlib.Path(source_dir) / ".venv" / "bin" / "python"
        if "DHA_SECOND_TRY" not in os.environ and other.exists():
            os.execve(other, [str(other), "-B", *sys.argv], {**os.environ, "DHA_SECOND_TRY": "1"})
        packages = " ".join("Pillow" if name == "PIL" else name for name in wanted)
        print(f"skipped: {packages} not installed; .venv/bin/pip install {packages}")
        sys.exit(77)


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_png_chunk(png, chunk, behind):
    """Before the image data, or behind it."""
    at = png.rindex(b"IEND") - 4 if behind else 33
    return png[:at] + chunk + png[at:]
