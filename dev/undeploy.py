"""`make undeploy`: a stage removed, whichever way it was deployed; its table stays."""

from dev import cloudformation, deploy, foundations, local, package, stages


def main() -> None:
    stage = stages.chosen()
    with foundations.asking_aws():
        if not cloudformation.delete(stage.function):
            package.prepare(stage, for_cloudformation=False)
            deploy.note_what_is_deployed(stage)
            package.run_chalice("delete", "--stage", stage.name)
            cloudformation.delete(f"{stage.function}-operations")
    local.say(
        f"{stage.name} is removed. Its table {stage.settings['TABLE_NAME']} is still there;"
        " docs/deploy.md says how to remove that too."
    )


if __name__ == "__main__":
    main()
