//! A time-stamping authority for one test: a root, an authority under it, and its answers (RFC 3161).
