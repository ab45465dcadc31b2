"""Read the workbook on standard input and write the rows of its sheets to standard output, as CSV in UTF-8.

The limits are `ChildLimits` as JSON. The descriptor is that of a file with a `Request` as JSON. The answer is appended
to this file, one JSON value in each line: first the list of `SheetName`s, then a `SheetAnswer` for each sheet as soon
as it has been read, the chosen ones first. So the parent knows what was read if a later sheet ends this process.

Exit status 0: all sheets were read. REJECTED: the last line is a verdict instead, the code of a problem and its
values. Any other status: the process failed or was killed.
"""

from __future__ import annotations

import errno
import json
import os
import sys

from .process_limits import limit_this_process
from .protocol import REJECTED, ChildLimits, Request, WorkbookRejected
from .sheets import read_workbook, write_all


def main(limits_as_json: str, descriptor: str) -> None:
    limits: ChildLimits = json.loads(limits_as_json)
    limit_this_process(limits)
    with open(int(descriptor), "r+b", buffering=0, closefd=False) as answers:
        request: Request = json.loads(answers.read())

        def answer(value: object) -> None:
            write_all(answers.fileno(), json.dumps(value).encode() + b"\n")

        try:
            read_workbook(sys.stdin.buffer, request, limits, answer)
        except WorkbookRejected as rejected:
            verdict = rejected.verdict
        except MemoryError:
            verdict = {"code": "workbook_too_heavy"}
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise
            verdict = {"code": "workbook_too_big", "max_size": limits["text"]}
        else:
            # Everything was written. Cleaning up would take Python a fifth of the time of a usual child.
            os._exit(0)
        answer(verdict)
    os._exit(REJECTED)
