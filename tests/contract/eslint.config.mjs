// The rules for all JavaScript of the project. tests/contract/lint.py runs ESLint with them.

import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The packages are not installed in a folder above this file, so a plain import fails.
const load = async (name) => (await import(pathToFileURL(join(process.env.MODULES, name)).href)).default;
const js = await load("@eslint/js/src/index.js");
const globals = await load("globals/index.js");
// A script of a Postman collection fails if it declares one of these names.
const postman = Object.fromEntries([
  "pm", "postman", "environment", "globals", "data", "iteration", "request", "tests", "responseBody",
  "responseCode", "responseCookies", "responseHeaders", "responseTime",
].map((name) => [name, "readonly"]));

export default [
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["chalicelib/contract/*.js"],
    languageOptions: { globals: globals.browser, sourceType: "script" },
  },
  {
    files: ["dev/contract/js/*.js"],
    languageOptions: { globals: postman, sourceType: "script" },
  },
  { files: ["**/*.mjs"], languageOptions: { globals: globals.node } },
  {
    // It also contains functions that run in the browser.
    files: ["tests/contract/docs_page.mjs"],
    languageOptions: { globals: globals.browser },
  },
];
