"""The storm: random requests to servers that are killed at random, and then a check of everything.

`make storm` runs the long form (SEED, WORKERS, OPERATIONS and KILLS change it), and test_storm.py a
short one. All servers share one table in a real engine. Each server has one user, who sends
requests one after another. A user sends a request again, with the same Idempotency-Key, until the
response is definite.

The seed determines which user does what in which order, with which values, and after how many
operations a server is killed. It does not determine what happens at the same moment.

* fields.py: the fields that the storm writes, and values for them
* plan.py: the operations of each user
* worker.py: a server
* sending.py: requests that are repeated until the response is definite
* user.py: the requests of each operation
* desk.py: the requests of each operation with parts and candidates
* history.py: what was written and what was seen, and the rules that it must follow
* counts.py: the rules for counts of parts, candidates and roles
* run.py: the storm itself
* cases.py: histories and counts with which test_storm.py tests the rules
"""

import tests.conftest  # noqa: F401 -- sets the environment variables before chalicelib is imported
