// The servers that executors act on, as processes of the test on ports and in folders of their own: Debian's packages.
// Where a package is missing a test is skipped. In CI it fails, unless the set-up found that the package can't be had:
// `cargo xtask test` names these in COUNTERSIGN_TEST_WITHOUT.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "./estate";

const FOLDERS = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/bin", "/usr/lib/dovecot"];

/** The paths of a package's programs. The test is skipped where they can't be had. */
export function programs(name: string, ...wanted: string[]): string[] {
  const found = wanted.map((program) => FOLDERS.map((folder) => join(folder, program)).find((path) => existsSync(path)));
  const missing = found.some((path) => path === undefined);
  const excused = (process.env.COUNTERSIGN_TEST_WITHOUT ?? "").split(" ").includes(name);
  if (missing && process.env.CI && !excused) throw new Error(`Debian's package ${name} is missing, which CI needs`);
  test.skip(missing, `Debian's package ${name} is missing`);
  return found as string[];
}

/** Skips a test that needs root privileges; in CI it fails. */
export function needsRoot(): void {
  const isRoot = userInfo().uid === 0;
  if (!isRoot && process.env.CI) throw new Error("CI needs root privileges");
  test.skip(!isRoot, "root privileges are needed");
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** A process in a folder of its own, which is removed with it. */
export class Server {
  constructor(
    readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /** A new folder. */
  static folder(): string {
    const folder = mkdtempSync(join(tmpdir(), "countersign-"));
    chmodSync(folder, 0o755);
    return folder;
  }

  /** Starts it, and waits until it listens. */
  static async start(folder: string, port: number, program: string, ...args: string[]): Promise<Server> {
    const log = openSync(join(folder, "output"), "w");
    const server = new Server(folder, spawn(program, args, { cwd: folder, stdio: ["ignore", log, log] }));
    const said = () => readFileSync(join(folder, "output"), "utf8");
    await expect(async () => expect(await listens(port), said()).toBe(true)).toPass({ timeout: 30_000 });
    return server;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = new Promise((resolve) => this.child.on("exit", resolve));
      this.child.kill("SIGTERM");
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a command printed. */
export function output(program: string, args: string[], input = ""): string {
  return execFileSync(program, args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
}

/** What the servers ask executors for. No page has these letters by chance. */
export const MAIL_KEY = "4f1c-doveadm-9a7e";
export const LDAP_PASSWORD = "4f1c-slapd-9a7e";

const DOVECOT = `
protocols = imap
base_dir = FOLDER/run
state_dir = FOLDER/state
log_path = FOLDER/log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = SERVER_USER
default_internal_group = SERVER_GROUP
default_login_user = LOGIN_USER
first_valid_uid = 1
mail_home = FOLDER/mail/%u
mail_location = maildir:~/Maildir
mail_uid = MAIL_USER
mail_gid = MAIL_GROUP
doveadm_api_key = MAIL_KEY
postmaster_address = postmaster@corp.example
hostname = mail.corp.example
userdb {
  driver = passwd-file
  args = FOLDER/users
}
passdb {
  driver = passwd-file
  args = FOLDER/users
}
namespace inbox {
  inbox = yes
  separator = /
}
service doveadm {
  inet_listener http {
    port = HTTP_PORT
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    port = IMAP_PORT
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
`;

/** A mail server with the mailboxes of kim and lee and a quarantine, read over IMAP as its users do. */
export class Dovecot {
  private constructor(
    private readonly server: Server,
    private readonly delivery: string,
    readonly httpPort: number,
    private readonly imapPort: number,
  ) {}

  static async start(): Promise<Dovecot> {
    const [dovecot, delivery] = programs("dovecot-imapd", "dovecot", "dovecot-lda");
    const folder = Server.folder();
    const [httpPort, imapPort] = [await freePort(), await freePort()];
    const [user, group] = [output("id", ["-un"]).trim(), output("id", ["-gn"]).trim()];
    // Mail is never root's.
    const [mailUser, mailGroup] = userInfo().uid === 0 ? ["nobody", "nogroup"] : [user, group];
    // Nor does root wait for who signs in.
    const login = userInfo().uid === 0 ? "dovenull" : user;
    const values: [string, string][] = [
      ["LOGIN_USER", login],
      ["FOLDER", folder],
      ["SERVER_USER", user],
      ["SERVER_GROUP", group],
      ["MAIL_USER", mailUser],
      ["MAIL_GROUP", mailGroup],
      ["MAIL_KEY", MAIL_KEY],
      ["HTTP_PORT", String(httpPort)],
      ["IMAP_PORT", String(imapPort)],
    ];
    const configuration = values.reduce((text, [name, value]) => text.replaceAll(name, value), DOVECOT);
    writeFileSync(join(folder, "dovecot.conf"), configuration);
    const users = ["kim", "lee", "quarantine"].map((name) => `${name}@corp.example:{PLAIN}word-${name}::::::\n`);
    writeFileSync(join(folder, "users"), users.join(""));
    mkdirSync(join(folder, "mail"));
    chmodSync(join(folder, "mail"), 0o777);
    const server = await Server.start(folder, httpPort, dovecot, "-F", "-c", join(folder, "dovecot.conf"));
    return new Dovecot(server, delivery, httpPort, imapPort);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** Delivers a message as from outside. */
  deliver(user: string, id: string): void {
    const text = `From: a@x.example\nTo: ${user}@corp.example\nSubject: Hello\nMessage-ID: ${id}\n\nHello.\n`;
    const conf = join(this.server.folder, "dovecot.conf");
    output(this.delivery, ["-c", conf, "-d", `${user}@corp.example`, "-f", "a@x.example"], text);
  }

  /** In which folders a user has the message, as a mail program sees it. */
  async folders(user: string, id: string): Promise<string[]> {
    const imap = await Imap.open(this.imapPort, `${user}@corp.example`, `word-${user}`);
    const listed = await imap.say('LIST "" "*"');
    const names = [...listed.matchAll(/^\* LIST \([^)]*\) "." (.+)$/gm)].map(([, name]) => name.replace(/^"|"$/g, ""));
    const found = [];
    for (const name of names) {
      await imap.say(`EXAMINE "${name}"`);
      const numbers = /^\* SEARCH (\d[\d ]*)$/m.exec(await imap.say(`SEARCH HEADER Message-ID "${id}"`));
      if (numbers) found.push(name);
    }
    imap.close();
    return found.sort();
  }
}

/** As much of IMAP as looking into folders takes. */
class Imap {
  private text = "";
  private number = 0;
  private hear = () => {};

  private constructor(private readonly socket: ReturnType<typeof connect>) {
    socket.setEncoding("utf8");
    socket.on("data", (data) => {
      this.text += data;
      this.hear();
    });
  }

  static async open(port: number, name: string, password: string): Promise<Imap> {
    const imap = new Imap(connect(port, "127.0.0.1"));
    await imap.until(/^\* OK/m);
    await imap.say(`LOGIN "${name}" "${password}"`);
    return imap;
  }

  /** Sends a command, and answers with all that comes until it is done. */
  async say(command: string): Promise<string> {
    const tag = `a${++this.number}`;
    this.text = "";
    this.socket.write(`${tag} ${command}\r\n`);
    await this.until(new RegExp(`^${tag} (OK|NO|BAD)`, "m"));
    const answer = this.text.replaceAll("\r", "");
    expect(answer, command).toMatch(new RegExp(`^${tag} OK`, "m"));
    return answer;
  }

  close(): void {
    this.socket.destroy();
  }

  private async until(what: RegExp): Promise<void> {
    const heard = new Promise<void>((resolve, reject) => {
      this.hear = () => {
        if (what.test(this.text)) resolve();
      };
      this.socket.on("close", () => reject(new Error(`IMAP ended after ${this.text}`)));
      this.hear();
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`IMAP said no ${what}: ${this.text}`)), 15_000);
    });
    await Promise.race([heard, late]).finally(() => clearTimeout(timer));
  }
}

const SLAPD = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile FOLDER/pid
database mdb
suffix "dc=corp,dc=example"
rootdn "cn=root,dc=corp,dc=example"
rootpw root
directory FOLDER/db
access to attrs=userPassword by dn.exact="cn=countersign,dc=corp,dc=example" write by anonymous auth by * none
access to * by dn.exact="cn=countersign,dc=corp,dc=example" write by * none
overlay ppolicy
ppolicy_default "cn=default,ou=policies,dc=corp,dc=example"
`;

const ENTRIES = `
dn: dc=corp,dc=example
objectClass: domain
dc: corp

dn: cn=countersign,dc=corp,dc=example
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: countersign
userPassword: LDAP_PASSWORD

dn: ou=policies,dc=corp,dc=example
objectClass: organizationalUnit
ou: policies

dn: cn=default,ou=policies,dc=corp,dc=example
objectClass: organizationalRole
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE

dn: ou=people,dc=corp,dc=example
objectClass: organizationalUnit
ou: people
`;

/** A directory with ppolicy. */
export class Slapd {
  private constructor(
    private readonly server: Server,
    private readonly whoami: string,
    readonly port: number,
  ) {}

  /** With these people, whose password is `word-NAME`. */
  static async start(...people: string[]): Promise<Slapd> {
    const [original] = programs("slapd", "slapd");
    const [whoami] = programs("ldap-utils", "ldapwhoami");
    const folder = Server.folder();
    const port = await freePort();
    mkdirSync(join(folder, "db"));
    writeFileSync(join(folder, "slapd.conf"), SLAPD.replaceAll("FOLDER", folder));
    const persons = people.map(
      (name) =>
        `\ndn: uid=${name},ou=people,dc=corp,dc=example\nobjectClass: inetOrgPerson\nuid: ${name}\ncn: ${name}\nsn: ${name}\n` +
        `mail: ${name}@corp.example\nuserPassword: word-${name}\n`,
    );
    writeFileSync(join(folder, "entries.ldif"), ENTRIES.replace("LDAP_PASSWORD", LDAP_PASSWORD) + persons.join(""));
    // A copy, since AppArmor keeps Debian's from other folders by its path.
    const program = join(folder, "slapd");
    copyFileSync(original, program);
    const conf = join(folder, "slapd.conf");
    output(program, ["-T", "add", "-f", conf, "-l", join(folder, "entries.ldif")]);
    const server = await Server.start(folder, port, program, "-d", "0", "-f", conf, "-h", `ldap://127.0.0.1:${port}`);
    return new Slapd(server, whoami, port);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** Whether the directory lets a person in. */
  letsIn(name: string): boolean {
    const dn = `uid=${name},ou=people,dc=corp,dc=example`;
    try {
      output(this.whoami, ["-x", "-H", `ldap://127.0.0.1:${this.port}`, "-D", dn, "-w", `word-${name}`]);
      return true;
    } catch {
      return false;
    }
  }
}
