export default function Avail(_: { id: string }) {
  return null;
}
