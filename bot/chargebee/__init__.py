"""Chargebee, seen from here: `client` speaks to it, `lookups` finds things while somebody types.

address -> client -> lookups; encoding, failures, resources and choices are pure.
"""
