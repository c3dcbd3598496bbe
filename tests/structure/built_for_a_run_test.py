"""What `make build` and `make quickstart` build: the program and the default components, no tests and no measuring programs.

usage: built_for_a_run_test.py BUILD_DIR
"""

import re
import subprocess
import sys

inputs = subprocess.run(["ninja", "-C", sys.argv[1], "-t", "inputs", "dha-programs"], capture_output=True, text=True,
                        check=True).stdout.splitlines()[1:]
assert "framework/libdha_host.a" in inputs and any(name.startswith("plugins/nas/cell/") for name in inputs), inputs[:8]
superfluous = [name for name in inputs if re.search(r"\b(tests?|fixtures?|bench)/|_test\b", name)]
assert not superfluous, f"dha-programs builds {len(superfluous)} files that no run needs: {superfluous[:8]}"
print(f"{len(inputs)} files are built for a run: all well")
