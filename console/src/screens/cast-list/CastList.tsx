export default function CastList(_: { id: string }) {
  return null;
}
