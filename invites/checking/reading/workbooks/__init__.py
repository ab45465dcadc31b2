"""Read workbooks, in a child process with limits."""
