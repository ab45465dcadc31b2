"""Run all benchmarks one after the other: `python -m benchmarks`. Takes about ten minutes."""

import sys

from benchmarks import addresses, check, drop, invite, mail, report

check.main([])
drop.main()
invite.main()
mail.main()
status = addresses.main([])
report.write()
sys.exit(status)
