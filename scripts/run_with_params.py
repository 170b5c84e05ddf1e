"""Run the pipeline for `mlflow run`, which gives parameters as `--train.model mlp`.

Without parameters it is `dvc repro`; with some it is a DVC experiment in a temporary copy, so that
params.yaml stays as it is.
"""

import os
import re
import subprocess
import sys

_PLAIN = re.compile(r"[\w./:+@?|%*\\ -]*|[\[{'\"].*", re.ASCII | re.DOTALL)


def main(args: list[str]) -> int:
    """Run DVC, and give its exit status."""
    names, values = args[::2], args[1::2]
    if len(names) != len(values) or not all(name.startswith("--") for name in names):
        sys.stderr.write("wherefrom: parameters are given as `-P train.model=mlp`\n")
        return 2
    changes = [f"{name[2:]}={_quoted(value)}" for name, value in zip(names, values, strict=True)]
    command = [part for change in changes for part in ("-S", change)]
    # the run of `mlflow run` itself is not that of a stage, nor is its experiment
    ours = ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    run = ["dvc", "exp", "run", "--temp", *command] if changes else ["dvc", "repro"]
    return subprocess.run(run, env=environment, check=False).returncode


def _quoted(value: str) -> str:
    """Quote a text that would mean something to the language of `dvc exp run -S`."""
    escaped = value.replace("'", r"\'")
    return value if _PLAIN.fullmatch(value) else f"'{escaped}'"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
