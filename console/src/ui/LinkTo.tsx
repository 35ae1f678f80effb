import type { ReactNode } from "react";

/** A link to another screen. */
export function LinkTo(props: { to: string; children: ReactNode; className?: string }) {
  return (
    <a href={`#${props.to}`} className={props.className}>
      {props.children}
    </a>
  );
}
