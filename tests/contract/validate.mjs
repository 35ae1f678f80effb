// Validates a contract by JSON Schema; prints the verdict as JSON. Arguments: node_modules, file.

import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, file] = process.argv.slice(2);
const at = join(modules, "@seriousme/openapi-schema-validator/index.js");
const { Validator } = await import(pathToFileURL(at).href);
console.log(JSON.stringify(await new Validator().validate(file)));
