// Workflow files, a path a line on standard input -> what GitHub's own schema and checker
// of expressions find in them, a JSON object a line: file, line, message.
import fs from "node:fs";
import path from "node:path";
import { createRequire, register } from "node:module";
import { pathToFileURL } from "node:url";

// The packages import JSON as node 22 and later do; for others it becomes a module.
register(
  "data:text/javascript," +
    encodeURIComponent(`
import fs from "node:fs";
import { fileURLToPath } from "node:url";
export async function load(url, context, next) {
  if (!url.endsWith(".json")) return next(url, context);
  const source = "export default " + fs.readFileSync(fileURLToPath(url), "utf8");
  return { format: "module", shortCircuit: true, source };
}`),
);

const [engines] = process.argv.slice(2);
const at = (name) => pathToFileURL(path.join(engines, "node_modules", name)).href;
const { validate } = await import(at("@actions/languageservice/dist/index.js"));
const require = createRequire(path.join(engines, "package.json"));
const { TextDocument } = require("vscode-languageserver-textdocument");

for (const file of fs.readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const text = fs.readFileSync(file, "utf8");
  const document = TextDocument.create(pathToFileURL(file).href, "yaml", 1, text);
  const nowhere = { getFileContent: async (reference) => Promise.reject(reference) };
  for (const each of await validate(document, { fileProvider: nowhere })) {
    const found = { file, line: each.range.start.line + 1, message: each.message };
    console.log(JSON.stringify(found));
  }
}
