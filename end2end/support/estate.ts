// One demo estate for a worker: a seeded database, a responder over a sandbox folder, and the server, as real
// processes on free ports. `test` also checks every page: see `collectProblems`.
import { test as base, expect, type BrowserContext, type Page } from "@playwright/test";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Estate {
  /** The server's URL. */
  url: string;
  /** The responder's root folder. */
  sandbox: string;
  /** The responder's vault folder. */
  vault: string;
  /** An API token that may propose. */
  token: string;
  /** Takes in a file of another tool, as `countersign import` does. */
  importFile(format: string, file: string): void;
  /** Kills the server, as a failing machine would. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
}

function env(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with \`cargo xtask test\``);
  return value;
}

/** Starts a process and waits for the line with the URL at which it listens. */
async function startProcess(args: string[], ready: RegExp): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(env("COUNTERSIGN_BIN"), args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (data: Buffer) => {
      said += data.toString();
      const found = ready.exec(said);
      if (found) resolve(found[1]);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.on("exit", (code) => reject(new Error(`countersign ${args[0]} ended with ${code}:\n${said}`)));
  });
  return { child, url };
}

async function stopProcess(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.on("exit", resolve));
  child.kill(signal);
  await gone;
}

/** Collects what no page may do: throw, log an error, violate the policy, receive a status of 500 or more. */
function collectProblems(page: Page, problems: string[], expectedStatuses: Set<number>): void {
  page.on("pageerror", (error) => problems.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    const status = /Failed to load resource: .* status of (\d+)/.exec(message.text());
    if (status && expectedStatuses.has(Number(status[1]))) return;
    // 0: no answer at all.
    if (expectedStatuses.has(0) && message.text().includes("net::ERR_")) return;
    problems.push(`console: ${message.text()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 500 && !expectedStatuses.has(response.status())) problems.push(`${response.status()} from ${response.url()}`);
  });
}

interface Watched {
  /** Statuses that the test provokes intentionally. */
  expectedStatuses: Set<number>;
  watched: void;
}

export const test = base.extend<Watched, { estate: Estate }>({
  estate: [
    async ({}, use) => {
      const dir = realpathSync(mkdtempSync(join(tmpdir(), "countersign-")));
      const [sandbox, vault, key] = ["sandbox", "vault", "responder.key"].map((name) => join(dir, name));
      const database = ["--database-url", `sqlite://${join(dir, "countersign.db")}`];
      const run = (...args: string[]) =>
        execFileSync(env("COUNTERSIGN_BIN"), args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
      run("seed", ...database, "--demo", "--actions", "2000", "--seed", "1", "--sandbox", sandbox);
      const token = run("token", "create", "Test scanner", "--scope", "actions:propose", ...database).trim();
      const responder = await startProcess(
        ["responder", "--listen", "127.0.0.1:0", "--root", sandbox, "--vault", vault, "--key", key],
        /responder listening on (http:\S+)/,
      );
      const serve = (listen: string) => startProcess(
        ["serve", "--listen", listen, "--site", env("COUNTERSIGN_SITE"), ...database, "--demo"].concat(
          ["--responder", `this machine=${responder.url}`, "--responder-key", key],
          ["--hunt-url", "https://siem.example/hunt?q={entity}&host={asset}"],
        ),
        /(?:^|\n)listening on (http:\S+)/,
      );
      let server = await serve("127.0.0.1:0");
      const { url } = server;
      const importFile = (format: string, file: string) => {
        run("import", format, file, "--unmapped", join(dir, "unmapped.log"), ...database);
      };
      const kill = () => stopProcess(server.child, "SIGKILL");
      const start = async () => {
        server = await serve(`127.0.0.1:${new URL(url).port}`);
      };
      await use({ url, sandbox, vault, token: token.split(/\s+/).pop() as string, importFile, kill, start });
      await stopProcess(server.child);
      await stopProcess(responder.child);
      rmSync(dir, { recursive: true });
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ estate }, use) => use(estate.url),
  expectedStatuses: async ({}, use) => use(new Set<number>()),
  watched: [
    async ({ context, javaScriptEnabled, expectedStatuses }, use) => {
      const problems: string[] = [];
      context.on("page", (page) => collectProblems(page, problems, expectedStatuses));
      if (javaScriptEnabled !== false) {
        await context.addInitScript(() => {
          document.addEventListener("securitypolicyviolation", (event) => {
            console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
          });
        });
      }
      await use();
      if (javaScriptEnabled !== false) await waitForHydrationOfAll(context);
      expect(problems, "what the pages did wrong").toEqual([]);
    },
    { auto: true },
  ],
});

async function waitForHydrationOfAll(context: BrowserContext): Promise<void> {
  for (const page of context.pages()) {
    if (page.url().startsWith("http")) await waitForHydration(page);
  }
}

/** Whether JavaScript is enabled in the test's project. */
export function hasScripts(): boolean {
  return test.info().project.use.javaScriptEnabled !== false;
}

/** Waits until the page is hydrated, where JavaScript is enabled. */
export async function waitForHydration(page: Page): Promise<void> {
  if (hasScripts()) await expect(page.locator("html[data-hydrated=true]")).toBeAttached();
}

/** Waits until the page receives changes over its event stream. */
export async function waitForLive(page: Page): Promise<void> {
  await waitForHydration(page);
  await expect(page.locator(".link-state")).toHaveAttribute("data-link", "live");
}

/** Navigates to a path and waits for hydration. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await waitForHydration(page);
}

/** Sets the page's visibility. A hidden page closes its event stream. */
export async function setHidden(page: Page, hidden = true): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
  await expect(page.locator(".link-state")).toHaveAttribute("data-link", hidden ? "off" : "live");
}

/** Signs in as a role of the demo by a request, not by the form, which has a test of its own. */
export async function authenticate(page: Page, role = "Security Operator"): Promise<void> {
  const answer = await page.request.post("/demo/sign-in", {
    form: { role: role.toLowerCase().replaceAll(" ", "_") },
    headers: { "sec-fetch-site": "same-origin" },
    maxRedirects: 0,
  });
  expect(answer.status()).toBe(303);
}

/** Signs in and opens a page of the Action center. */
export async function signIn(page: Page, role = "Security Operator", next = "/action-center/pending"): Promise<void> {
  await authenticate(page, role);
  await visit(page, next);
  await expect(page.getByRole("heading", { level: 1, name: "Action center" })).toBeVisible();
}

/** Rejects the open action with a reason. */
export async function rejectOpenAction(page: Page, reason = "Known good"): Promise<void> {
  const flyout = page.locator("#flyout");
  await flyout.locator("summary", { hasText: "Reject" }).click();
  await flyout.getByLabel("Why it must not happen").fill(reason);
  await flyout.getByRole("button", { name: "Reject", exact: true }).click();
}

/** Holds requests to an address until the returned function is called. */
export async function holdRequests(page: Page, address: string): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((go) => (release = go));
  await page.route(address, async (route) => {
    await held;
    await route.continue();
  });
  return release;
}

/**
 * Gives the page a clock that the test moves. That clock counts its timers from 10^12 on; a browser counts from one, and
 * wasm keeps 32 bits of what it is given: such a timer could never be stopped.
 */
export async function installClock(page: Page): Promise<void> {
  await page.clock.install();
  await page.addInitScript(() => {
    const { setInterval, clearInterval, setTimeout, clearTimeout } = window;
    const ids = new Map<number, number>();
    const short = (id: number) => {
      ids.set(id % 2 ** 31, id);
      return id % 2 ** 31;
    };
    const long = (id?: number) => (id === undefined ? id : (ids.get(id) ?? id));
    Object.assign(window, {
      setInterval: (run: TimerHandler, after?: number) => short(setInterval(run, after)),
      clearInterval: (id?: number) => clearInterval(long(id)),
      setTimeout: (run: TimerHandler, after?: number) => short(setTimeout(run, after)),
      clearTimeout: (id?: number) => clearTimeout(long(id)),
    });
  });
}

export { expect };

/** Reports an investigation, or with another path something else, as a tool does. Returns the answer. */
export async function report(estate: Pick<Estate, "url" | "token">, body: unknown, path = "investigations"): Promise<unknown> {
  const answer = await fetch(`${estate.url}/api/v1/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${estate.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  expect(answer.ok, text).toBe(true);
  return JSON.parse(text);
}

export interface Proposed {
  id: string;
  created: boolean;
  decision: string;
}

/** Proposes an action, as a tool does. */
export async function proposeAction(estate: Pick<Estate, "url" | "token">, action: object): Promise<Proposed> {
  const { actions } = (await report(estate, { actions: [action] }, "actions")) as { actions: Proposed[] };
  return actions[0];
}
