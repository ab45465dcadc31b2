"""Every benchmark, one after the other: `python -m benchmarks`."""

from benchmarks import check

check.main()
