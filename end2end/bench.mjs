// Browser benchmark: the delays that a user sees, in Chromium on loopback. Run by `cargo xtask bench` on the database with
// a million actions. A figure whose screen does not exist is skipped with one line. Figures are printed and added to the
// report under "browser".
//
// COUNTERSIGN_BIN, COUNTERSIGN_SITE and COUNTERSIGN_DATABASE name the server, the site and the database; CHROMIUM the
// browser, else Playwright's own; COUNTERSIGN_REPORT the JSON file to add to.
import { chromium } from "@playwright/test";
import { spawn } from "node:child_process";
import { createReadStream, readFileSync, writeFileSync } from "node:fs";

const ROUNDS = 15;
const DECISIONS = 20;
/** Rows of a page: the default, and twice as many. */
const SIZES = [50, 100];
/** How long a reaction is waited for, in milliseconds. */
const TIMEOUT = 5_000;
/** How long the server may take for work that was due before, in milliseconds. */
const BACKLOG_TIMEOUT = 10 * 60_000;
const PENDING = "/action-center/pending";
/** Without actions of unknown outcome, which wait for a person. */
const RUNNING = "/action-center/in-progress?status=Queued&status=InProgress";
const HISTORY = "/action-center/history";
const ALL_COLUMNS = [
  ..."updated,investigation,approval,type,entity_type,entity,asset,decision,decided_by,source,status".split(","),
  ..."severity,proposed_by,proposed,expires,incident,device_group,undo,technique,comment".split(","),
].join(",");

const figures = [];

/** Records a figure with its bound. For times, the value is the median. */
function recordFigure(what, unit, value, bound, more = {}) {
  const digits = unit === "" ? 3 : unit === "ms" ? 1 : 0;
  const shown = `${value.toFixed(digits)}${unit && ` ${unit}`}`;
  const p95 = more.p95_ms === undefined ? "" : `p95 ${more.p95_ms.toFixed(1)} ms`;
  const ratio = more.ratio === undefined ? "" : `${more.ratio.toFixed(2)}x`;
  const verdict = bound === undefined ? "" : `${value <= bound ? "within" : "OVER"} ${bound}`;
  console.log(`  ${what.padEnd(58)} ${shown.padStart(12)} ${p95.padStart(14)} ${ratio.padStart(6)} ${verdict.padStart(12)}`);
  figures.push({ what, value, ...(unit && { unit }), bound, ...more });
}

/** Records times, and their ratio to the browser's baseline. */
function recordTimes(what, samples, bound, alone) {
  const median = percentile(samples, 50);
  recordFigure(what, "ms", median, bound, {
    p95_ms: percentile(samples, 95),
    ...(alone && { ratio: median / percentile(alone, 50) }),
  });
}

function percentile(samples, percent) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];
}

function logSkipped(what, why) {
  console.log(`  ${what.padEnd(58)} left out: ${why}`);
}

function env(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this by \`cargo xtask bench\``);
  return value;
}

/** Starts the server and waits for the line with its URL. */
async function serve() {
  const args = ["serve", "--demo", "--listen", "127.0.0.1:0", "--site", env("COUNTERSIGN_SITE")];
  const child = spawn(env("COUNTERSIGN_BIN"), [...args, "--database-url", env("COUNTERSIGN_DATABASE")]);
  let said = "";
  const url = await new Promise((resolve, reject) => {
    const hear = (data) => {
      said += data;
      const found = /(?:^|\n)listening on (http:\S+)/.exec(said);
      if (found) resolve(found[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`the server ended with ${code}:\n${said}`)));
  });
  const stop = () =>
    new Promise((resolve) => {
      child.on("exit", resolve);
      child.kill("SIGTERM");
    });
  return { url, stop };
}

/** Runs in every page: `bench` waits for paints and records the time of the last input. */
function instrument() {
  const bench = { acted: 0, shift: 0, longest: 0 };
  window.bench = bench;
  for (const kind of ["click", "keydown"]) {
    addEventListener(kind, (event) => event.isTrusted && (bench.acted = event.timeStamp), true);
  }
  const watch = (type, see) => new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({ type, buffered: true });
  watch("layout-shift", (entry) => !entry.hadRecentInput && (bench.shift += entry.value));
  watch("longtask", (entry) => (bench.longest = Math.max(bench.longest, entry.duration)));
  // A message that is sent before a frame is painted arrives after it.
  bench.painted = (ready, patience) =>
    new Promise((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => resolve(performance.now());
      const look = () => {
        if (document.documentElement && ready()) channel.port2.postMessage(null);
        else if (patience && performance.now() > patience) resolve(null);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  bench.rows = () => [...document.querySelectorAll("tbody tr a[id]")].map((link) => link.id).join();
  bench.arrived = bench.painted(() => document.querySelectorAll("tbody tr").length > 0);
}

async function open(browser, url, role = "Security Operator") {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 } });
  await context.addInitScript(instrument);
  const page = await context.newPage();
  await page.goto("/sign-in");
  await page.getByRole("button", { name: `Sign in as ${role}`, exact: true }).click();
  await page.waitForURL(/action-center|\/$/);
  return page;
}

async function visit(page, path) {
  await page.goto(path);
  await page.locator("html[data-hydrated=true]").waitFor();
}

/** The time from the last input of `act` to the paint after which `ready` holds; null after the timeout. */
async function reaction(page, act, ready, argument) {
  const waiting = page.evaluate(
    async ([ready, argument, patience]) => {
      const test = new Function(`return (${ready})`)();
      const end = await bench.painted(() => test(argument), performance.now() + patience);
      return end && end - bench.acted;
    },
    [ready.toString(), argument, TIMEOUT],
  );
  await act();
  return waiting;
}

const otherRows = (before) => bench.rows() !== before && bench.rows() !== "" && !document.querySelector(".list.loading");

/** The reactions to acts that change the rows; undefined if most do not. A filter that all rows match changes none. */
async function changes(page, what, act) {
  const samples = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = await page.evaluate(() => bench.rows());
    const took = await reaction(page, () => act(round), otherRows, before);
    if (took !== null) samples.push(took);
  }
  const still = ROUNDS - samples.length;
  if (still) logSkipped(`${what}, ${still} of ${ROUNDS}`, `the rows stayed as they were for ${TIMEOUT} ms`);
  return still < ROUNDS / 2 ? samples : undefined;
}

/**
 * What this browser takes on this machine without any code of ours: a click asks the server for the same list, reads it
 * and puts the same rows there as HTML.
 */
async function browserBaseline(page, heads) {
  const asked = page.waitForRequest(/list_actions/);
  const before = await page.evaluate(() => bench.rows());
  await reaction(page, () => heads.last().click(), otherRows, before);
  const request = await asked;
  await page.evaluate(
    ([url, method, body, type]) => {
      const rows = document.querySelector("tbody");
      const [one, other] = [rows.innerHTML, [...rows.children].reverse().map((row) => row.outerHTML).join("")];
      let shown = one;
      const act = async (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
        await (await fetch(url, { method, body, headers: { "content-type": type } })).json();
        shown = shown === one ? other : one;
        rows.innerHTML = shown;
      };
      addEventListener("click", act, true);
    },
    [request.url(), request.method(), request.postData(), request.headers()["content-type"]],
  );
  return changes(page, "the same by the browser alone", () => heads.first().click());
}

/**
 * Keeps nothing: the database is to be read from its disk, as it was when its server last started, the server has much
 * to do that was due, and the browser to compile.
 */
async function warmUp(page) {
  const database = createReadStream(env("COUNTERSIGN_DATABASE").replace(/^sqlite:\/\//, ""), { highWaterMark: 1 << 20 });
  await new Promise((read, failed) => database.on("end", read).on("error", failed).resume());
  // Actions that were approved before are executed now, and their ends would move the rows of the lists measured.
  await visit(page, RUNNING);
  const ended = () => document.querySelector(".list:not(.loading)") && !document.querySelector("tbody tr");
  await page.waitForFunction(ended, null, { timeout: BACKLOG_TIMEOUT }).catch(() => logSkipped("a calm server", "it is still busy"));
  const heads = page.locator("thead .sort:visible");
  for (let round = 0; round < ROUNDS; round += 1) {
    await visit(page, HISTORY);
    if (await heads.count()) await reaction(page, () => heads.first().click(), otherRows, await page.evaluate(() => bench.rows()));
  }
}

async function navigation(page, size) {
  const arrivals = async () => {
    const [arrived, first] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      await page.goto(`${HISTORY}?limit=${size}`);
      arrived.push(await page.evaluate(() => bench.arrived));
      const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
      if (paint !== undefined) first.push(paint);
    }
    return { arrived, first };
  };
  const { arrived, first } = await arrivals();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.setBlockedURLs", { urls: ["*.js"] });
  const alone = await arrivals();
  await devtools.detach();
  recordTimes(`History, ${size} rows, as a page without scripts`, alone.arrived);
  recordTimes(`History, ${size} rows: from navigation to painted rows`, arrived, 200, alone.arrived);
  if (first.length) recordTimes(`History, ${size} rows: first contentful paint`, first);
}

async function lists(page, size) {
  const sorting = `${size} rows in another order: from click to painted`;
  await visit(page, `${HISTORY}?limit=${size}`);
  const heads = page.locator("thead .sort:visible");
  const count = await heads.count();
  let floor;
  if (count) {
    const samples = await changes(page, sorting, (round) => heads.nth(round % count).click());
    floor = await browserBaseline(page, heads);
    if (floor) recordTimes(`${size} rows by the browser alone: from click to painted`, floor);
    if (samples) recordTimes(sorting, samples, 150, floor);
  } else {
    logSkipped(sorting, "no heading sorts");
  }

  const filtering = `${size} rows by a filter: from click to painted`;
  await visit(page, `${HISTORY}?limit=${size}`);
  const button = page.locator("#open-filters");
  if (await button.count()) {
    await button.click();
    const boxes = page.locator("#filters .facet > .facet-value input");
    await boxes.first().waitFor();
    const samples = await changes(page, filtering, async (round) => {
      // On and off again, one value after the other.
      await boxes.nth(Math.floor(round / 2) % (await boxes.count())).click();
    });
    if (samples) recordTimes(filtering, samples, 150, floor);
  } else {
    logSkipped(filtering, "nothing opens #filters");
  }

  const searching = `${size} rows by a letter of a search: to painted`;
  await visit(page, `${HISTORY}?limit=${size}`);
  const search = page.locator("#search");
  if (await search.count()) {
    await search.focus();
    // Each begins the name of something.
    const letters = "lmnkhrsa";
    const samples = await changes(page, searching, async (round) => {
      await page.keyboard.press("Control+a");
      await page.keyboard.press(letters[round % letters.length]);
    });
    if (samples) recordTimes(searching, samples);
  } else {
    logSkipped(searching, "there is no search");
  }
}

async function rows(page, size) {
  await visit(page, `${PENDING}?limit=${size}`);
  const selecting = `one of ${size} rows selected: from click to painted bar`;
  const boxes = page.locator("tbody input[type=checkbox]");
  if (await boxes.count()) {
    const samples = [];
    for (let round = 0; round < ROUNDS && !samples.includes(null); round += 1) {
      samples.push(await reaction(page, () => boxes.nth(round).click(), () => document.querySelector(".bulk-bar.open")));
      await boxes.nth(round).click();
      const bar = page.locator(".bulk-bar.open");
      await bar.waitFor({ state: "detached", timeout: TIMEOUT }).catch(() => samples.push(null));
    }
    if (samples.includes(null)) logSkipped(selecting, ".bulk-bar does not open and close");
    else recordTimes(selecting, samples, 50);
  } else {
    logSkipped(selecting, "rows cannot be selected");
  }

  // The first of a page runs code that the browser has not compiled yet.
  const [first, next, whole] = [[], [], []];
  const links = page.locator("tbody a[id]");
  for (let round = 0; round < ROUNDS; round += 1) {
    await visit(page, `${PENDING}?limit=${size}`);
    const cold = await opened(page, links.nth(round));
    await page.keyboard.press("Escape");
    await page.locator("#flyout").waitFor({ state: "detached" });
    const warm = await opened(page, links.nth(round + 1));
    first.push(cold.head);
    next.push(warm.head);
    whole.push(cold.whole);
  }
  if ([...whole, ...next].includes(null)) return logSkipped("the flyout opened", "its details never came");
  recordTimes(`flyout beside ${size} rows: what it is, and on what`, first, 50);
  recordTimes("the next flyout: what it is, and on what", next, 50);
  recordTimes(`flyout beside ${size} rows: all details`, whole);
}

/** From the click to the flyout's first content, and to its whole content. */
async function opened(page, link) {
  let whole;
  const act = async () => {
    whole = reaction(page, () => link.click(), () => document.querySelector("#flyout .facts"));
    await whole;
  };
  const head = await reaction(page, act, () => document.querySelector("#flyout .detail-head h2"));
  return { head, whole: await whole };
}

async function scrolling(page) {
  await visit(page, `${HISTORY}?limit=200&cols=${ALL_COLUMNS}`);
  const table = page.locator(".action-table");
  const { rows, heads, elements, nodes } = await page.evaluate(() => {
    const body = document.querySelector("tbody");
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_ALL);
    let nodes = 0;
    while (walker.nextNode()) nodes += 1;
    const heads = document.querySelectorAll("thead th").length;
    return { rows: body.rows.length, heads, elements: body.querySelectorAll("*").length, nodes };
  });
  const what = `${rows} rows of ${heads} columns`;
  recordFigure(`${what}: elements a row`, "", elements / rows, 25);
  recordFigure(`${what}: nodes a row, texts and markers among them`, "", nodes / rows);
  await table.hover();
  await page.evaluate(() => (bench.longest = 0));
  for (let step = 0; step < 60; step += 1) {
    await page.mouse.wheel(0, step < 30 ? 240 : -240);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  const longest = await page.evaluate(() => bench.longest);
  // The browser reports tasks from 50 ms on.
  recordFigure(`${what}: longest task over 50 ms while scrolling`, "ms", longest, 50);
}

async function firstLoad(browser, url) {
  const page = await open(browser, url);
  const cookies = await page.context().cookies();
  await page.context().close();
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 } });
  await context.addCookies(cookies);
  await context.addInitScript(instrument);
  const fresh = await context.newPage();
  const devtools = await context.newCDPSession(fresh);
  await devtools.send("Network.enable");
  let bytes = 0;
  devtools.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await visit(fresh, `${HISTORY}?limit=50`);
  // A stream of events never ends, so the network may never be idle.
  await fresh.waitForLoadState("load");
  await fresh.evaluate(() => document.fonts.ready);
  await fresh.evaluate(() => new Promise((done) => setTimeout(done, 1_000)));
  recordFigure("first load: transferred", "bytes", bytes, 450_000);
  recordFigure("first load: cumulative layout shift", "", await fresh.evaluate(() => bench.shift), 0.02);
  await context.close();
}

/** One browser decides while another shows the list. */
async function sideBySide(browser, url) {
  const what = "a decision shown in another browser";
  const [decides, looks] = [await open(browser, url, "Global Administrator"), await open(browser, url)];
  const samples = [];
  for (let round = 0; round < DECISIONS; round += 1) {
    await visit(looks, `${PENDING}?limit=100`);
    const id = (await looks.locator("tbody a[id]").nth(round % 10).getAttribute("id")).replace("open-", "");
    await decides.goto(`${PENDING}?open=${id}`);
    const left = looks.evaluate(
      async ([id, patience]) => {
        const row = () => document.getElementById(`open-${id}`)?.closest("tr");
        const before = row()?.textContent;
        const end = await bench.painted(() => row()?.textContent !== before, performance.now() + patience);
        return end && performance.timeOrigin + end;
      },
      [id, TIMEOUT],
    );
    const sent = await decides.evaluate(async () => {
      const form = document.querySelector('form[action="/api/reject_action"]');
      if (!form) return null;
      const fields = new URLSearchParams(new FormData(form));
      fields.set("reason", "Measured");
      const at = performance.timeOrigin + performance.now();
      const answer = await fetch(form.action, { method: "POST", body: fields });
      return answer.ok ? at : null;
    });
    const shown = await left;
    // What this person may not decide says nothing about the time.
    if (sent === null) continue;
    if (shown === null) return logSkipped(what, "the other list does not change by itself");
    samples.push(shown - sent);
  }
  if (samples.length < DECISIONS / 2) return logSkipped(what, `only ${samples.length} actions could be decided`);
  recordFigure(`${what}: p95`, "ms", percentile(samples, 95), 1_000);
}

function writeReport() {
  const file = process.env.COUNTERSIGN_REPORT;
  if (!file) return;
  const report = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...report, browser: figures }, null, 2));
  console.log(`kept in ${file}`);
}

const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  console.log(`browser ${browser.version()}`);
  const page = await open(browser, server.url);
  await warmUp(page);
  for (const size of SIZES) {
    await navigation(page, size);
    await lists(page, size);
    await rows(page, size);
  }
  await scrolling(page);
  await page.context().close();
  await sideBySide(browser, server.url);
  await firstLoad(browser, server.url);
  writeReport();
} finally {
  await browser.close();
  await server.stop();
}
