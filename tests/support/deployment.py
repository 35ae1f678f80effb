"""The API deployed to the emulated AWS, in both ways."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from chalicelib.permissions import AGENCY_ROLES
from tests.support.checkout import Checkout
from tests.support.client import Client
from tests.support.cloud import Cloud, TlsIssuer

STAGES = {"stack": "prod", "deploy": "dev"}
"""The two ways to deploy, and the stage that uses each of them in the tests."""


class Site:
    """A checkout on a machine whose AWS credentials belong to the account."""

    def __init__(self, checkout: Checkout, cloud: Cloud) -> None:
        self.checkout = checkout
        self.cloud = cloud
        self.environment = cloud.environment
        self._deployed: dict[str, tuple[Any, str]] = {}

    def make(self, target: str, way: str, **environment: str) -> str:
        """Run `make <target> STAGE=...`. Return its output."""
        status, output = self.try_to_make(target, way, **environment)
        assert status == 0, output
        return output

    def try_to_make(self, target: str, way: str, **environment: str) -> tuple[int, str]:
        """Run it. Return its exit status and its output."""
        confirm = {"CONFIRM": STAGES[way]} if target == "undeploy" else {}
        self.forget(way)
        config = self.checkout.config
        status, output = self.checkout.run(
            f"dev.deploy.{target}",
            STAGE=STAGES[way],
            **{**self.environment, **confirm, **environment},
        )
        if target == way and status == 0:
            self._deployed[way] = config, output
        return status, output

    def forget(self, way: str) -> None:
        """Note that it is not known any more what is deployed in this way."""
        self._deployed.pop(way, None)

    def deployed(self, way: str, issuer: TlsIssuer) -> "Live":
        """Return the stage of this way. Deploy it only if it is not, or with other settings."""
        config, output = self._deployed.get(way, (None, ""))
        if config != self.checkout.config:
            output = self.make(way, way)
        return live_stage(way, output, self.cloud, issuer)


def deployer(site: Site, cloud: Cloud) -> Site:
    """Return the same checkout, used by a person who has only the policies of `make deployer`."""
    iam = cloud.client("iam")
    iam.create_user(UserName="deployer")
    for stage in STAGES.values():
        status, output = site.checkout.run(
            "dev.deploy.permissions", STAGE=stage, REPOSITORY="agency/casting", **cloud.environment
        )
        assert status == 0, output
        for policy in re.findall(r"arn:\S+:policy/[\w-]+", output):
            iam.attach_user_policy(UserName="deployer", PolicyArn=policy)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    limited = Site(site.checkout, cloud)
    limited.environment = {
        **cloud.environment,
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    return limited


class Live(NamedTuple):
    """A deployed stage."""

    way: str
    stage: str
    api_id: str
    url: str
    as_: Callable[[str], Client]

    @property
    def function(self) -> str:
        return f"casting-{self.stage}"


def live_stage(way: str, output: str, cloud: Cloud, issuer: TlsIssuer) -> Live:
    """Return the stage whose deployment has printed this. Its clients have a role, or none."""
    api_id = api_of(output)
    url = cloud.api_url(api_id, STAGES[way])
    tokens = {role: issuer.token(role) for role in AGENCY_ROLES}
    return Live(way, STAGES[way], api_id, url, lambda role: Client(url, tokens.get(role)))


def change_variables(live: Live, cloud: Cloud, function: str, **changed: str) -> Callable[[], None]:
    """Change environment variables of a function, also of the version that is live.

    Return a function that undoes it.
    """
    client = cloud.client("lambda")

    def set_all(variables: dict[str, str]) -> None:
        environment = {"Variables": variables}
        client.update_function_configuration(FunctionName=function, Environment=environment)
        if live.way == "stack":
            version = client.publish_version(FunctionName=function)["Version"]
            client.update_alias(FunctionName=function, Name="live", FunctionVersion=version)

    configuration = client.get_function_configuration(FunctionName=function)
    before: dict[str, str] = configuration["Environment"]["Variables"]
    set_all({**before, **changed})
    return lambda: set_all(before)


def api_of(output: str) -> str:
    """Return the id of the API whose URL was printed."""
    return output.rpartition("https://")[2].partition(".execute-api")[0]
