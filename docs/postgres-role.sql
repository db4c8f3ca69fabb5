-- What the role that `kaiji serve` works as may do on PostgreSQL: no more than it needs, so that a stolen password of the
-- service neither changes nor deletes what is only appended to.
--
-- Run as the owner of the tables (who runs `kaiji migrate`), once and after each migration; it may be run again:
--   CREATE ROLE kaiji_service LOGIN PASSWORD '…';
--   psql -v ON_ERROR_STOP=1 -v role=kaiji_service -f docs/postgres-role.sql kaiji
--
-- A new table can be read and added to from the start; whoever adds one that rows are changed in or deleted from adds it
-- below.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"role";
GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO :"role";
REVOKE INSERT ON __diesel_schema_migrations FROM :"role";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO :"role";

-- Changed in place. `log_head` only grows and a tile only gets longer: triggers see to that.
GRANT UPDATE ON log_head, log_tiles, links, organisations, products, registrations, requests, requirement_sets,
    signing_keys, systems TO :"role";
GRANT UPDATE (disabled_at) ON clients TO :"role";
GRANT UPDATE (until) ON service_keys TO :"role";
GRANT UPDATE (revoked_at) ON grants TO :"role";
GRANT UPDATE (acknowledged_at, acknowledgement_leaf) ON deliveries TO :"role";
GRANT UPDATE (state, attempts, next_attempt_at, failure, settled_at) ON letters TO :"role";
GRANT UPDATE (acknowledged_at, acknowledgement_leaf) ON attested_statements TO :"role";
GRANT UPDATE (announced_up_to) ON announcements TO :"role";
GRANT UPDATE (expires_at) ON attachments, file_uploads TO :"role";
GRANT UPDATE (name, media_type, expires_at) ON evidence_files TO :"role";
GRANT UPDATE (last_seen_at, stepped_up_at) ON sessions TO :"role";
GRANT UPDATE ON users, user_links TO :"role";
-- Never what was signed.
GRANT UPDATE (superseded_by, withdrawn_at, withdrawal_reason, withdrawal_leaf, confirmed_on) ON statements TO :"role";

-- Deleted when their time is over, or when their owner says so.
GRANT DELETE ON announcements, idempotency_keys, key_challenges, systems, used_assertions TO :"role";
GRANT DELETE ON attachments, evidence_files, file_chunks, file_uploads TO :"role";
-- Logs whose years are over (`[retention]`).
GRANT DELETE ON events, letters TO :"role";
GRANT DELETE ON enrolments, recovery_codes, sessions, tries TO :"role";

-- records, leaves, checkpoints, confirmations, audit_events, audit_heads, timestamps and cosignatures are in neither list: they are
-- only appended to.
