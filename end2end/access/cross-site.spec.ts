// Attackers' pages in the browser of somebody who is signed in, on another port of localhost (of our site, so that cookies
// are sent along) and on 127.0.0.1 (of another site): whatever they send, and however, nothing changes.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page, Request } from "@playwright/test";
import { authenticate, expect, test } from "../support/estate";

/** How a page of another origin can make a browser send something, without asking it first. */
const WAYS = [
  "form: application/x-www-form-urlencoded",
  "form: text/plain",
  "form: multipart/form-data",
  "form: GET",
  "fetch: application/x-www-form-urlencoded",
  "fetch: text/plain",
  "fetch: application/json",
  "beacon",
  "image",
  "iframe",
] as const;
type Way = (typeof WAYS)[number];

/** Serves an empty page of the attacker's at a host. */
async function attacker(host: string): Promise<{ server: Server; url: string }> {
  const server = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<!doctype html><p>A nice page"));
  await new Promise<void>((ready) => server.listen(0, host, ready));
  return { server, url: `http://${host}:${(server.address() as AddressInfo).port}/` };
}

/** Sends the fields to an address in some way, and waits for the end as far as the page hears of it. */
async function attack(page: Page, way: Way, url: string, fields: Record<string, string>): Promise<void> {
  await page.evaluate(
    async ({ way, url, fields }) => {
      const query = new URLSearchParams(fields).toString();
      const loaded = (element: HTMLElement) =>
        new Promise<void>((done) => {
          element.onload = element.onerror = () => done();
        });
      const [how, what] = way.split(": ");
      if (how === "form") {
        const frame = document.createElement("iframe");
        frame.name = `frame-${Math.random()}`;
        document.body.append(frame);
        const form = document.createElement("form");
        Object.assign(form, { action: url, target: frame.name, method: what === "GET" ? "get" : "post" });
        if (what !== "GET") form.enctype = what;
        for (const [name, value] of Object.entries(fields)) {
          const input = document.createElement("input");
          Object.assign(input, { type: "hidden", name, value });
          form.append(input);
        }
        // Its name and value make JSON of it, with an equals sign in between.
        if (what === "text/plain") {
          const input = document.createElement("input");
          const json = JSON.stringify({ ...fields, expected_version: Number(fields.expected_version), padding: "" });
          Object.assign(input, { type: "hidden", name: json.slice(0, -2), value: '"}' });
          form.replaceChildren(input);
        }
        document.body.append(form);
        const done = loaded(frame);
        form.submit();
        await done;
      } else if (how === "fetch") {
        const json = what === "application/json";
        const body = what === "application/x-www-form-urlencoded" ? query : JSON.stringify(fields);
        const mode = json ? "cors" : "no-cors";
        await fetch(url, { method: "POST", mode, credentials: "include", headers: { "content-type": what }, body }).catch(() => {});
      } else if (how === "beacon") {
        navigator.sendBeacon(url, new URLSearchParams(fields));
      } else {
        const element = document.createElement(how === "image" ? "img" : "iframe");
        const done = loaded(element);
        element.src = `${url}?${query}`;
        document.body.append(element);
        await done;
      }
    },
    { way, url, fields },
  );
}

async function proposed(context: BrowserContext, token: string, name: string) {
  const item = {
    external_id: `cross-site-${name}`,
    type: "quarantine_file",
    severity: "high",
    source: "antivirus_action",
    entity: { kind: "file", path: `/srv/${name}`, sha256: "ab".repeat(32) },
    asset: { kind: "device", name: "web-1" },
  };
  const headers = { authorization: `Bearer ${token}` };
  const answer = await context.request.post("/api/v1/actions", { headers, data: { actions: [item] } });
  expect(answer.status()).toBe(201);
  return (await answer.json()).actions[0];
}

for (const host of ["localhost", "127.0.0.1"]) {
  test(`t21 a page on ${host} changes nothing for whoever is signed in`, async ({ browser, estate }) => {
    const { server, url: evil } = await attacker(host);
    const context = await browser.newContext({ baseURL: estate.url });
    const page = await context.newPage();
    await authenticate(page, "Global Administrator");
    const action = await proposed(context, estate.token, `${host}-${Date.now()}`);
    const shown = { id: action.id, expected_version: String(action.version), digest: action.digest };
    const targets: [string, Record<string, string>][] = [
      ["/api/approve_action", shown],
      ["/api/reject_action", { ...shown, reason: "because" }],
      [`/api/v1/actions/${action.id}/approve`, shown],
      ["/api/save_pane", { collapsed: "true" }],
      ["/api/add_person", { name: "mallory", display_name: "Mallory", password: "correct horse battery" }],
      ["/demo/sign-in", { role: "security_reader" }],
      ["/sign-out", {}],
    ];
    const sent: Request[] = [];
    context.on("request", (request) => {
      if (request.url().startsWith(estate.url)) sent.push(request);
    });
    await page.goto(evil);
    let tries = 0;
    for (const [path, fields] of targets) {
      for (const way of WAYS) {
        await attack(page, way, estate.url + path, fields);
        tries += 1;
      }
    }
    expect(tries).toBeGreaterThanOrEqual(60);
    expect(sent.length, "most of them reach the server").toBeGreaterThanOrEqual(45);
    for (const request of sent.filter((request) => request.method() === "POST")) {
      const status = (await request.response())?.status();
      if (status !== undefined) expect([401, 403, 415], `${request.method()} ${request.url()}`).toContain(status);
    }

    const headers = { authorization: `Bearer ${estate.token}` };
    const now = await (await context.request.get(`/api/v1/actions/${action.id}`, { headers })).json();
    expect([now.decision, now.status, now.version]).toEqual([action.decision, action.status, action.version]);
    const home = await context.request.get("/action-center/pending", { headers: { accept: "text/html" }, maxRedirects: 0 });
    expect(home.status(), "still signed in").toBe(200);
    expect(await home.text(), "as who they were").toContain("Global Administrator");
    const people = await context.request.get("/settings/people", { headers: { accept: "text/html" } });
    expect(await people.text()).not.toContain("Mallory");

    // Nor does it frame us: what is in the frame is nothing of ours.
    await page.evaluate((url) => {
      document.body.innerHTML = `<iframe id="framed" src="${url}/action-center/pending"></iframe>`;
    }, estate.url);
    const frame = await (await page.waitForSelector("#framed")).contentFrame();
    await frame?.waitForLoadState();
    // What a browser shows in its place is a page of its own.
    expect(await frame?.content()).not.toContain("Action center");
    await context.close();
    server.close();
  });
}
