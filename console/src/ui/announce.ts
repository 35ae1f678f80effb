/** Say something to people who do not see the screen. */
export function announce(message: string): void {
  const region = document.getElementById("announcements");
  if (region) region.textContent = message;
}
