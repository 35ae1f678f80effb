export default function Actor(_: { id: string; tab: string }) {
  return null;
}
