import { Group, Text, Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";

import { LinkTo } from "./LinkTo";

/** The head of a screen: where it is, its title and its actions. It also names the browser's tab. */
export function PageHead(props: {
  title: string;
  path?: { label: string; to: string }[];
  note?: ReactNode;
  children?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${props.title} – Casting`;
  }, [props.title]);
  return (
    <Group justify="space-between" align="flex-end" mb="xs" gap="xs">
      <div className="anywhere">
        {props.path && (
          <Text component="nav" size="xs" aria-label="Breadcrumb" className="no-print">
            {props.path.map((step) => (
              <span key={step.to}>
                <LinkTo to={step.to}>{step.label}</LinkTo>
                {" / "}
              </span>
            ))}
          </Text>
        )}
        <Title order={1}>{props.title}</Title>
        {props.note !== undefined && (
          <Text component="div" size="sm" c="dimmed">
            {props.note}
          </Text>
        )}
      </div>
      <Group gap="xs" className="no-print">
        {props.children}
      </Group>
    </Group>
  );
}
