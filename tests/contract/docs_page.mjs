// Opens /docs in a headless Chromium and uses it as a person does. Prints a report as JSON.
//
// URL is the page and TOKEN the token to paste. With OFFLINE, the page has no network. Public files
// come from the npm package of the same version, so they must have the hashes that the page names.

import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const { MODULES, URL: url, TOKEN, OFFLINE, TAMPER, SCREENSHOT, CHROMIUM } = process.env;
const load = (name) => import(pathToFileURL(join(MODULES, name)).href);

// The package contains the libraries that the browser needs. It uses them if it seems to run on Lambda.
process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs24.x";
const { chromium } = await load("playwright-core/index.mjs");
const { default: packaged } = await load("@sparticuz/chromium/build/index.js");

const browser = await chromium.launch({
  executablePath: CHROMIUM || (await packaged.executablePath()),
  args: ["--no-sandbox", "--no-zygote", "--single-process", "--disable-gpu"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
const seen = { problems: [], fetched: [], calls: [] };

page.on("console", (said) => {
  if (["error", "warning"].includes(said.type())) seen.problems.push(said.text());
});
page.on("pageerror", (error) => seen.problems.push(String(error)));
page.on("response", (response) => {
  if (response.url().startsWith(new URL("/", url).href)) {
    seen.calls.push(`${response.request().method()} ${new URL(response.url()).pathname} ${response.status()}`);
  }
});

const outside = (at) => at.protocol.startsWith("http") && at.origin !== new URL(url).origin;
await page.route(outside, async (route) => {
  const name = route.request().url();
  seen.fetched.push(name);
  if (OFFLINE) return route.abort();
  const body = await readFile(join(MODULES, "swagger-ui-dist", basename(name)), "utf8");
  await route.fulfill({
    body: TAMPER === basename(name) ? body + "\n" : body,
    contentType: name.endsWith(".css") ? "text/css" : "text/javascript",
    headers: { "Access-Control-Allow-Origin": "*" },
  });
});

await page.goto(url);
if (OFFLINE || TAMPER) {
  await page.waitForTimeout(200);
  seen.text = await page.innerText("body");
} else {
  await page.waitForSelector(".opblock");
  seen.operations = await page.locator(".opblock").count();
  seen.missing = await page.locator("#missing").count();

  const asks = async (operation) => {
    const block = page.locator(`[id$="-${operation}"]`);
    if (!(await block.locator(".execute").count())) await block.locator(".opblock-summary-control").click();
    await block.locator(".execute").click();
    const answer = block.locator(".live-responses-table tbody");
    await answer.waitFor();
    const status = parseInt(await answer.locator(".response-col_status").first().innerText());
    const body = await answer.locator(".highlight-code code").first().innerText();
    return { status, body };
  };

  seen.before = await asks("list_movies");
  await page.click(".auth-wrapper .authorize");
  await page.fill(".auth-container input", TOKEN);
  await page.click(".auth-container button[type=submit]");
  await page.click(".auth-container .btn-done");
  await page.locator(`[id$="-list_movies"] .btn-clear`).click();
  seen.listed = await asks("list_movies");
  seen.created = await asks("create_actor");
  seen.stored = await page.evaluate(() => ({
    local: Object.entries(localStorage), session: Object.entries(sessionStorage), cookie: document.cookie,
  }));
}
if (SCREENSHOT) await page.screenshot({ path: SCREENSHOT, fullPage: true });
await browser.close();
console.log(JSON.stringify(seen));
