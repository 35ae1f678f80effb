import { Modal, SimpleGrid, Text } from "@mantine/core";

import { shortcutGroups } from "./shortcuts";
import { useStore } from "./store";
import { useFocusBack } from "~/ui/useFocusBack";

const NAMES: Record<string, string> = {
  ArrowLeft: "Left",
  ArrowRight: "Right",
  ArrowUp: "Up",
  ArrowDown: "Down",
  Escape: "Esc",
  " ": "Space",
};

/** All shortcuts that work on this screen. */
export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  useFocusBack();
  const groups = useStore(shortcutGroups);
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts" size="lg">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        {groups
          .filter((group) => group.shortcuts.length > 0)
          .map((group) => (
            <section key={group.title} aria-label={group.title}>
              <Text fw={600} size="sm" mb={4}>
                {group.title}
              </Text>
              <table className="data-table">
                <tbody>
                  {group.shortcuts.map((shortcut) => (
                    <tr key={shortcut.keys}>
                      <td className="nowrap">
                        {shortcut.keys.split(shortcut.keys === " " ? "" : " ").map((key) => (
                          <kbd key={key}>{NAMES[key] ?? key}</kbd>
                        ))}
                      </td>
                      <td>{shortcut.label}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          ))}
      </SimpleGrid>
    </Modal>
  );
}
