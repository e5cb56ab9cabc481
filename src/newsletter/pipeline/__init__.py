"""The steps of the product, in order and nothing else: build, check, import, plan, send, status.

Only this room composes phases. In: an open `Workspace`. Out: values for the entry points to print.
"""
