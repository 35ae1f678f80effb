export default function ContactSheet(_: { id: string }) {
  return null;
}
