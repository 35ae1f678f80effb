"""`make url`: print the URL of a deployed stage, for another command."""

from dev import machine
from dev.deploy import cloudformation, deploy, domain, foundations, stages


def main() -> None:
    stage = stages.chosen()
    with foundations.aws_account(stage) as account:
        address = domain.of(stage)
        if address and domain.works(address):
            machine.say(address.url)
        elif url := cloudformation.outputs(stage.function).get("EndpointURL"):
            machine.say(url.rstrip("/"))
        elif api_id := deploy.record_what_is_deployed(stage):
            machine.say(deploy.url_of(stage, api_id, account))
        else:
            machine.fail(f"{stage.name} is not deployed")


if __name__ == "__main__":
    main()
