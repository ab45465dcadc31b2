"""Query plans."""

from __future__ import annotations

import re

from django.db import connection, transaction


def plan_of(sql: str) -> str:
    """The plan of the statement without sequential scans and sorts, as for large tables. Don't call it in a transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in sorted(set(re.findall(r'(?:FROM|JOIN) ("\w+")', sql))):
                # Indexes grow with the rows of earlier tests, and the planner prefers small ones.
                cursor.execute(f"REINDEX TABLE {table}")
                # As autovacuum does now and then. Index-only scans need it.
                cursor.execute(f"VACUUM (ANALYZE) {table}")
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # For small tables, PostgreSQL would prefer sequential scans, and sorts if a vacuum had to skip rows.
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
            )
        explain = "EXPLAIN (COSTS OFF)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{explain} {sql}")
        return "\n".join(str(line[-1]) for line in cursor.fetchall())
