"""Runs the product and its servers in processes of their own, for tests and benchmarks. Nothing of it is used at work."""
