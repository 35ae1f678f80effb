"""The storm: many workers, random operations, workers killed at random; then all must be right.

A worker is a server of the real API, on one table in a real engine. Each worker has a person who
sends it one request after another. The person repeats a request, with the same Idempotency-Key,
until the response is definite. The seed decides who does what in which order, with which values,
and after how many operations each worker is killed. It cannot decide what happens at the same time.

tests/store/test_storm.py runs a short storm, and `make storm` a long one.
"""

import tests.conftest  # noqa: F401 -- it sets what our modules read at import
