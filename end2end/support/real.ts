// An estate without the demo: people with passwords, a tool's token, and no executor but those that a test adds.
import { type Page } from "@playwright/test";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, hasScripts, proposeAction, waitForHydration } from "./estate";

const PASSWORD = "correct horse battery";

export interface RealEstate {
  url: string;
  token: string;
  /** A code that takes in the host of a device, by the command line. */
  code(device: string): string;
  stop(): Promise<void>;
}

/** Starts a server over a database of its own, with an administrator `root` and an operator `ana`. */
export async function startRealEstate(): Promise<RealEstate> {
  const { COUNTERSIGN_BIN: bin, COUNTERSIGN_SITE: site } = process.env as Record<string, string>;
  const dir = mkdtempSync(join(tmpdir(), "countersign-"));
  const database = ["--database-url", `sqlite://${join(dir, "countersign.db")}`];
  const run = (input: string, ...args: string[]) =>
    execFileSync(bin, [...args, ...database], { encoding: "utf8", input, stdio: ["pipe", "pipe", "inherit"] });
  run(`${PASSWORD}\n`, "user", "add", "root", "--role", "global_administrator");
  run(`${PASSWORD}\n`, "user", "add", "ana", "--role", "security_operator", "--role", "search_and_purge");
  const token = run("", "token", "create", "scanner", "--scope", "actions:propose").trim().split(/\s+/).pop() as string;
  const args = ["serve", "--listen", "127.0.0.1:0", "--site", site, ...database, "--secrets-key", join(dir, "secrets.key")];
  const child: ChildProcess = spawn(bin, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (data: Buffer) => {
      said += data.toString();
      const found = /(?:^|\n)listening on (http:\S+)/.exec(said);
      if (found) resolve(found[1]);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.on("exit", (code) => reject(new Error(`countersign serve ended with ${code}:\n${said}`)));
  });
  const stop = async () => {
    const gone = new Promise((resolve) => child.on("exit", resolve));
    child.kill("SIGTERM");
    await gone;
    rmSync(dir, { recursive: true });
  };
  const code = (device: string) => run("", "responder-code", device).trim();
  return { url, token, code, stop };
}

/** Signs in with a password, and opens a page. */
export async function enter(page: Page, estate: RealEstate, name: string, path: string): Promise<void> {
  const answer = await page.request.post(`${estate.url}/sign-in`, {
    form: { name, password: PASSWORD },
    headers: { "sec-fetch-site": "same-origin" },
    maxRedirects: 0,
  });
  expect(answer.status()).toBe(303);
  await page.goto(estate.url + path);
  await waitForHydration(page);
}

/** Proposes to isolate a device, as a tool does. Returns the action's id. */
export function propose(estate: RealEstate, device: string): Promise<string> {
  const on = { kind: "device", name: device };
  return proposeOn(estate, { type: "isolate_device", entity: on, asset: on });
}

/** Proposes an action, as a tool does. Returns its id. */
export async function proposeOn(estate: RealEstate, what: { type: string; entity: object; asset: object }): Promise<string> {
  const external_id = `${what.type}-${randomUUID()}`;
  const rest = { severity: "high", source: "automated_device_action", comment: "Beacons to a known server" };
  return (await proposeAction(estate, { external_id, ...rest, ...what })).id;
}

/** Opens an action on a tab. */
export async function openAction(page: Page, estate: RealEstate, tab: string, id: string): Promise<void> {
  await page.goto(`${estate.url}/action-center/${tab}?open=${id}`);
  await waitForHydration(page);
}

/** Looks at an action on a tab until its details show this. */
export async function seeOnTab(page: Page, estate: RealEstate, tab: string, id: string, text: string | RegExp): Promise<void> {
  await expect(async () => {
    await openAction(page, estate, tab, id);
    await expect(page.locator("#flyout").getByText(text, { exact: true }).first()).toBeVisible({ timeout: 1_000 });
  }).toPass();
}

/** Sends one of the forms below the details. */
export async function sendForm(page: Page, fold: string, label: string, text: string, button: string): Promise<void> {
  const form = page.locator("#flyout details", { has: page.locator("summary", { hasText: new RegExp(`^${fold}`) }) });
  await form.locator("summary").click();
  await form.getByLabel(label).fill(text);
  await form.getByRole("button", { name: button }).click();
}

/** Approves an action on the screen, and sees that it was carried out. `final` is the name of a type that can't be undone. */
export async function approveToCompleted(page: Page, estate: RealEstate, id: string, final?: string): Promise<void> {
  await openAction(page, estate, "pending", id);
  await page.locator("#flyout").getByRole("button", { name: /^Approve…?$/ }).click();
  const dialog = page.locator("#confirm");
  // What can't be undone is asked for once more, where there are scripts.
  if (final && hasScripts()) await dialog.getByRole("button", { name: final }).click();
  await seeOnTab(page, estate, "history", id, "Completed");
}

/** Undoes an action on the screen, and sees that it is undone. */
export async function undoToUndone(page: Page, estate: RealEstate, id: string): Promise<void> {
  await openAction(page, estate, "history", id);
  await sendForm(page, "Undo", "Why it is undone", "It was a false alarm", "Undo this action");
  await seeOnTab(page, estate, "history", id, "Undone");
}
