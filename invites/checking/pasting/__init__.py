"""Understand pasted text: cells of a spreadsheet, or a list of addresses."""
