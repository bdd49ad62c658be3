#!/usr/bin/env bash
# Says aloud which tests did not run and why, from gotestsum's JSON file.
set -euo pipefail

node - "$1" <<'JS'
const lines = require("fs").readFileSync(process.argv[2], "utf8").split("\n");
const said = new Map(), skipped = [];
let passed = 0, failed = 0;
for (const line of lines) {
  if (!line) continue;
  let e;
  try { e = JSON.parse(line); } catch { continue; }
  if (!e.Test) continue;
  const key = `${e.Package}.${e.Test}`;
  if (e.Action === "output") said.set(key, (said.get(key) ?? "") + e.Output);
  if (e.Action === "pass") passed++;
  if (e.Action === "fail") failed++;
  if (e.Action === "skip") skipped.push([key, said.get(key) ?? ""]);
}
console.log(`tests: ${passed} passed, ${failed} failed, ${skipped.length} did not run`);
for (const [key, out] of skipped) {
  const why = out.split("\n").map(s => s.trim()).filter(s => s && !/^(===|---)/.test(s)).join(" ");
  console.log(`  not run: ${key.replace("github.com/dualtone/dualtone/", "")}: ${why || "no reason given"}`);
}
JS
