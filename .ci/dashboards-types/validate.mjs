// Holds dashboards to the types of Grafana's own SDK, with the schema that follows from them:
// node validate.mjs TOOLS FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [tools, ...files] = process.argv.slice(2);
const require = createRequire(join(tools, "package.json"));
const { createGenerator } = require("ts-json-schema-generator");
const { Ajv } = require("ajv");

const schema = createGenerator({
  path: join(tools, "types.ts"),
  tsconfig: join(tools, "tsconfig.json"),
  type: "Strict",
  additionalProperties: false,
  // Inlined: two packages of the SDK have types of one name.
  expose: "none",
  topRef: false,
}).createSchema("Strict");
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strict: false });
const valid = ajv.compile(schema);
// A panel is judged by its own kind alone, so that a complaint names what is wrong with it.
const kinds = new Map();
for (const each of schema.properties.panels.items.anyOf) {
  kinds.set(each.properties.type.const, ajv.compile({ ...each, definitions: schema.definitions }));
}

function complaints(dashboard) {
  const found = [];
  for (const panel of dashboard.panels) {
    const check = kinds.get(panel.type);
    if (!check) found.push(`${panel.title}: no panel may be a ${panel.type}`);
    else if (!check(panel))
      found.push(...check.errors.map((e) => `${panel.title}${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`));
  }
  if (found.length === 0 && !valid(dashboard))
    found.push(...valid.errors.map((e) => `${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`));
  return found;
}

// A check that lets everything pass is worse than none: these must not.
const spoils = {
  "an option that does not exist": (d) => (d.panels[0].options.colour = "blue"),
  "a word that is none of the allowed": (d) => (d.panels[0].options.graphMode = "curve"),
  "a number for a text": (d) => (d.panels[0].title = 7),
  "a key that no dashboard has": (d) => (d.spec = {}),
  "a kind of panel that is not ours": (d) => (d.panels[0].type = "gauge"),
};
let failed = false;
for (const file of files) {
  const text = readFileSync(file, "utf8");
  const found = complaints(JSON.parse(text));
  failed ||= found.length > 0;
  console.log(`${file}: ${found.length ? found.slice(0, 20).join("\n  ") : "of Grafana's types"}`);
  for (const [what, spoil] of found.length ? [] : Object.entries(spoils)) {
    const spoiled = JSON.parse(text);
    spoil(spoiled);
    if (complaints(spoiled).length === 0) {
      console.log(`${file}: ${what} passes unseen`);
      failed = true;
    }
  }
}
process.exit(failed ? 1 : 0);
