/** What the API has written into the page: see index.html. */

function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="casting-${name}"]`)?.content ?? "";
}

export const config = {
  /** The address of the API, without a slash at its end. */
  api: location.origin + meta("api"),
  issuer: meta("issuer"),
  audience: meta("audience"),
  /** Empty if nobody can sign in to this stage's console. */
  clientId: meta("client-id"),
  /** The address of the console. */
  address: `${location.origin}${meta("api")}/console`,
};
