"""What all tests share: how property tests choose their examples.

A landing must not fail by the luck of a draw, so that the examples follow from the test alone; to look for new ones,
and to correct what they show, run the tests with ``--hypothesis-profile=explore``.
"""

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None)
settings.load_profile("same")
