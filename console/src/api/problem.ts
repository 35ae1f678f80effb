/** What can go wrong with a request, in words for the person at the desk. */

interface Failure {
  message?: string;
  detail?: string;
}

/** A response that is not a success, or no response at all (status 0). */
export class Problem extends Error {
  readonly status: number;
  readonly detail: string;
  /** The field that a 422 names, such as `title` or `agent.email`. */
  readonly field: string | null;
  readonly requestId: string | null;

  constructor(status: number, failure: Failure, requestId: string | null = null) {
    super(failure.detail ?? failure.message ?? "The request failed.");
    this.name = "Problem";
    this.status = status;
    this.detail = this.message;
    this.requestId = requestId;
    this.field = status === 422 ? fieldOf(this.detail) : null;
  }
}

/** Return the field that a sentence of the API begins with, or null. */
export function fieldOf(detail: string): string | null {
  return /^([a-z_]+(?:[.[][\w\]-]+)*)(?:: | is missing)/.exec(detail)?.[1] ?? null;
}

/** Return a sentence that says what happened and what to do next. */
export function explain(error: unknown): string {
  if (!(error instanceof Problem)) return "Something in the console failed. Reload the page.";
  switch (error.status) {
    case 0:
      return "The casting service cannot be reached. Check your connection and try again.";
    case 401:
      return "You are signed out. Sign in again to continue.";
    case 403:
      return `Your role may not do this. ${error.detail}`;
    case 404:
      return `${error.detail} Somebody may have removed it.`;
    case 412:
      return "Somebody else has changed this in the meantime.";
    case 429:
    case 503:
      return "The casting service is busy, so this was not done. Try again in a minute.";
    default:
      return error.detail;
  }
}
