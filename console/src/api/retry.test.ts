import { describe, expect, it, vi } from "vitest";

import { fieldOf, Problem } from "./problem";
import { guardedFetch, secondsToWait } from "./retry";

const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response("{}", { status, headers });

function guarded(answers: (Response | Error)[]) {
  const sent: Request[] = [];
  const waits: number[] = [];
  const guard = {
    token: () => "token",
    renew: vi.fn(() => Promise.resolve()),
    waiting: (seconds: number) => void waits.push(seconds),
  };
  const send = (request: Request) => {
    sent.push(request);
    const next = answers.shift() ?? answer(200);
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  };
  const run = guardedFetch(guard, send as typeof fetch, () => Promise.resolve());
  return { run, sent, waits, guard };
}

const post = () =>
  new Request("https://api.example/movies", {
    method: "POST",
    body: "{}",
    headers: { "Idempotency-Key": "one" },
  });

it("asks nobody to sign in again if that was done while it was on its way", async () => {
  const tokens = ["old", "new", "new"];
  const renew = vi.fn(() => Promise.resolve());
  const answers = [answer(401), answer(200)];
  const run = guardedFetch(
    { token: () => tokens.shift() ?? "new", renew, waiting: () => undefined },
    () => Promise.resolve(answers.shift() ?? answer(500)),
  );
  expect((await run(post())).status).toBe(200);
  expect(renew).not.toHaveBeenCalled();
});

describe("a request", () => {
  it("is sent with the token", async () => {
    const { run, sent } = guarded([]);
    await run(post());
    expect(sent[0]?.headers.get("Authorization")).toBe("Bearer token");
  });

  it("waits as long as a busy service says, and is sent again with the same key", async () => {
    const { run, sent, waits } = guarded([answer(503, { "Retry-After": "2" }), answer(429)]);
    expect((await run(post())).status).toBe(200);
    expect(sent.map((each) => each.headers.get("Idempotency-Key"))).toEqual(["one", "one", "one"]);
    expect(waits).toEqual([2, 0, 2, 0]);
  });

  it("gives up at last", async () => {
    const { run, sent } = guarded(Array.from({ length: 9 }, () => answer(503)));
    expect((await run(post())).status).toBe(503);
    expect(sent).toHaveLength(5);
  });

  it("signs in again when the token has ended, and goes on", async () => {
    const { run, guard } = guarded([answer(401)]);
    expect((await run(post())).status).toBe(200);
    expect(guard.renew).toHaveBeenCalledOnce();
  });

  it("says when nothing can be reached", async () => {
    const { run } = guarded([new TypeError("failed")]);
    await expect(run(post())).rejects.toMatchObject({ status: 0 });
  });
});

describe("the time to wait", () => {
  it.each([
    ["3", 1, 3],
    [null, 1, 1],
    [null, 4, 8],
    ["never", 2, 2],
    ["-1", 1, 1],
    ["9999", 1, 300],
  ])("of %s at try %i is %i", (header, tries, seconds) =>
    expect(secondsToWait(header, tries)).toBe(seconds),
  );
});

describe("the field of a 422", () => {
  it.each([
    ["title: expected some text, not an empty string.", "title"],
    ["title is missing.", "title"],
    ["agent.email: expected an email address.", "agent.email"],
    ["availability[0].from: expected a date.", "availability[0].from"],
    ["The request body is empty: send some of title.", null],
  ])("%s", (detail, field) => {
    expect(fieldOf(detail)).toBe(field);
    expect(new Problem(422, { detail }).field).toBe(field);
    expect(new Problem(409, { detail }).field).toBeNull();
  });
});
