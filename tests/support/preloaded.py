"""What a deployment's command reads before it does anything: packages, and botocore's data.

Nothing of ours is imported: a command's own modules are those of its checkout.
"""

import boto3
import botocore.session
import chalice.awsclient
import chalice.cli.factory
import packaging.requirements  # noqa: F401 -- only to have it
import pynamodb.models  # noqa: F401 -- the same
import yaml  # noqa: F401 -- the same

from tests.support import faster_botocore

SERVICES = ("apigateway", "cloudformation", "dynamodb", "iam", "lambda", "logs", "s3", "sts")

faster_botocore.install()
for service in SERVICES:
    boto3.session.Session("none", "none", region_name="eu-central-1").client(service)
    # Chalice's clients have another loader, because boto3 adds a folder to that of its own.
    botocore.session.Session().create_client(service, region_name="eu-central-1")
chalice.awsclient.create_loader = botocore.session.create_loader
chalice.awsclient.TypedAWSClient(botocore.session.Session())
