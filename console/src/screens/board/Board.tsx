export default function Board(_: { id: string }) {
  return null;
}
