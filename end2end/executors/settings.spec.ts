// Settings > Executors: what is typed wrong is said in words, what is set up can be changed, put in order, paused and
// removed, and what a webhook was sent can be sent again. Each page is looked at by axe.
import { type Page } from "@playwright/test";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { expectAccessible } from "../support/accessible";
import { expect, hasScripts, test } from "../support/estate";
import { enter, propose, type RealEstate, seeOnTab, startRealEstate } from "../support/real";

let estate: RealEstate;
test.beforeAll(async () => {
  estate = await startRealEstate();
});
test.afterAll(() => estate.stop());

interface Told {
  id: string;
  body: string;
}

/** An endpoint that answers with this, one after the other, and with the last from then on. */
async function endpoint(told: Told[], answers: number[]): Promise<{ server: Server; url: string }> {
  const server = createServer((request, answer) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      told.push({ id: request.headers["webhook-id"] as string, body });
      answer.writeHead(answers.length > 1 ? (answers.shift() as number) : answers[0]);
      answer.end(JSON.stringify({ status: "completed", detail: "done by the endpoint" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

async function addByHand(page: Page, name: string, serves: string): Promise<void> {
  await enter(page, estate, "root", "/settings/executors/new?kind=manual");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("What it serves").fill(serves);
  await page.getByRole("button", { name: "Add executor" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
}

test("the forms say what is wrong, and change, order, pause and remove", { tag: "@no-js" }, async ({ page }) => {
  test.slow();
  const [first, second] = hasScripts() ? ["first", "second"] : ["first-plain", "second-plain"];
  for (const kind of ["manual", "webhook", "openc2", "ldap", "mail", "crowdsec"]) {
    await enter(page, estate, "root", `/settings/executors/new?kind=${kind}`);
    await expect(page.getByLabel("Name")).toBeVisible();
    await expectAccessible(page);
  }
  // A rule that can't be read.
  await enter(page, estate, "root", "/settings/executors/new?kind=manual");
  await page.getByLabel("Name").fill(first);
  await page.getByLabel("What it serves").fill("nonsense=1");
  await page.getByRole("button", { name: "Add executor" }).click();
  await expect(page.getByRole("alert")).toContainText("serves/0");
  await expectAccessible(page);

  await addByHand(page, first, "kind=mailbox");
  await addByHand(page, second, "kind=account");
  await expectAccessible(page);
  await page.locator("summary", { hasText: /^Change/ }).click();
  await page.getByLabel("At a time").fill("7");
  await page.getByLabel("What it serves").fill("kind=account; name=svc-*");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("account svc-*").first()).toBeVisible();
  await page.locator("summary", { hasText: /^Steps/ }).click();
  await page.getByLabel("Type of action").selectOption("disable_user");
  await page.getByLabel("Steps in words").fill("Call the help desk about {entity}.");
  await page.getByRole("button", { name: "Save steps" }).last().click();
  await page.locator("summary", { hasText: /^Steps/ }).click();
  await expect(page.getByLabel(/^Steps of Disable user/)).toHaveValue("Call the help desk about {entity}.");

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByRole("button", { name: "Resume" })).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();

  await page.getByRole("link", { name: "All executors" }).click();
  const names = page.locator("tbody th a");
  await expect(names.filter({ hasText: second })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: `Ask ${second} earlier` }).click();
  await expect
    .poll(async () => (await names.allTextContents()).filter((name) => name === first || name === second))
    .toEqual([second, first]);
  await page.getByRole("link", { name: second, exact: true }).click();
  await page.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("heading", { name: "Executors", exact: true })).toBeVisible();
  await expect(names.filter({ hasText: second })).toHaveCount(0);
});

test("what a webhook was sent is shown, and sent again", { tag: "@no-js" }, async ({ page }) => {
  const name = hasScripts() ? "hook" : "hook-plain";
  const device = hasScripts() ? "web-21" : "web-22";
  const told: Told[] = [];
  // It takes the first message, and never reports; the second it carries out.
  const { server, url } = await endpoint(told, [202, 200]);
  await enter(page, estate, "root", "/settings/executors/new?kind=webhook");
  await expect(page.getByLabel("The key that signs both ways")).toHaveValue(/^whsec_/);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("URL").fill(url);
  await page.getByLabel("Its address may lie inside").check();
  await page.getByLabel("What it serves").fill(`name=${device}`);
  await page.getByRole("button", { name: "Add executor" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
  await expect(page.getByText("Nothing was sent yet.")).toBeVisible();

  const id = await propose(estate, device);
  await enter(page, estate, "ana", `/action-center/pending?open=${id}`);
  await page.locator("#flyout").getByRole("button", { name: "Approve", exact: true }).click();
  await expect.poll(() => told.length).toBe(1);

  await enter(page, estate, "root", `/settings/executors/${name}`);
  const again = page.getByRole("button", { name: /^Send / });
  const rows = page.locator(".executor-answers", { has: page.getByRole("heading", { name: "Deliveries" }) }).locator("tbody tr");
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText("202");
  await rows.first().locator("summary").click();
  await expect(rows.first().locator("pre")).toContainText("isolate_device");
  await expectAccessible(page);
  await again.click();
  await expect.poll(() => told.length).toBe(2);
  expect(told[1].body, "the same message").toBe(told[0].body);
  expect(told[1].id, "under the same id").toBe(told[0].id);
  await expect(async () => {
    await page.goto(`${estate.url}/settings/executors/${name}`);
    await expect(rows).toHaveCount(2, { timeout: 1_000 });
    await expect(rows.filter({ hasText: "sent again" })).toHaveCount(1, { timeout: 1_000 });
  }).toPass();
  // What is over is not sent again, and the page says so.
  await again.first().click();
  await expect(page.getByRole("alert")).toContainText("its command is over");
  expect(told.length).toBe(2);
  await seeOnTab(page, estate, "history", id, "Completed");
  server.close();
});
