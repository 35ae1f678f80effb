import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "~": new URL("src", import.meta.url).pathname } },
  // Dates are shown in the reader's locale and zone: here always the same.
  test: { include: ["src/**/*.test.ts"], env: { TZ: "Europe/Berlin", LANG: "en_GB.UTF-8" } },
});
