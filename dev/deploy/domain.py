"""The stable address of a stage: its certificate, its domain, and the mapping to its API.

`domain` of a stage in `.chalice/config.json` is optional. The address outlives the API: `make
undeploy` only removes the mapping, which the next deployment makes again, in either way.
"""

import hashlib
import re
import time
from typing import Any, NamedTuple

import boto3
import requests

from dev import machine
from dev.deploy import cloudformation
from dev.deploy.stages import APP, Stage

HOST = r"(?=.{1,64}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}"
BASE_PATH = r"[A-Za-z0-9_-]+"
RECORD_SECONDS = 60  # until a new certificate has its DNS record; ACM needs a few seconds
CHECK_SECONDS = 5


class Domain(NamedTuple):
    """The `domain` of a stage."""

    name: str
    base_path: str

    @property
    def url(self) -> str:
        return f"https://{self.name}/{self.base_path}".rstrip("/")


def of(stage: Stage) -> Domain | None:
    """Return the domain of a stage, or None if it has none. Stop if it is not valid."""
    options = stage.config["stages"][stage.name].get("domain")
    if options is None:
        return None
    where = f"domain of the stage {stage.name} in .chalice/config.json"
    if not isinstance(options, dict) or not {"name"} <= options.keys() <= {"name", "base_path"}:
        machine.fail(f"{where} must have a name, and may have a base_path")
    if not re.fullmatch(HOST, str(options["name"])):
        machine.fail(f"{where} must have the name of a host, such as api.agency.com")
    if "base_path" in options and not re.fullmatch(BASE_PATH, str(options["base_path"])):
        machine.fail(f"{where} must have a base_path of letters, digits, - and _")
    return Domain(options["name"], options.get("base_path", ""))


def works(domain: Domain) -> bool:
    """Return whether our API answers at the domain."""
    try:
        response = requests.get(domain.url + "/", timeout=CHECK_SECONDS)
        return bool(response.json()["name"] == APP)
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return False


def replaces_default(stage: Stage) -> bool:
    """Return whether the stage's domain works, so that API Gateway's own URL can be closed."""
    domain = of(stage)
    return domain is not None and works(domain)


def connect(stage: Stage, api_id: str) -> None:
    """Map the domain of a stage to its API, if it has one. Say which DNS records it needs.

    Stop before the mapping while the certificate waits for its DNS record.
    """
    domain = of(stage)
    if domain is None:
        return
    current = cloudformation.parameters_of(_stack(stage)).get("Certificate")
    certificate = _certificate(domain, current)
    if certificate["Status"] != "ISSUED":
        record = certificate["DomainValidationOptions"][0]["ResourceRecord"]
        machine.say(
            f"{domain.name} waits for its certificate. Add this DNS record, wait until"
            f" AWS has seen it, and run this command again:\n"
            f"  {record['Name']} {record['Type']} {record['Value']}"
        )
        return
    parameters = {
        "Name": domain.name,
        "BasePath": domain.base_path,
        "Certificate": certificate["CertificateArn"],
        "Api": api_id,
    }
    cloudformation.apply(
        _stack(stage), stage.template("domain.yaml"), tags=stage.tags, parameters=parameters
    )
    if works(domain):
        machine.say(f"The address is {domain.url}")
    else:
        target = cloudformation.outputs(_stack(stage))["Target"]
        machine.say(
            f"{domain.url} does not answer yet. If you have not done so, add this DNS record:\n"
            f"  {domain.name}. CNAME {target}."
        )


def disconnect(stage: Stage) -> None:
    """Remove the mapping to an API, because API Gateway deletes none that has one."""
    if cloudformation.is_made(_stack(stage)):
        cloudformation.apply(
            _stack(stage),
            stage.template("domain.yaml"),
            tags=stage.tags,
            parameters={"Api": ""},
        )


def _stack(stage: Stage) -> str:
    return f"{stage.function}-domain"


def certificate_status(domain: Domain) -> str | None:
    """Return the status of a domain's certificate, or None if there is none."""
    arns = _certificates(domain)
    return str(_preferred(arns, None)["Status"]) if arns else None


def _certificates(domain: Domain) -> list[str]:
    """Return the ARNs of the issued certificates of a domain, and of those not validated yet."""
    client = boto3.client("acm")
    pages = client.get_paginator("list_certificates").paginate(
        CertificateStatuses=["ISSUED", "PENDING_VALIDATION"],
        # Without this, ACM lists only keys of RSA with up to 2,048 bits.
        Includes={"keyTypes": client.meta.service_model.shape_for("KeyAlgorithm").enum},
    )
    return [
        summary["CertificateArn"]
        for page in pages
        for summary in page["CertificateSummaryList"]
        if summary["DomainName"] == domain.name
    ]


def _preferred(arns: list[str], current: str | None) -> dict[str, Any]:
    """Return the description of a certificate: of an issued one, and of the current one, if any."""
    client = boto3.client("acm")
    found = [client.describe_certificate(CertificateArn=arn)["Certificate"] for arn in arns]
    preferred: dict[str, Any] = min(
        found, key=lambda c: (c["Status"] != "ISSUED", c["CertificateArn"] != current)
    )
    return preferred


def _certificate(domain: Domain, current: str | None) -> dict[str, Any]:
    """Return the certificate of a domain with its DNS record. Request one if there is none.

    The current one is kept as long as it is issued.
    """
    ours = _certificates(domain)
    if not ours:
        # The token makes a repeated request return the same certificate.
        token = hashlib.sha256(domain.name.encode()).hexdigest()[:32]
        ours.append(
            boto3.client("acm").request_certificate(
                DomainName=domain.name, ValidationMethod="DNS", IdempotencyToken=token
            )["CertificateArn"]
        )
    deadline = time.monotonic() + RECORD_SECONDS
    while True:
        certificate = _preferred(ours, current)
        options = certificate.get("DomainValidationOptions") or [{}]
        if certificate["Status"] == "ISSUED" or "ResourceRecord" in options[0]:
            return certificate
        if time.monotonic() > deadline:
            machine.fail(f"the certificate of {domain.name} has no DNS record yet; run it again")
        time.sleep(2)
