"""Every benchmark, one after the other: `python -m benchmarks`."""

from benchmarks import check, invite, mail, report

check.main()
invite.main()
mail.main()
report.write()
