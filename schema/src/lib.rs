//! Documents and rules of Kaiji, the exchange of signed MDS/SDS security disclosure statements.
//!
//! What a document is and what follows from it: strict JSON, signatures, keys, statements, the items of the
//! 【別紙】 and their comparison. Pure: no I/O, no clock, no randomness of its own, no environment.
