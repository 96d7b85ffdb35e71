// An estate without the demo: people with passwords, a tool's token, and no executor but those that a test adds.
import { type Page } from "@playwright/test";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, waitForHydration } from "./estate";

const PASSWORD = "correct horse battery";

export interface RealEstate {
  url: string;
  token: string;
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
  run(`${PASSWORD}\n`, "user", "add", "ana", "--role", "security_operator");
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
  return { url, token, stop };
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
export async function propose(page: Page, estate: RealEstate, device: string): Promise<string> {
  const action = {
    external_id: `${device}-${Date.now()}`,
    type: "isolate_device",
    severity: "high",
    source: "automated_device_action",
    entity: { kind: "device", name: device },
    asset: { kind: "device", name: device },
    comment: "Beacons to a known server",
  };
  const answer = await page.request.post(`${estate.url}/api/v1/actions`, {
    headers: { authorization: `Bearer ${estate.token}` },
    data: { actions: [action] },
  });
  expect(answer.status()).toBe(201);
  return (await answer.json()).actions[0].id;
}
