"""One action on many members and invitations: choose, review, do, see the results, undo.

`selection.py` finds the people, `rules.py` decides what becomes of each, `plan.py` counts that before anything is
changed, `start.py` stores the action, `work.py` and `steps.py` do it in chunks, and `results.py` reads what came of it.
"""
