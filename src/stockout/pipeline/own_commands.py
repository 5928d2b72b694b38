"""Steps of the user's own: commands that run in the folder of the results."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from stockout.errors import StockoutError

if TYPE_CHECKING:
    from pathlib import Path

    from stockout.config import RunCommand

FOLDER_VARIABLE = "STOCKOUT_RUN_FOLDER"
"""The environment variable that tells a command the folder of the results."""

CONFIG_VARIABLE = "STOCKOUT_CONFIG_FOLDER"
"""And the folder of the configuration, where its own script probably stands."""

_SHOWN_LINES = 5  # of what a failed command said; the log has all of it


def run_command(own: RunCommand, folder: Path, config_folder: Path, log: Path) -> int:
    """Runs a command in the folder of the results; what it says goes to the log.

    Args:
        own: The command. A text is a line for the shell, a list a program with its arguments.
        folder: Where it runs; also in the variable :data:`FOLDER_VARIABLE`.
        config_folder: The folder of the configuration, in :data:`CONFIG_VARIABLE`.
        log: The file that gets its stdout and stderr.

    Returns:
        Its exit code; not 0 only where failure is allowed.

    Raises:
        StockoutError: It failed or cannot be started, and failure is not allowed.
    """
    environment = os.environ | {
        FOLDER_VARIABLE: str(folder.absolute()),
        CONFIG_VARIABLE: str(config_folder.absolute()),
    }
    start = log.stat().st_size
    with log.open("ab") as said:
        try:
            code = subprocess.run(  # noqa: S603 - the user's own command, from the configuration
                own.command,
                shell=isinstance(own.command, str),
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT, check=False,
            ).returncode  # fmt: skip
        except OSError as error:
            code = 127  # as a shell says it of a command that is not there
            said.write(f"{own.name}: {error.strerror}\n".encode())
    if code and not own.allow_failure:
        with log.open("rb") as file:
            file.seek(start)
            lines = file.read().decode(errors="replace").splitlines()
        last = "\n".join(["", *lines[-_SHOWN_LINES:]])
        raise StockoutError(
            f"run.commands: {own.name} ended with exit code {code}{last}",
            hint="set allow_failure = true where the run shall go on without it",
        )
    return code
