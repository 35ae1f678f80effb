import { Modal, Text } from "@mantine/core";

import type { PartOfMovie } from "~/api/types";
import { PartPicker } from "~/forms/PartPicker";
import { useFocusBack } from "~/ui/useFocusBack";

/** Choose the part that actors are looked for: its requirements become the filters. */
export function ChoosePart(props: { onChoose: (part: PartOfMovie) => void; onClose: () => void }) {
  useFocusBack();
  return (
    <Modal opened onClose={props.onClose} title="Find actors for a part" size="lg">
      <PartPicker value={null} onChange={(part) => part && props.onChoose(part)} />
      <Text size="xs" c="dimmed" mt="xs">
        What the part needs becomes the filters: gender, playing age, languages, skills, unions and
        days of work. Take away what does not matter.
      </Text>
    </Modal>
  );
}
