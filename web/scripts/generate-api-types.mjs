/**
 * Makes src/api/schema.d.ts from the API's own OpenAPI document (`python -m parley_api.openapi`).
 * With --check it only compares, and fails when the file is not current. PYTHON names another interpreter.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));
const target = fileURLToPath(new URL("../src/api/schema.d.ts", import.meta.url));
const venv = `${root}.venv/bin/python`;
const python = process.env.PYTHON ?? (existsSync(venv) ? venv : "python3");

const json = execFileSync(python, ["-m", "parley_api.openapi"], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
const document = keepJoin(JSON.parse(json));
const text = `// Made by \`npm run generate\` from the API's OpenAPI document. Do not edit.\n\n${astToString(
  await openapiTS(document, { immutable: true, alphabetize: true }),
)}`;

if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
  console.error("web/src/api/schema.d.ts is not current: run `npm run generate` in web/");
  process.exitCode = 1;
}

/** The pages call /join/v1 alone: nothing else of the API is their business, or a reason to change this file. */
function keepJoin(api) {
  const paths = Object.fromEntries(Object.entries(api.paths).filter(([path]) => path.startsWith("/join/")));
  const schemas = {};
  const follow = (value) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (schemas[name]) continue;
      schemas[name] = api.components.schemas[name];
      follow(schemas[name]);
    }
  };
  follow(paths);
  return { ...api, paths, components: { ...api.components, schemas } };
}
