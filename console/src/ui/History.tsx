/** Who changed what and when: the history of any resource, newest first. */

import { Text } from "@mantine/core";

import { useHistory, type Kind } from "~/api/queries";
import { showTime } from "~/domain/dates";
import { fieldLabel } from "~/domain/words";
import { showValue } from "~/forms/show";

import { Empty, Failed, Lines, ListEnd } from "./states";

const OPERATIONS = {
  created: "Added",
  changed: "Changed",
  deleted: "Removed",
  unrecorded: "Before histories began",
};

export function History({ kind, id }: { kind: Kind; id: string }) {
  const list = useHistory(kind, id);
  if (list.isPending) return <Lines />;
  if (list.error && list.items.length === 0)
    return <Failed error={list.error} retry={list.retry} />;
  if (list.items.length === 0) return <Empty title="Nothing is recorded yet" />;
  return (
    <div className="surface">
      <table className="data-table" aria-label="History">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {list.items.map((entry) => (
            <tr key={`${entry.at} ${entry.version}`}>
              <td className="nowrap">{showTime(entry.at)}</td>
              <td className="anywhere">{entry.by}</td>
              <td className="anywhere">
                {OPERATIONS[entry.operation]}
                {Object.entries(entry.changes).map(([field, values]) => (
                  <div key={field}>
                    <Text span c="dimmed" size="sm">
                      {fieldLabel(field)}:{" "}
                    </Text>
                    {values === null ? (
                      <Text span size="sm" fs="italic">
                        changed (personal data is not recorded)
                      </Text>
                    ) : entry.operation === "changed" ? (
                      `from ${showValue(field, values[0])} to ${showValue(field, values[1])}`
                    ) : (
                      showValue(field, values[entry.operation === "deleted" ? 0 : 1])
                    )}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ListEnd list={list} />
    </div>
  );
}
