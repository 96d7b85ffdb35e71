// A malicious file on this machine, the tool that reports it, and what can be seen of it from outside.
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type Estate } from "./estate";

export interface Facts {
  sha256: string;
  mode: number;
  uid: number;
  gid: number;
}

export class EvilFile {
  readonly path: string;
  readonly before: Facts;

  constructor(private readonly estate: Estate, readonly name: string, content = randomBytes(4096)) {
    this.path = join(estate.sandbox, name);
    writeFileSync(this.path, content);
    chmodSync(this.path, 0o640);
    this.before = this.facts();
  }

  /** What lies at its place now. */
  facts(): Facts {
    const { mode, uid, gid } = statSync(this.path);
    return { sha256: hash(this.path), mode: mode & 0o7777, uid, gid };
  }

  isThere(): boolean {
    return existsSync(this.path);
  }

  /** How many files in the vault have its content. */
  inVault(): number {
    const files = readdirSync(this.estate.vault, { recursive: true, withFileTypes: true });
    return files.filter((entry) => entry.isFile() && hash(join(entry.parentPath, entry.name)) === this.before.sha256)
      .length;
  }

  /** Reports it through the API, as a scanner would. Returns the action's id. */
  async report(): Promise<string> {
    const action = await this.propose("high");
    expect(action).toMatchObject({ created: true, decision: "Pending" });
    return action.id;
  }

  /** Reports it again, with its host rated higher: the action has a new version then. */
  async revise(): Promise<void> {
    expect(await this.propose("very_high")).toMatchObject({ created: false, decision: "Pending" });
  }

  private async propose(criticality: string): Promise<{ id: string; created: boolean; decision: string }> {
    const answer = await fetch(`${this.estate.url}/api/v1/actions`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.estate.token}`, "content-type": "application/json" },
      body: JSON.stringify({
        actions: [
          {
            external_id: this.name,
            type: "quarantine_file",
            entity: { kind: "file", path: this.path, sha256: this.before.sha256 },
            asset: { kind: "device", name: "this machine", criticality },
            comment: "Matches a known loader",
            severity: "critical",
            source: "antivirus_action",
            verdict: "malicious",
            evidence: [{ title: "Signature", detail: "Loader.Generic", verdict: "malicious", technique: "T1204.002" }],
            alert: { id: "al-1", title: "Malware on this machine", url: "https://alerts.example/al-1" },
          },
        ],
      }),
    });
    expect(answer.status).toBe(201);
    return (await answer.json()).actions[0];
  }
}

function hash(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
