import type { ReactNode } from "react";

/** A link to another screen. `label` says more than its text, for those who hear it. */
export function LinkTo(props: {
  to: string;
  children: ReactNode;
  className?: string;
  label?: string;
}) {
  return (
    <a href={`#${props.to}`} className={props.className} aria-label={props.label}>
      {props.children}
    </a>
  );
}
