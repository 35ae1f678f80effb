"""`make undeploy`: remove a stage, however it was deployed. Its table stays."""

import os

from dev import machine
from dev.deploy import cloudformation, deploy, domain, foundations, package, stages


def main() -> None:
    stage = stages.chosen()
    stages.refuse_plan()
    if os.environ.get("CONFIRM") != stage.name:
        machine.fail(
            f"this removes {stage.name}: its API and URL, its logs and its alarms, but not its"
            f" table; to confirm, run make undeploy STAGE={stage.name} CONFIRM={stage.name}"
        )
    with package.alone(), foundations.aws_account(stage) as account:
        deploy.refuse_other_region(stage, account)
        table = foundations.table_in_use(stage, deploy.LATEST) or stage.settings["TABLE_NAME"]
        domain.disconnect(stage)
        cloudformation.delete(f"{stage.function}-watch")
        # Both ways may have left something after an interruption.
        if cloudformation.find(stage.function):
            cloudformation.protect(stage.function, is_on=False)
            cloudformation.delete(stage.function)
        package.copy_sources()
        package.configure(stage, account)
        deploy.record_what_is_deployed(stage)
        package.run_chalice("delete", stage, account.region)
        cloudformation.delete(f"{stage.function}-operations")
    if table != stage.settings["TABLE_NAME"]:
        machine.say(
            f"Before you deploy it again, set TABLE_NAME in .chalice/config.json to {table}."
        )
    machine.say(
        f"{stage.name} is removed. Its table {table} is kept; docs/deploy.md says how to remove it"
        " too."
    )


if __name__ == "__main__":
    main()
