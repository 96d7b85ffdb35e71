// An identity provider for tests: npm oidc-provider on a port of its own, with a few people and their groups.
//
//   node provider.mjs --redirect URI --logout URI [--listen PORT] [--skew SECONDS]
//
// It says where it listens, which is its issuer. Who is asked for at its page is chosen there; POST /people/NAME with a
// JSON list changes the groups of somebody, POST /people/NAME/methods how they prove who they are (amr).
import { createServer } from "node:http";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    redirect: { type: "string", multiple: true, default: [] },
    logout: { type: "string" },
    listen: { type: "string", default: "0" },
    skew: { type: "string", default: "0" },
  },
});

// Before the provider is loaded: its clock is the process's.
const skew = Number(values.skew) * 1000;
const clock = Date.now;
Date.now = () => clock() + skew;
const { default: Provider } = await import("oidc-provider");

const people = {
  ana: { name: "Ana Sousa", groups: ["responders"] },
  ben: { name: "Ben Okafor", groups: ["readers"] },
  dara: { name: "Dara Nwosu", groups: ["responders"] },
  cy: { name: "Cy Lindgren", groups: ["gardeners"] },
};

function account(id) {
  const name = id.replace(/^number-/, "");
  const person = people[name];
  if (!person) return undefined;
  return {
    accountId: id,
    claims: () => ({
      sub: id,
      name: person.name,
      preferred_username: name,
      email: `${name}@example.org`,
      email_verified: true,
      groups: person.groups,
    }),
  };
}

const server = createServer();
await new Promise((resolve) => server.listen(Number(values.listen), "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "countersign",
      client_secret: "a secret that both know",
      redirect_uris: values.redirect,
      backchannel_logout_uri: values.logout,
      backchannel_logout_session_required: values.logout !== undefined,
    },
  ],
  claims: {
    openid: ["sub", "amr"],
    profile: ["name", "preferred_username"],
    email: ["email", "email_verified"],
    groups: ["groups"],
  },
  ttl: { IdToken: 120, AccessToken: 600, AuthorizationCode: 60, Session: 86400, Interaction: 600, Grant: 86400 },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  cookies: { keys: ["of a test"] },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => account(id),
  // Whoever signs in agrees.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email groups");
    await grant.save();
    return grant;
  },
  // This machine is where the client is.
  fetch: (url, { dispatcher: _, ...options }) => globalThis.fetch(url, options),
});
provider.on("server_error", (_, error) => console.error(error));
provider.on("backchannel.error", (_, error) => console.error(error));

async function body(request) {
  let text = "";
  for await (const part of request) text += part;
  return text;
}

const answers = provider.callback();
server.on("request", async (request, response) => {
  try {
    const [, first, second, third] = request.url.split("/");
    if (first === "people" && request.method === "POST") {
      const said = JSON.parse(await body(request));
      if (third === "methods") people[second].amr = said;
      else people[second].groups = said;
      response.writeHead(204).end();
    } else if (first === "interaction" && third === undefined) {
      const buttons = Object.entries(people).map(
        ([name, person]) => `<button name="account" value="${name}">${person.name}</button>`,
      );
      const form = `<form method="post" action="/interaction/${second}/login">${buttons.join("")}</form>`;
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(`<!doctype html><title>Provider</title><h1>Who are you?</h1>${form}`);
    } else if (first === "interaction" && third === "login" && request.method === "POST") {
      const name = new URLSearchParams(await body(request)).get("account");
      const result = people[name]
        ? { login: { accountId: `number-${name}`, amr: people[name].amr } }
        : { error: "access_denied", error_description: "nobody was chosen" };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    } else {
      await answers(request, response);
    }
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});
console.log(`listening on ${issuer}`);
