import { useState } from "react";

/** Return up to two initials of a name, in any script. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return picked
    .map((word) => Array.from(word ?? "")[0] ?? "")
    .join("")
    .toUpperCase();
}

/** A portrait or poster, which loads lazily. Without a picture it shows the name's initials. */
export function Headshot(props: {
  name: string;
  url: string | null;
  width?: number | string;
  ratio?: number;
}) {
  const [failed, setFailed] = useState<string | null>(null);
  const width = props.width ?? 32;
  const style = {
    width,
    aspectRatio: String(props.ratio ?? 0.8),
    fontSize: typeof width === "number" ? Math.max(10, width / 3) : "2rem",
  };
  if (props.url === null || failed === props.url) {
    return (
      <span className="headshot" style={style} aria-hidden="true">
        {initials(props.name)}
      </span>
    );
  }
  return (
    <img
      className="headshot"
      style={style}
      src={props.url}
      alt=""
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      draggable={false}
      onError={() => setFailed(props.url)}
    />
  );
}
