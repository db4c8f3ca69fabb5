// Verifies signed documents with `jose`, as somebody would who has nothing of Kaiji's.
//
// Reads cases, one JSON object a line: {"jws": compact, "jwk": public key, "alg": the key's algorithm}.
// Answers each with a line: `verified`, the SHA-256 of the payload and the header's `typ`, or `refused` and jose's reason.
// What is not a refusal ends it. The first argument is the directory whose node_modules has `jose`.

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const found = createRequire(`${process.argv[2]}/`).resolve("jose");
const { compactVerify, errors, importJWK } = await import(pathToFileURL(found));

for await (const line of createInterface({ input: process.stdin })) {
  const { jws, jwk, alg } = JSON.parse(line);
  const key = await importJWK(jwk, alg);
  try {
    const { payload, protectedHeader } = await compactVerify(jws, key, { algorithms: [alg] });
    console.log("verified", createHash("sha256").update(payload).digest("hex"), protectedHeader.typ);
  } catch (refusal) {
    if (!(refusal instanceof errors.JOSEError)) throw refusal;
    console.log("refused", refusal.code);
  }
}
