// An identity provider that is not ours, as a process of its own: npm oidc-provider.
import { spawn } from "node:child_process";
import { join } from "node:path";

export interface Provider {
  issuer: string;
  stop(): void;
}

/** Starts a provider that sends people back to an estate. Its people are Ana (responders), Ben (readers), Cy (gardeners). */
export async function startProvider(estate: string): Promise<Provider> {
  const args = ["--redirect", `${estate}/sign-in/provider/return`];
  args.push("--logout", `${estate}/api/v1/sign-in/provider/logout`);
  const child = spawn("node", [join(__dirname, "provider.mjs"), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const issuer = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (data: Buffer) => {
      const found = /listening on (http:\S+)/.exec(data.toString());
      if (found) resolve(found[1]);
    });
    child.on("exit", (code) => reject(new Error(`the provider ended with ${code}`)));
  });
  return { issuer, stop: () => child.kill("SIGTERM") };
}
