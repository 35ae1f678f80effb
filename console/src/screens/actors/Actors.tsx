export default function Actors() {
  return null;
}
