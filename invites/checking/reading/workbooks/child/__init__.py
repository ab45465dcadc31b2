"""The program that reads a workbook in a process of its own.

A small workbook can make the library that reads it abort, or use any amount of memory and time; here that affects
nobody else. Its modules import only the standard library, python_calamine and each other, by relative names, so that it
starts in a few hundredths of a second: the rest of the project isn't on its path.
"""
