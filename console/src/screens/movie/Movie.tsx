export default function Movie(_: { id: string; tab: string }) {
  return null;
}
