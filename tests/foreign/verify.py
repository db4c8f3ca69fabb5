"""Verifies signed documents with PyJWT, as somebody would who has nothing of Kaiji's.

Reads cases, one JSON object a line: {"jws": compact, "jwk": public key, "alg": the key's algorithm}.
Answers each with a line: `verified`, the SHA-256 of the payload and the header's `typ`, or `refused` and PyJWT's reason.
What is not a refusal ends it.
"""

import hashlib
import json
import sys

import jwt

for line in sys.stdin:
    case = json.loads(line)
    key = jwt.PyJWK(case["jwk"], algorithm=case["alg"])
    try:
        found = jwt.PyJWS().decode_complete(case["jws"], key, algorithms=[case["alg"]])
    except jwt.InvalidTokenError as refusal:
        print("refused", type(refusal).__name__)
    else:
        print("verified", hashlib.sha256(found["payload"]).hexdigest(), found["header"]["typ"])
