// The status page in a real browser: node check.mjs TOOLS PROGRAM PICTURES
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { configured, freePort, pause, start, stop } from "./exporter.mjs";
import { Vendor } from "./vendor.mjs";

const [tools, program, pictures] = process.argv.slice(2);
const require = createRequire(join(tools, "package.json"));
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const HEAVIEST = 60_000;
const SLOWEST_PAINT = 200;
const SLOWEST_CROWD = 300;
const CROWD = 500;
const HOSTILE = ["<script>window.pwned=1</script>", `"><img src=x onerror="window.pwned=1">`, "&lt;b&gt;'`{{7*7}}${7*7}"];
const SCREENS = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, isMobile: true, deviceScaleFactor: 2 },
};

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A page that fails the test when it complains or asks anybody else; `quiet` excuses the first. */
async function open(base, screen, path = "/") {
  const context = await browser.newContext(SCREENS[screen]);
  const page = await context.newPage();
  page.complaints = [];
  page.quiet = false;
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !page.quiet) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !url.startsWith("data:")) page.complaints.push(`asked ${url}`);
  });
  await page.goto(base + path);
  return page;
}

async function done(page) {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

async function accessible(page, what) {
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = true)));
  await page.evaluate(AXE);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const words = found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).slice(0, 3)}`);
  assert.deepEqual(words, [], what);
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => (each.open = false)));
}

const metrics = async (base) => {
  const text = await (await fetch(`${base}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), +line.slice(line.lastIndexOf(" ") + 1)]));
};

const figures = (page) => page.evaluate(() => {
  const tiles = [...document.querySelectorAll('article[aria-label="taprain demo"] dl.tiles > div')];
  const value = (tile) => tile.querySelector("data")?.value;
  return Object.fromEntries(tiles.map((tile) => [tile.querySelector("dt").textContent, +value(tile)]));
});

/** What the page shows is what /metrics says of the same generation. */
async function equal(page, base) {
  const of = 'account="demo",view="all"';
  for (let tries = 0; tries < 20; tries++) {
    const before = await metrics(base);
    await page.reload();
    const [shown, after] = [await figures(page), await metrics(base)];
    const clicks = `taprain_clicks{${of},range="today"}`;
    if (before.get(clicks) !== after.get(clicks) || !after.has(clicks)) continue;
    assert.deepEqual(shown, {
      "Revenue today": after.get(`taprain_revenue{${of},range="today",currency="USD"}`),
      Leads: after.get(`taprain_leads{${of},range="today"}`),
      Clicks: after.get(clicks),
      "Conversion (CVR)": after.get(`taprain_cvr_ratio{${of},range="today"}`),
      "Per click (EPC)": after.get(`taprain_epc{${of},range="today",currency="USD"}`),
    });
    return shown;
  }
  assert.fail("no two scrapes around the page were of one generation");
}

async function paint(page) {
  const times = [];
  for (let round = 0; round < 5; round++) {
    await page.reload();
    const first = "first-contentful-paint";
    await page.waitForFunction((name) => performance.getEntriesByName(name).length > 0, first);
    times.push(await page.evaluate((name) => performance.getEntriesByName(name)[0].startTime, first));
  }
  return times.sort((a, b) => a - b)[2];
}

async function demo() {
  const exporter = await start(program, await freePort(), "demo");
  const { base } = exporter;
  const page = await open(base, "light");
  const shown = await equal(page, base);
  console.log(`demo: the page has the figures of /metrics: ${JSON.stringify(shown)}`);
  const until = Date.now() + 120_000;
  while (!(await (await fetch(base)).text()).includes("is usual by now")) {
    assert.ok(Date.now() < until, "what is usual never became known");
    await pause(1000);
  }
  const weight = (await (await fetch(base)).text()).length;
  assert.ok(weight < HEAVIEST, `the page weighs ${weight} bytes`);
  const first = await paint(page);
  assert.ok(first < SLOWEST_PAINT, `the first paint took ${first} ms`);
  console.log(`demo: ${weight} bytes, first paint after ${first.toFixed(0)} ms (median of 5)`);
  await done(page);
  mkdirSync(pictures, { recursive: true });
  for (const screen of Object.keys(SCREENS)) {
    const one = await open(base, screen);
    await accessible(one, screen);
    const sideways = await one.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.ok(!sideways, `${screen}: the page is wider than its screen`);
    const clipped = await one.$$eval(".scroll", (all) => all.filter((each) => !each.closest("details") && each.scrollWidth > each.clientWidth).map((each) => each.innerText));
    assert.deepEqual(clipped, [], `${screen}: a table is wider than its place`);
    const fullPage = screen !== "phone";
    await one.screenshot({ path: join(pictures, `status-${screen}.png`), fullPage });
    await done(one);
  }
  console.log("demo: axe-core has nothing to say in light, dark and on a phone");
  await stop(exporter);
}

/** Names that are markup stay text, states are told, and so is silence. */
async function states() {
  const vendor = await new Vendor().listen();
  vendor.offers = HOSTILE;
  const port = await freePort();
  const command = ["serve", "--config.file", configured(vendor, ["main"], "5s")];
  let exporter = await start(program, port, ...command);
  const page = await open(exporter.base, "light");
  const offers = () => page.$$eval("caption", (all) => {
    const table = all.find((each) => each.textContent.startsWith("Offers"))?.closest("table");
    return [...(table?.querySelectorAll("tbody th") ?? [])].map((each) => each.textContent).sort();
  });
  const become = async (what, test) => {
    const until = Date.now() + 40_000;
    while (!(await test())) {
      assert.ok(Date.now() < until, `${what}: ${await page.innerText("main")}`);
      await pause(250);
    }
    console.log(`states: ${what}`);
  };
  const same = async (names) => JSON.stringify(await offers()) === JSON.stringify([...names].sort());
  await become("a hostile name is text", () => same(HOSTILE));
  await page.evaluate(() => (window.kept = document.querySelector("main h2")));
  await page.locator("summary", { hasText: "Plan" }).click();
  vendor.offers = [...HOSTILE, "</script></style><script>window.pwned=1</script>"];
  await become("and stays so when it is swapped in", () => same(vendor.offers));
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.$$eval("main img, main script", (all) => all.length), 0);
  assert.ok(await page.evaluate(() => window.kept.isConnected), "a refresh replaced what was the same");
  assert.equal(await page.locator("details[open]").count(), 1, "a refresh closed what was open");
  vendor.status = 401;
  await become("a failing account appears", async () => (await page.innerText("main")).includes("refuses the credential (401)"));
  assert.ok((await page.innerText("#news")).includes("taprain main"), "a screen reader was not told");
  await accessible(page, "failing");
  await page.screenshot({ path: join(tools, "failing.png"), fullPage: true });
  page.quiet = true;
  await stop(exporter);
  await become("a stopped exporter is said", async () => (await page.innerText("#link")).startsWith("No answer since "));
  await accessible(page, "silent");
  vendor.status = 200;
  exporter = await start(program, port, ...command);
  await become("and that it answers again", async () => (await page.innerText("#link")).startsWith("The exporter answers again"));
  page.quiet = false;
  await become("with new figures", () => same(vendor.offers));
  await done(page);
  await stop(exporter);
  vendor.close();
}

async function crowd() {
  const vendor = await new Vendor().listen();
  const names = Array.from({ length: CROWD }, (_, number) => `shop-${number}`);
  const config = configured(vendor, names, "1m");
  const exporter = await start(program, await freePort(), "serve", "--config.file", config);
  const { base } = exporter;
  while (!(await fetch(`${base}/-/ready`)).ok) await pause(250);
  const times = [];
  let text = "";
  for (let round = 0; round < 5; round++) {
    // Beyond the second for which a page is kept.
    await pause(1100);
    const began = performance.now();
    text = await (await fetch(base)).text();
    times.push(performance.now() - began);
  }
  const [usual, slowest] = [times.toSorted((a, b) => a - b)[2], Math.max(...times)];
  assert.ok(usual < SLOWEST_CROWD, `${CROWD} accounts took ${times} ms`);
  const packed = (await fetch(base, { headers: { "accept-encoding": "gzip" } })).headers.get("content-length");
  console.log(`crowd: ${CROWD} accounts in ${usual.toFixed(0)} ms (median of 5, the worst ${slowest.toFixed(0)}), ${text.length} bytes, ${packed} packed`);
  const page = await open(base, "light");
  await page.getByLabel("Show only").fill("shop-321");
  const rows = page.locator("tr[data-name]:visible");
  assert.equal(await rows.count(), 1);
  const revision = await page.evaluate(() => document.body.dataset.revision);
  await page.waitForFunction((old) => document.body.dataset.revision !== old, revision, { timeout: 90_000 });
  assert.equal(await rows.count(), 1, "a refresh forgot the filter");
  await page.getByRole("link", { name: "shop-321" }).click();
  await page.getByRole("heading", { name: "shop-321" }).waitFor();
  await page.goBack();
  await accessible(page, "crowd");
  await page.screenshot({ path: join(tools, "crowd.png") });
  await done(page);
  await stop(exporter);
  vendor.close();
}

try {
  await demo();
  await states();
  await crowd();
} finally {
  await browser.close();
}
