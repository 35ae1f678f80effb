/** Small pictures for buttons, which have a label besides. They do not depend on fonts. */

function Dots({ places }: { places: readonly (readonly [number, number])[] }) {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" fill="currentColor" aria-hidden="true">
      {places.map(([x, y]) => (
        <circle key={`${x} ${y}`} cx={x} cy={y} r="1.4" />
      ))}
    </svg>
  );
}

/** What a row is dragged by. */
export const GripIcon = () => (
  <Dots places={[4, 10].flatMap((x) => [2, 7, 12].map((y) => [x, y] as const))} />
);

/** A menu of actions. */
export const MoreIcon = () => <Dots places={[2, 7, 12].map((x) => [x, 7] as const)} />;
