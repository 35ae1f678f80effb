// Unpacks the packaged Chromium. Prints where it is and which libraries it needs, as JSON.

import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The package contains the libraries that the browser needs. It uses them if it seems to run on Lambda.
process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs24.x";
const { default: packaged } = await import(
  pathToFileURL(join(process.env.MODULES, "@sparticuz/chromium/build/index.js")).href
);
const path = await packaged.executablePath();
console.log(JSON.stringify({ path, libraries: process.env.LD_LIBRARY_PATH ?? "" }));
