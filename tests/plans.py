"""How the database goes about a statement."""

from __future__ import annotations

from django.db import connection, transaction


def plan_of(sql: str) -> str:
    """Its plan if reading the whole table is no choice: as it is not for long lists. Not within a transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # As it does by itself now and then: only now it knows that an index tells enough.
            cursor.execute("VACUUM (ANALYZE)")
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Tables as short as those of a test would not be worth an index.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        explain = "EXPLAIN (COSTS OFF)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{explain} {sql}")
        return "\n".join(str(line[-1]) for line in cursor.fetchall())
