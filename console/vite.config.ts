import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "~": new URL("src", import.meta.url).pathname } },
  // Files name each other relative to themselves. Only the page needs the stage's prefix, which
  // the API fills in.
  base: "./",
  experimental: {
    renderBuiltUrl: (filename, { hostType }) =>
      hostType === "html" ? `$api/console/${filename}` : { relative: true },
  },
  build: {
    target: "es2022",
    assetsDir: "",
    // The policy of the page allows no inline script.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
