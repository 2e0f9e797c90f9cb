"""The command line: reads arguments, calls one function, words the outcome."""
