"""The stable address of a stage. tests/deploy/test_deploying.py deploys with one, in both ways."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from dev.deploy import cloudformation, domain
from dev.deploy.domain import Domain
from dev.deploy.stages import Stage
from tests.support.checkout import Checkout
from tests.support.sam import translated

API = Domain("api.agency.com", "v1")


def stage(options: Any) -> Stage:
    """Return a stage with this `domain`."""
    prod = {} if options is None else {"domain": options}
    config = {"python_version": "3.13", "stages": {"prod": prod}}
    return Stage("prod", "eu-central-1", {"TABLE_NAME": "t"}, {}, 30, "x86_64", False, config)


def test_a_domain_is_optional_and_so_is_its_base_path() -> None:
    assert domain.of(stage(None)) is None
    assert domain.of(stage({"name": "api.agency.com"})) == Domain("api.agency.com", "")
    assert domain.of(stage({"name": "api.agency.com", "base_path": "v1"})) == API
    assert API.url == "https://api.agency.com/v1"
    assert Domain("api.agency.com", "").url == "https://api.agency.com"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("api.agency.com", "must have a name, and may have a base_path"),
        ({"base_path": "v1"}, "must have a name, and may have a base_path"),
        ({"name": "api.agency.com", "zone": "Z"}, "must have a name, and may have a base_path"),
        ({"name": "https://api.agency.com"}, "must have the name of a host"),
        ({"name": "localhost"}, "must have the name of a host"),
        ({"name": "API.agency.com"}, "must have the name of a host"),
        ({"name": "api.agency.com", "base_path": "/v1"}, "must have a base_path of letters"),
        ({"name": "api.agency.com", "base_path": ""}, "must have a base_path of letters"),
    ],
)
def test_an_invalid_domain_is_refused(options: Any, sentence: str) -> None:
    with pytest.raises(SystemExit, match="domain of the stage prod in") as stopped:
        domain.of(stage(options))
    assert sentence in str(stopped.value)


class Response:
    def __init__(self, body: str) -> None:
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


@pytest.mark.parametrize(
    ("body", "works"),
    [('{"name": "casting"}', True), ('{"name": "other"}', False), ("[]", False), ("<html>", False)],
)
def test_a_domain_works_when_our_api_answers(
    monkeypatch: pytest.MonkeyPatch, body: str, works: bool
) -> None:
    asked: list[str] = []

    def get(url: str, timeout: float) -> Response:
        asked.append(url)
        return Response(body)

    monkeypatch.setattr(requests, "get", get)
    assert domain.works(API) is works
    assert asked == ["https://api.agency.com/v1/"]


def test_a_domain_that_cannot_be_reached_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, timeout: float) -> Response:
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", get)
    assert not domain.works(API)
    assert not domain.replaces_default(stage({"name": "api.agency.com"}))
    assert not domain.replaces_default(stage(None))


class Certificates:
    """ACM, with certificates in these states. A new one waits for its DNS record."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.meta = boto3.client("acm", region_name="eu-central-1").meta

    def get_paginator(self, name: str) -> "Certificates":
        assert name == "list_certificates"
        return self

    def paginate(self, *, Includes: Any, **_: Any) -> list[Any]:  # noqa: N803 -- boto3's name
        assert {"RSA_2048", "RSA_4096", "EC_prime256v1"} <= set(Includes["keyTypes"])
        others = [{"CertificateArn": "other", "DomainName": "www.agency.com"}]
        ours = [{"CertificateArn": str(n), "DomainName": API.name} for n in range(len(self.states))]
        return [{"CertificateSummaryList": others}, {"CertificateSummaryList": ours}]

    def request_certificate(self, **_: Any) -> Any:
        self.states.append("PENDING_VALIDATION")
        return {"CertificateArn": str(len(self.states) - 1)}

    def describe_certificate(self, CertificateArn: str) -> Any:  # noqa: N803 -- boto3's name
        record = {"Name": "_a.api.agency.com.", "Type": "CNAME", "Value": "_b.acm.aws."}
        return {
            "Certificate": {
                "CertificateArn": CertificateArn,
                "Status": self.states[int(CertificateArn)],
                "DomainValidationOptions": [{"ResourceRecord": record}],
            }
        }


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The parameters of the stacks that were applied."""
    applied: list[dict[str, str]] = []

    def apply(name: str, template: Any, *, tags: Any, parameters: dict[str, str]) -> bool:
        assert name == "casting-prod-domain"
        applied.append(parameters)
        return True

    monkeypatch.setattr(cloudformation, "apply", apply)
    monkeypatch.setattr(cloudformation, "outputs", lambda _: {"Target": "d-1.aws.com"})
    monkeypatch.setattr(cloudformation, "parameters_of", lambda _: {})
    monkeypatch.setattr(domain, "works", lambda _: False)
    return applied


def connect(monkeypatch: pytest.MonkeyPatch, certificates: Certificates) -> None:
    monkeypatch.setattr(boto3, "client", lambda _: certificates)
    domain.connect(stage({"name": API.name, "base_path": API.base_path}), "abc")


def test_a_new_certificate_waits_for_its_dns_record(
    monkeypatch: pytest.MonkeyPatch, applied: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    certificates = Certificates()
    for _ in range(2):  # the second run requests no second certificate
        connect(monkeypatch, certificates)
        assert "  _a.api.agency.com. CNAME _b.acm.aws.\n" in capsys.readouterr().out
    assert certificates.states == ["PENDING_VALIDATION"]
    assert applied == []


def test_a_domain_is_mapped_with_its_issued_certificate(
    monkeypatch: pytest.MonkeyPatch, applied: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    connect(monkeypatch, Certificates("PENDING_VALIDATION", "ISSUED"))
    assert applied == [
        {"Name": "api.agency.com", "BasePath": "v1", "Certificate": "1", "Api": "abc"}
    ]
    assert "  api.agency.com. CNAME d-1.aws.com.\n" in capsys.readouterr().out


def test_a_domain_keeps_its_certificate_while_it_is_issued(
    monkeypatch: pytest.MonkeyPatch, applied: list[dict[str, str]]
) -> None:
    monkeypatch.setattr(cloudformation, "parameters_of", lambda _: {"Certificate": "1"})
    several = Certificates("ISSUED", "ISSUED"), Certificates("ISSUED", "PENDING_VALIDATION")
    for certificates in several:
        connect(monkeypatch, certificates)
    assert [parameters["Certificate"] for parameters in applied] == ["1", "0"]


def test_the_default_endpoint_can_be_closed(checkout: Checkout, tmp_path: Path) -> None:
    package = checkout.folder / ".local" / "package" / "dev" / "sam.json"
    template = json.loads(package.read_text())
    template["Resources"]["RestAPI"]["Properties"]["DisableExecuteApiEndpoint"] = True
    closed = tmp_path / "closed.json"
    closed.write_text(json.dumps(template))
    bodies = [
        translated(path)["Resources"]["RestAPI"]["Properties"]["Body"] for path in (package, closed)
    ]
    setting = "x-amazon-apigateway-endpoint-configuration"
    assert [body.get(setting) for body in bodies] == [None, {"disableExecuteApiEndpoint": True}]
