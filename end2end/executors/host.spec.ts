// Without the demo: a host is enrolled from the page, dials out, and does what is approved. What is on the host is seen by
// the test: a process, a service under runit, a cron job, and a network namespace that is joined to another by a cable.
import { type Page } from "@playwright/test";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectAccessible } from "../support/accessible";
import { expect, hasScripts, test, waitForHydration } from "../support/estate";
import {
  approveToCompleted,
  enter,
  openAction,
  proposeOn,
  type RealEstate,
  startRealEstate,
  undoToUndone,
} from "../support/real";
import { needsRoot, programs } from "../support/servers";

const WORLD = "10.79.0.2";

/** Ends a process that the test started. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  await gone;
}

/** The host that is acted on. */
class Host {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "countersign-")));
  private readonly namespace = `cs-e-${randomUUID().slice(0, 8)}`;
  private readonly world = `cs-f-${randomUUID().slice(0, 8)}`;
  private readonly children: ChildProcess[] = [];

  constructor(runsv: string) {
    for (const name of ["services/beacon", "cron/etc/cron.d", "root"]) mkdirSync(join(this.folder, name), { recursive: true });
    writeFileSync(this.job, "* * * * * root /tmp/evil\n");
    const run = join(this.folder, "services/beacon/run");
    writeFileSync(run, "#!/bin/sh\nexec sleep 600\n");
    chmodSync(run, 0o755);
    this.start(runsv, join(this.folder, "services/beacon"));
    const ip = (text: string) => execFileSync("ip", text.split(" "));
    ip(`netns add ${this.namespace}`);
    ip(`netns add ${this.world}`);
    ip(`-n ${this.namespace} link add eth0 type veth peer name eth0 netns ${this.world}`);
    for (const [name, address] of [[this.namespace, "10.79.0.1"], [this.world, WORLD]]) {
      ip(`-n ${name} addr add ${address}/24 dev eth0`);
      ip(`-n ${name} link set lo up`);
      ip(`-n ${name} link set eth0 up`);
    }
    const listener = `require("net").createServer((socket) => socket.destroy()).listen(9, "${WORLD}")`;
    this.start("ip", "netns", "exec", this.world, process.execPath, "-e", listener);
  }

  get job(): string {
    return join(this.folder, "cron/etc/cron.d/evil");
  }

  get service(): string {
    const path = join(this.folder, "services/beacon/supervise/stat");
    return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  }

  /** Whether the host reaches the world. */
  get isConnected(): boolean {
    const connect = ["bash", "-c", `exec 3<>/dev/tcp/${WORLD}/9`];
    try {
      execFileSync("ip", ["netns", "exec", this.namespace, "timeout", "1", ...connect], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  }

  start(program: string, ...args: string[]): ChildProcess {
    const child = spawn(program, args, { stdio: "ignore" });
    this.children.push(child);
    return child;
  }

  /** A process whose program is no other's. */
  sleeper(): { child: ChildProcess; entity: object } {
    const image = join(this.folder, "sleeper");
    copyFileSync("/bin/sleep", image);
    const child = this.start(image, "600");
    return { child, entity: { kind: "process", pid: child.pid, image } };
  }

  /** The responder, enrolled by the command line that the page shows. */
  enrol(estate: RealEstate, code: string): void {
    const at = (name: string) => join(this.folder, name);
    const where = ["--root", at("root"), "--vault", at("vault"), "--runit", at("services"), "--cron-root", at("cron")];
    const dial = ["--server", estate.url.replace("localhost", "127.0.0.1"), "--enrol", code];
    this.start(process.env.COUNTERSIGN_BIN as string, "responder", ...dial, ...where, "--netns", this.namespace, "--logs", at("cron"));
  }

  async stop(): Promise<void> {
    execFileSync("sv", ["exit", join(this.folder, "services/beacon")], { stdio: "ignore" });
    for (const child of this.children) await end(child);
    for (const name of [this.namespace, this.world]) execFileSync("ip", ["netns", "del", name]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let estate: RealEstate;
let host: Host;
test.beforeAll(async ({ browser }) => {
  needsRoot();
  programs("iproute2", "ip");
  programs("nftables", "nft");
  const [runsv] = programs("runit", "runsv", "sv");
  estate = await startRealEstate();
  host = new Host(runsv);
  const page = await browser.newPage();
  await enter(page, estate, "root", "/settings/executors/new");
  if (hasScripts()) {
    await page.locator("summary", { hasText: "Enrol a host" }).click();
    await page.getByLabel("Device on which a responder of ours runs").fill("web-1");
    await page.getByRole("button", { name: "Make a code" }).click();
    const line = await page.getByRole("status").locator("code").textContent();
    host.enrol(estate, /--enrol (\S+)/.exec(line ?? "")?.[1] as string);
  } else {
    host.enrol(estate, estate.code("web-1"));
  }
  await expect(async () => {
    await page.goto(`${estate.url}/settings/executors/responder-web-1`);
    await waitForHydration(page);
    await expect(page.getByText(/deny: ipv4_net/).first()).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await page.close();
});
test.afterAll(async () => {
  await host?.stop();
  await estate?.stop();
});

const ASSET = { kind: "device", name: "web-1" };

/** From the proposal to Completed and undone, with the host looked at in between. */
async function carryThrough(page: Page, type: string, entity: object, holds: () => boolean | Promise<boolean>): Promise<void> {
  const id = await proposeOn(estate, { type, entity, asset: ASSET });
  await enter(page, estate, "ana", `/action-center/pending?open=${id}`);
  await expect(page.locator("#flyout").getByText(/^Carried out by responder-web-1\./)).toBeVisible();
  expect(await holds(), "before the approval").toBe(false);
  await approveToCompleted(page, estate, id);
  expect(await holds(), "once it is completed").toBe(true);
  await undoToUndone(page, estate, id);
  expect(await holds(), "once it is undone").toBe(false);
}

test("a service is stopped, and started again", async ({ page }) => {
  await expect.poll(() => host.service).toBe("run");
  await carryThrough(page, "stop_service", { kind: "service", name: "beacon" }, () => host.service === "down");
  await expect.poll(() => host.service).toBe("run");
});

test("a cron job is removed, and restored", async ({ page }) => {
  const before = readFileSync(host.job, "utf8");
  await carryThrough(page, "remove_scheduled_task", { kind: "scheduled_task", name: "/etc/cron.d/evil" }, () => !existsSync(host.job));
  expect(readFileSync(host.job, "utf8")).toBe(before);
});

test("an IP address is blocked, and unblocked", async ({ page }) => {
  await expect.poll(() => host.isConnected).toBe(true);
  await carryThrough(page, "block_ip_address", { kind: "ip_address", address: WORLD }, () => !host.isConnected);
});

test("the host is isolated, and released", async ({ page }) => {
  await expect.poll(() => host.isConnected).toBe(true);
  await carryThrough(page, "isolate_device", ASSET, () => !host.isConnected);
});

test("a process is stopped, which nobody undoes", async ({ page }) => {
  const { child, entity } = host.sleeper();
  const ended = new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)));
  const id = await proposeOn(estate, { type: "stop_process", entity, asset: ASSET });
  await enter(page, estate, "ana", `/action-center/pending?open=${id}`);
  expect(child.exitCode).toBe(null);
  await approveToCompleted(page, estate, id, "Stop process");
  expect(await ended).toBe("SIGKILL");
  await openAction(page, estate, "history", id);
  const flyout = page.locator("#flyout");
  await expect(flyout.getByText(/a process that was ended cannot be resumed/i).first()).toBeVisible();
  await expect(flyout.getByRole("button", { name: "Undo this action" })).toHaveCount(0);
});

test("an investigation package is downloaded from the details", { tag: "@no-js" }, async ({ page }) => {
  const id = await proposeOn(estate, { type: "collect_investigation_package", entity: ASSET, asset: ASSET });
  await enter(page, estate, "ana", `/action-center/pending?open=${id}`);
  await approveToCompleted(page, estate, id);
  const link = page.locator("#flyout").getByRole("link", { name: /^Download package-.*\.tar\.gz$/ });
  await expect(link).toBeVisible();
  await expectAccessible(page);
  const came = page.waitForEvent("download");
  await link.click();
  const download = await came;
  expect(download.suggestedFilename()).toMatch(/^package-.*\.tar\.gz$/);
  const path = join(host.folder, "downloaded.tar.gz");
  await download.saveAs(path);
  const listed = execFileSync("tar", ["-tzf", path], { encoding: "utf8" });
  expect(listed).toContain("processes.tsv");
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  await expect(page.locator("#flyout").getByText(sha256).first(), "as the host signed it").toBeVisible();
});

test("its key is revoked from its page, when all else is done", async ({ page }) => {
  await enter(page, estate, "root", "/settings/executors/responder-web-1");
  await expect(page.getByText(/The host is connected, version /).first()).toBeVisible();
  await page.locator("summary", { hasText: "Revoke its key" }).click();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByText(/its key was revoked at/)).toBeVisible();
});
