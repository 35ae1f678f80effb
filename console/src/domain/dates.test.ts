import { expect, test, vi } from "vitest";

import { localDay, today } from "./dates";
import { daysUntil } from "./soon";

// The tests' time zone is Europe/Berlin.
test("a time after midnight where the reader is belongs to that day", () => {
  expect(localDay(new Date("2026-11-30T23:30:00Z"))).toBe("2026-12-01");
});

test("today is the reader's day", () => {
  vi.useFakeTimers({ now: new Date("2026-11-30T23:30:00Z") });
  expect(today()).toBe("2026-12-01");
  expect(daysUntil("2026-12-02")).toBe(1);
  vi.useRealTimers();
});
