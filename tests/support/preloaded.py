"""What a deployment's command reads before it does anything: packages, and botocore's data.

Nothing of ours is imported: a command's own modules are those of its checkout.
"""

import boto3
import chalice.cli.factory  # noqa: F401 -- only to have it
import packaging.requirements  # noqa: F401 -- the same
import pynamodb.models  # noqa: F401 -- the same
import yaml  # noqa: F401 -- the same

from tests.support import faster_botocore

SERVICES = ("apigateway", "cloudformation", "dynamodb", "iam", "lambda", "logs", "s3", "sts")

faster_botocore.install()
for service in SERVICES:
    boto3.session.Session("none", "none", region_name="eu-central-1").client(service)
