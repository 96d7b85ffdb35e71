// A malicious file on this machine: it can be reported as by a scanner, and its state observed on disk.
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type Estate, proposeAction, type Proposed } from "./estate";

export interface FileState {
  sha256: string;
  mode: number;
  uid: number;
  gid: number;
}

export class MaliciousFile {
  readonly path: string;
  readonly original: FileState;

  constructor(private readonly estate: Estate, readonly name: string, content = randomBytes(4096)) {
    this.path = join(estate.sandbox, name);
    writeFileSync(this.path, content);
    chmodSync(this.path, 0o640);
    this.original = this.state();
  }

  /** The current state of the file at its path. */
  state(): FileState {
    const { mode, uid, gid } = statSync(this.path);
    return { sha256: hash(this.path), mode: mode & 0o7777, uid, gid };
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  /** The number of files in the vault with its content. */
  countInVault(): number {
    const files = readdirSync(this.estate.vault, { recursive: true, withFileTypes: true });
    return files.filter((entry) => entry.isFile() && hash(join(entry.parentPath, entry.name)) === this.original.sha256)
      .length;
  }

  /** Reports it through the API, as a scanner would. Returns the action's id. */
  async report(): Promise<string> {
    const action = await this.propose("high");
    expect(action).toMatchObject({ created: true, decision: "Pending" });
    return action.id;
  }

  /** Reports it again with a higher criticality of its host, which makes a new version of the action. */
  async revise(): Promise<void> {
    expect(await this.propose("very_high")).toMatchObject({ created: false, decision: "Pending" });
  }

  private propose(criticality: string): Promise<Proposed> {
    return proposeAction(this.estate, {
      external_id: this.name,
      type: "quarantine_file",
      entity: { kind: "file", path: this.path, sha256: this.original.sha256 },
      asset: { kind: "device", name: "this machine", criticality },
      comment: "Matches a known loader",
      severity: "critical",
      source: "antivirus_action",
      verdict: "malicious",
      evidence: [{ title: "Signature", detail: "Loader.Generic", verdict: "malicious", technique: "T1204.002" }],
      alert: { id: "al-1", title: "Malware on this machine", url: "https://alerts.example/al-1" },
    });
  }
}

function hash(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
