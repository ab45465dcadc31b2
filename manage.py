#!/usr/bin/env python
"""Entry point of every command of the project."""

import os
import signal
import sys


def main() -> None:
    if sys.argv[1:2] == ["up"]:
        # Nothing is lost when it ends at once while it prepares; later it installs handlers. A shell starts what runs
        # in the background with SIGINT ignored, and Python would leave it ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Who has typed a command reads its answer, not what it did on the way.
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line

        try:
            execute_from_command_line(sys.argv)
        except ImproperlyConfigured as error:
            sys.exit(f"A setting is wrong: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
