"""Runs the product and its servers in processes of their own, for tests and benchmarks. The product doesn't use it."""
