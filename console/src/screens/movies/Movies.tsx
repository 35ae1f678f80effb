export default function Movies() {
  return null;
}
