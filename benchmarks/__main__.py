"""Every benchmark, one after the other: `python -m benchmarks`, about ten minutes."""

import sys

from benchmarks import addresses, check, drop, invite, mail, report

check.main([])
drop.main()
invite.main()
mail.main()
status = addresses.main([])
report.write()
sys.exit(status)
