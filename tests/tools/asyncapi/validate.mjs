// Reads an AsyncAPI document from standard input, prints each error as "path: message", and ends with 1 if there is one.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages lie in the folder named first, outside the tree.
const { Parser } = createRequire(`${process.argv[2]}/`)("@asyncapi/parser");
const ERROR = 0;
const diagnostics = await new Parser().validate(readFileSync(0, "utf8"));
const errors = diagnostics.filter(({ severity }) => severity === ERROR);
for (const { path, message } of errors) console.log(`${path.join("/")}: ${message}`);
process.exitCode = errors.length === 0 ? 0 : 1;
