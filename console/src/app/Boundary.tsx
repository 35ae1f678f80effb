import { Alert, Button, Stack, Text } from "@mantine/core";
import { Component, type ReactNode } from "react";

/** Shows a sentence in place of a screen that has failed. Another screen starts afresh. */
export class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  private readonly reset = () => this.setState({ failed: false });

  override componentDidMount() {
    window.addEventListener("hashchange", this.reset);
  }

  override componentWillUnmount() {
    window.removeEventListener("hashchange", this.reset);
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Alert color="red" variant="outline" m="md" title="This screen failed">
        <Stack gap="xs" align="flex-start">
          <Text size="sm">
            Nothing that was saved is lost. After an update of the console, a reload helps.
          </Text>
          <Button variant="default" onClick={() => location.reload()}>
            Reload
          </Button>
        </Stack>
      </Alert>
    );
  }
}
