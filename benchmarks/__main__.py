"""Run all benchmarks one after the other: `python -m benchmarks`. Takes about a quarter of an hour."""

import sys

from benchmarks import addresses, check, drop, invite, mail, report, users

check.main([])
drop.main()
invite.main()
mail.main()
users.main()
status = addresses.main([])
report.write()
sys.exit(status)
