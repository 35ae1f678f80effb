import { Alert, Button, Group, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { chosenValues, ownChoice, type Choice, type Difference } from "./merge";
import { showValue } from "./show";

/** Both versions of what two people have changed. The person chooses for each field. */
export function ConflictView(props: {
  differences: Difference[];
  labelOf: (field: string) => string;
  busy: boolean;
  onSave: (values: Record<string, unknown>) => void;
  onCancel: () => void;
}) {
  const [choices, setChoices] = useState<Record<string, Choice | null>>(() =>
    Object.fromEntries(props.differences.map((each) => [each.field, ownChoice(each)])),
  );
  const undecided = Object.values(choices).includes(null);
  return (
    <Stack gap="sm">
      <Alert color="yellow" variant="outline" title="Somebody else has changed this meanwhile">
        <Text size="sm">Nothing was saved yet. Choose what each field should be.</Text>
      </Alert>
      <div className="scroll-x">
        <table className="data-table" aria-label="Both versions">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">Yours</th>
              <th scope="col">Theirs</th>
            </tr>
          </thead>
          <tbody>
            {props.differences.map(({ field, base, mine, theirs }) => (
              <tr key={field}>
                <th scope="row">{props.labelOf(field)}</th>
                <td>{showValue(field, base)}</td>
                {(["mine", "theirs"] as const).map((side) => (
                  <td key={side}>
                    <Radio
                      size="xs"
                      name={field}
                      label={showValue(field, side === "mine" ? mine : theirs)}
                      checked={choices[field] === side}
                      onChange={() => setChoices({ ...choices, [field]: side })}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Group justify="flex-end">
        <Button variant="default" onClick={props.onCancel}>
          Back to the form
        </Button>
        <Button
          disabled={undecided}
          loading={props.busy}
          onClick={() => props.onSave(chosenValues(props.differences, choices))}
        >
          Save these
        </Button>
      </Group>
    </Stack>
  );
}
