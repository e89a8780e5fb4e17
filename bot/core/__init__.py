"""Words and rules, pure: no I/O, no clock, no chance, no async. Time comes in as an integer, `now`, in unix seconds."""
