/** Tell a screen reader what has happened. The shell has the element. */
export function announce(text: string): void {
  const element = document.getElementById("announcements");
  if (element) element.textContent = text;
}
