// Without the demo: an action is proposed, approved, carried out and undone, by people and by a webhook.
import { type Page } from "@playwright/test";
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { expect, hasScripts, test, waitForHydration } from "../support/estate";
import { enter, openAction, propose, type RealEstate, sendForm, startRealEstate } from "../support/real";

let estate: RealEstate;
test.beforeAll(async () => {
  estate = await startRealEstate();
});
test.afterAll(() => estate.stop());

/** Without scripts nothing updates by itself: look again until it is there. */
async function waitForText(page: Page, text: string): Promise<void> {
  const shown = page.locator("#flyout").getByText(text).first();
  if (hasScripts()) {
    await expect(shown).toBeVisible();
    return;
  }
  await expect(async () => {
    await page.goto(page.url());
    await expect(shown).toBeVisible({ timeout: 500 });
  }).toPass();
}

const open = (page: Page, tab: string, id: string) => openAction(page, estate, tab, id);

/** The reverse of an action, from the link in its details. */
async function reverse(page: Page): Promise<string> {
  const link = page.locator("#flyout").locator("dt", { hasText: "Reversed by" }).locator("xpath=../dd//a");
  await expect(link).toBeVisible();
  return new URL((await link.getAttribute("href")) as string, estate.url).searchParams.get("open") as string;
}

test("what is connected to nothing is done by hand, and undone by hand", { tag: "@no-js" }, async ({ page }) => {
  const name = hasScripts() ? "people" : "people-plain";
  const device = hasScripts() ? "ws-0417" : "ws-0418";
  await enter(page, estate, "root", "/settings/executors");
  await page.getByRole("link", { name: "Add executor" }).click();
  await page.getByRole("link", { name: "By hand", exact: true }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("What it serves").fill(`kind=device; name=${device}`);
  await page.getByRole("button", { name: "Add executor" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
  await page.getByRole("button", { name: "Test" }).click();
  await expect(page.getByText("there is nothing to reach")).toBeVisible();

  const id = await propose(estate, device);
  await enter(page, estate, "ana", `/action-center/pending?open=${id}`);
  const flyout = page.locator("#flyout");
  await expect(flyout.getByText(`Done by hand, as ${name}. By rule 1: device ${device}.`)).toBeVisible();
  await flyout.getByRole("button", { name: "Approve", exact: true }).click();
  await expect(async () => {
    await open(page, "in-progress", id);
    await expect(flyout.getByText("To be done by hand")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await expect(flyout.getByText(`1. Isolate device: ${device}`)).toBeVisible();
  await sendForm(page, "Assign to me", "A note", "", "Assign to me");
  await waitForText(page, "ana");
  await sendForm(page, "Done", "What was done", "VLAN 99, ticket 4711", "It is done");
  await expect(async () => {
    await open(page, "history", id);
    await expect(flyout.getByText("done by hand by ana. VLAN 99, ticket 4711")).toBeVisible({ timeout: 1_000 });
  }).toPass();

  await sendForm(page, "Undo", "Why it is undone", "It was a false alarm", "Undo this action");
  await waitForText(page, "Undo requested");
  const other = await reverse(page);
  await expect(async () => {
    await open(page, "in-progress", other);
    await expect(flyout.getByText("To be done by hand")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await sendForm(page, "Done", "What was done", "Back in its VLAN", "It is done");
  await expect(async () => {
    await open(page, "history", id);
    await expect(flyout.getByText("Undone", { exact: true }).first()).toBeVisible({ timeout: 1_000 });
  }).toPass();
});

interface Told {
  headers: IncomingHttpHeaders;
  body: string;
}

function mac(key: string, id: string, time: string, body: string): string {
  const secret = Buffer.from(key.replace("whsec_", ""), "base64");
  return `v1,${createHmac("sha256", secret).update(`${id}.${time}.${body}`).digest("base64")}`;
}

/** An endpoint that takes everything, and says later how it ended. */
async function endpoint(told: Told[]): Promise<{ server: Server; url: string }> {
  const server = createServer((request, answer) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      told.push({ headers: request.headers, body });
      answer.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

test("a webhook is told, reports, and undoes", { tag: "@no-js" }, async ({ page }) => {
  const name = hasScripts() ? "soar" : "soar-plain";
  const device = hasScripts() ? "srv-01" : "srv-02";
  const told: Told[] = [];
  const { server, url } = await endpoint(told);
  await enter(page, estate, "root", "/settings/executors/new?kind=webhook");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("URL").fill(url);
  const key = await page.getByLabel("The key that signs both ways").inputValue();
  expect(key).toMatch(/^whsec_/);
  await page.getByLabel("What it serves").fill(`name=${device}`);
  await page.getByRole("button", { name: "Add executor" }).click();
  await expect(page.getByText("lies inside of this network").or(page.getByText("something in the form is missing or wrong")).first()).toBeVisible();
  await page.goto(`${estate.url}/settings/executors/new?kind=webhook`);
  await waitForHydration(page);
  const second = await page.getByLabel("The key that signs both ways").inputValue();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("URL").fill(url);
  await page.getByLabel("Its address may lie inside").check();
  await page.getByLabel("What it serves").fill(`name=${device}`);
  await page.getByRole("button", { name: "Add executor" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
  expect(await page.content()).not.toContain(second);

  const report = async (event: { data: { command_id: string } }, detail: string) => {
    const body = JSON.stringify({ command_id: event.data.command_id, status: "completed", detail });
    const time = String(Math.floor(Date.now() / 1000));
    const id = `msg_${event.data.command_id}`;
    const headers = { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": time };
    const post = (signature: string) =>
      page.request.post(`${estate.url}/api/v1/reports`, { headers: { ...headers, "webhook-signature": signature }, data: body });
    expect((await post(mac(key, id, time, body))).status(), "another key").toBe(401);
    expect((await post(mac(second, id, time, body))).status()).toBe(200);
  };
  const next = async (type: string) => {
    await expect.poll(() => told.map(({ body }) => JSON.parse(body).data.type)).toContain(type);
    const { headers, body } = told.find(({ body }) => JSON.parse(body).data.type === type) as Told;
    const [id, time] = [headers["webhook-id"] as string, headers["webhook-timestamp"] as string];
    expect(headers["webhook-signature"]).toBe(mac(second, id, time, body));
    return JSON.parse(body);
  };

  const id = await propose(estate, device);
  await enter(page, estate, "ana", `/action-center/pending?open=${id}`);
  const flyout = page.locator("#flyout");
  await expect(flyout.getByText(`Carried out by ${name}. By rule 1: ${device}.`)).toBeVisible();
  await flyout.getByRole("button", { name: "Approve", exact: true }).click();
  const isolate = await next("isolate_device");
  expect(isolate.data.entity).toEqual({ kind: "device", name: device });
  await expect(async () => {
    await open(page, "in-progress", id);
    await expect(flyout.getByText("its report is awaited")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await report(isolate, "isolated at the switch");
  await open(page, "history", id);
  await expect(flyout.getByText("isolated at the switch")).toBeVisible();

  await sendForm(page, "Undo", "Why it is undone", "It was a false alarm", "Undo this action");
  const release = await next("release_from_isolation");
  expect(release.data.undo_of).toBe(id);
  await expect(async () => report(release, "released")).toPass();
  await expect(async () => {
    await open(page, "history", id);
    await expect(flyout.getByText("Undone", { exact: true }).first()).toBeVisible({ timeout: 1_000 });
  }).toPass();
  server.close();
});
