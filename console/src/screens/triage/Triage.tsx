export default function Triage(_: { id: string }) {
  return null;
}
