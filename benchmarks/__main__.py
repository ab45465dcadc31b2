"""Every benchmark, one after the other: `python -m benchmarks`."""

from benchmarks import check, invite, mail

check.main()
invite.main()
mail.main()
