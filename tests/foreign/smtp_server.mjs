// An SMTP server that keeps what it is sent, by the npm package `smtp-server`.
//
// The first argument is the directory whose node_modules has it, the second an object: {"secure": TLS from the first byte,
// "key", "cert": PEM files, "user", "password", "folder": where letters are kept}. Prints its port. What stands before the @
// says how a recipient is treated: `refused`, `later-N` (not now, N times), `dropped-N` (the connection breaks in the middle
// of the letter, N times), `slow` (no answer). While the file `closed` is in the folder, nobody is greeted.

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { SMTPServer } = createRequire(`${process.argv[2]}/`)("smtp-server");
const { secure, key, cert, user, password, folder } = JSON.parse(process.argv[3]);

const attempts = new Map();
// Whether this is one of the first N attempts at the recipient `name-N@…`.
function spared(address, name) {
  const [, times] = address.match(new RegExp(`^${name}-(\\d+)@`)) ?? [];
  if (times === undefined) return false;
  const attempt = (attempts.get(address) ?? 0) + 1;
  attempts.set(address, attempt);
  return attempt <= Number(times);
}
const refusal = (responseCode, message) => Object.assign(new Error(message), { responseCode });

let kept = 0;
const server = new SMTPServer({
  secure,
  key: readFileSync(key),
  cert: readFileSync(cert),
  authOptional: false,
  disableReverseLookup: true,
  onConnect(session, callback) {
    callback(existsSync(join(folder, "closed")) ? refusal(421, "Closed for today") : null);
  },
  onAuth(auth, session, callback) {
    const known = auth.username === user && auth.password === password;
    callback(known ? null : refusal(535, "Unknown here"), { user });
  },
  onRcptTo({ address }, session, callback) {
    if (address.startsWith("refused@")) callback(refusal(550, "No such mailbox"));
    else if (spared(address, "later")) callback(refusal(451, "Try again later"));
    else if (!address.startsWith("slow@")) callback();
  },
  onData(stream, session, callback) {
    const { address } = session.envelope.rcptTo[0];
    if (spared(address, "dropped")) {
      for (const connection of server.connections) if (connection.session === session) connection.close();
      return;
    }
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      const file = join(folder, `${++kept}`);
      writeFileSync(`${file}.part`, Buffer.concat(parts));
      renameSync(`${file}.part`, `${file}.eml`);
      callback();
    });
  },
});
server.on("error", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.server.address().port));
