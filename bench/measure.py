"""A whole run: the check of every app, then the measurements."""

import json
from collections.abc import Callable, Sequence

from bench import apps, check, events, run, tls
from bench.process import ENDPOINT, App, Json, Stub, working
from bench.run import Plan, Samples

OF_EVERY_PEER = ("list", "get", "roles")


class Run:
    """Our API, the reference and the peers, which have answered every event alike."""

    def __init__(self, package: apps.Package, bare: App, peers: Sequence[App], stub: Stub) -> None:
        self._package, self._bare, self._peers, self._stub = package, bare, peers, stub
        self.events = events.events(stub.ids)
        database = apps.BENCH / "movies.sqlite"
        self.environment = {**stub.environment, "DATABASE_FILE": str(database)}
        expected, requests = {}, {}
        with working(package.api, self.environment) as worker:
            everything = [worker.call(event).response for event in events.everything(stub.ids)]
            stub.take_requests()
            for name, event in self.events.items():
                expected[name] = worker.call(event).response
                requests[name] = stub.take_requests()
        projections = {name: check.projections(sent) for name, sent in requests.items()}
        self.environment["PROJECTIONS"] = json.dumps(projections)
        database.unlink(missing_ok=True)
        for app in peers:
            if app.name == "flask":
                self._load(app, everything)
        for app in (bare, *peers):
            with working(app, self.environment) as worker:
                for name in run.EVENTS if app is bare else OF_EVERY_PEER:
                    response = worker.call(self.events[name]).response
                    check.check_response(name, app, response, expected[name])
                    sent = stub.take_requests()
                    if app is bare:
                        check.check_requests(name, app, sent, requests[name])

    def _load(self, app: App, everything: Sequence[Json]) -> None:
        """Write what the API shows into the database of a peer."""
        movies, with_roles = (json.loads(response["body"]) for response in everything)
        content = {"movies": movies["movies"], "roles": with_roles["roles"]}
        with working(app._replace(handler="app.load"), self.environment) as worker:
            worker.call(content)

    def measure(self, figures: Sequence[str], plan: Plan, step: Callable[[str], None]) -> Samples:
        """Measure these figures."""
        samples: Samples = {}
        ours = self._package.api
        pair = [ours, self._bare]
        warm = {
            name: [*pair, *self._peers] if name in OF_EVERY_PEER else pair
            for name in run.EVENTS
            if name in figures
        }
        if not warm and "memory" in figures:
            warm = {"get": pair}
        if warm:
            samples |= run.warm(warm, self.events, self.environment, plan, step)
        if {"cold", *apps.AUTHORIZERS} & set(figures):
            first = dict.fromkeys([*pair, *self._peers], self.events["get"])
            environments = {app: self._cold_environment(app) for app in first}
            for app in self._package.authorizers:
                first[app] = events.authorizer_event(app.name)
                environments[app] = self._issuer_environment(app)
            samples |= run.cold(first, environments, plan, step)
        return samples

    def _issuer_environment(self, app: App) -> dict[str, str]:
        """Return the variables of the authorizer: the stub is the issuer, which has HTTPS."""
        bundle = tls.bundle(app, self._stub.authority, apps.BENCH, ["certifi/cacert.pem"])
        issuer = f"{self._stub.https_url}/"
        handler = {"_HANDLER": app.handler}  # as in Lambda
        return {
            **self.environment,
            **handler,
            "AUTH_ISSUER": issuer,
            "REQUESTS_CA_BUNDLE": str(bundle),
        }

    def _cold_environment(self, app: App) -> dict[str, str]:
        """Return the variables for a cold start, which reads DynamoDB by HTTPS as in Lambda."""
        bundle = tls.bundle(app, self._stub.authority, apps.BENCH)
        if bundle is None:
            return self.environment
        https = {ENDPOINT: self._stub.https_url, "AWS_CA_BUNDLE": str(bundle)}
        return {**self.environment, **https}
