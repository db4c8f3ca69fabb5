//! The tables as diesel knows them, the same on both databases: times are milliseconds UTC, digests are hex.
//!
//! The parity test compares this file with the columns that the migrations make.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    organisations (id) {
        id -> Text,
        kind -> Text,
        name -> Text,
        name_folded -> Text,
        corporate_number -> Nullable<Text>,
        medical_institution_code -> Nullable<Text>,
        contact -> Nullable<Text>,
        revision -> BigInt,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        email -> Nullable<Text>,
        letters -> Text,
    }
}

table! {
    clients (id) {
        id -> Text,
        organisation_id -> Text,
        name -> Text,
        kid -> Text,
        jwk -> Text,
        scopes -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
    }
}

table! {
    used_assertions (client_id, jti) {
        client_id -> Text,
        jti -> Text,
        expires_at -> BigInt,
    }
}

table! {
    key_challenges (challenge) {
        challenge -> Text,
        vendor_id -> Text,
        expires_at -> BigInt,
    }
}

table! {
    signing_keys (kid) {
        kid -> Text,
        vendor_id -> Text,
        algorithm -> Text,
        jwk -> Text,
        not_after -> BigInt,
        registered_at -> BigInt,
        approved_at -> Nullable<BigInt>,
        approved_by -> Nullable<Text>,
        approval_note -> Nullable<Text>,
        approval_leaf -> Nullable<BigInt>,
        retired_at -> Nullable<BigInt>,
        retirement_leaf -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        revocation_reason -> Nullable<Text>,
        compromised_since -> Nullable<BigInt>,
        revocation_leaf -> Nullable<BigInt>,
    }
}

table! {
    service_keys (kid, purpose, since) {
        kid -> Text,
        purpose -> Text,
        jwk -> Text,
        since -> BigInt,
        until -> Nullable<BigInt>,
    }
}

table! {
    idempotency_keys (client_id, method, path, key) {
        client_id -> Text,
        method -> Text,
        path -> Text,
        key -> Text,
        body_sha256 -> Text,
        resource_id -> Text,
        created_at -> BigInt,
    }
}

table! {
    products (id) {
        id -> Text,
        vendor_id -> Text,
        name -> Text,
        name_folded -> Text,
        version -> Nullable<Text>,
        description -> Nullable<Text>,
        release -> Text,
        in_directory -> Bool,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    log_head (id) {
        id -> BigInt,
        size -> BigInt,
        last_received_at -> BigInt,
        last_event -> BigInt,
        frontier -> Binary,
        audit_size -> BigInt,
        audit_head -> Text,
    }
}

table! {
    audit_events (number) {
        number -> BigInt,
        occurred_at -> BigInt,
        organisation_id -> Text,
        client_id -> Text,
        token -> Text,
        address -> Text,
        action -> Text,
        object -> Text,
        result -> Text,
        leaf -> Nullable<BigInt>,
        hash -> Text,
        agent_id -> Nullable<Text>,
    }
}

table! {
    audit_heads (day) {
        day -> Text,
        entries -> BigInt,
        head -> Text,
        leaf -> BigInt,
    }
}

table! {
    log_tiles (level, tile_index) {
        level -> BigInt,
        tile_index -> BigInt,
        hashes -> Binary,
    }
}

table! {
    checkpoints (size) {
        size -> BigInt,
        note -> Text,
        signed_at -> BigInt,
    }
}

table! {
    leaves (leaf_index) {
        leaf_index -> BigInt,
        event -> Text,
        received_at -> BigInt,
        receipt -> Text,
    }
}

table! {
    statements (sha256) {
        sha256 -> Text,
        vendor_id -> Text,
        product_id -> Text,
        form -> Text,
        form_edition -> Text,
        statement_id -> Text,
        revision -> BigInt,
        superseded_by -> Nullable<Text>,
        payload_sha256 -> Text,
        product_name -> Text,
        product_version -> Text,
        issued_on -> Text,
        signer_kid -> Text,
        receipt_leaf -> BigInt,
        received_at -> BigInt,
        withdrawn_at -> Nullable<BigInt>,
        withdrawal_reason -> Nullable<Text>,
        withdrawal_leaf -> Nullable<BigInt>,
        jws -> Text,
        confirmed_on -> Nullable<Text>,
    }
}

table! {
    confirmations (statement_sha256, confirmed_on) {
        statement_sha256 -> Text,
        confirmed_on -> Text,
        jws -> Text,
        leaf -> BigInt,
        received_at -> BigInt,
    }
}

table! {
    comparisons (statement_sha256, requirement_set_sha256) {
        statement_sha256 -> Text,
        requirement_set_sha256 -> Text,
        requirement_set -> Text,
        conforming -> BigInt,
        not_applicable -> BigInt,
        nonconforming -> BigInt,
        unconfirmed -> BigInt,
        items -> Text,
    }
}

table! {
    grants (institution_id, product_id) {
        institution_id -> Text,
        product_id -> Text,
        granted_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

table! {
    deliveries (institution_id, statement_sha256) {
        institution_id -> Text,
        statement_sha256 -> Text,
        delivered_at -> BigInt,
        delivery_leaf -> BigInt,
        acknowledged_at -> Nullable<BigInt>,
        acknowledgement_leaf -> Nullable<BigInt>,
    }
}

table! {
    requirement_sets (sha256) {
        sha256 -> Text,
        id -> Text,
        compared_up_to -> Text,
        compared_at -> Nullable<BigInt>,
        current_since -> Nullable<BigInt>,
        told_up_to -> Nullable<Text>,
    }
}

table! {
    systems (id) {
        id -> Text,
        institution_id -> Text,
        name -> Text,
        product_id -> Nullable<Text>,
        product_name -> Nullable<Text>,
        vendor_name -> Nullable<Text>,
        installed_version -> Nullable<Text>,
        outsourced_work -> Nullable<Text>,
        contract_partner -> Nullable<Text>,
        contract_renewal_on -> Nullable<Text>,
        maintained_by -> Nullable<Text>,
        remote_maintenance -> Nullable<Bool>,
        on_premises_server -> Nullable<Bool>,
        security_updates_by -> Nullable<Text>,
        security_updates_written_in -> Nullable<Text>,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        terminal_server -> Nullable<Bool>,
        cloud_server -> Nullable<Bool>,
    }
}

table! {
    requests (id) {
        id -> Text,
        institution_id -> Text,
        vendor_id -> Nullable<Text>,
        addressee_name -> Nullable<Text>,
        addressee_email -> Nullable<Text>,
        product_id -> Nullable<Text>,
        subject -> Nullable<Text>,
        system_id -> Nullable<Text>,
        forms -> Text,
        forwarded_from -> Nullable<Text>,
        origin_id -> Text,
        step -> BigInt,
        state -> Text,
        message -> Nullable<Text>,
        due_on -> Nullable<Text>,
        reason -> Nullable<Text>,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    links (id) {
        id -> Text,
        request_id -> Text,
        generation -> BigInt,
        token_sha256 -> Text,
        requirement_set -> Text,
        requirement_set_sha256 -> Text,
        forms -> Text,
        draft -> Nullable<Text>,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        used_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

table! {
    registrations (id) {
        id -> Text,
        request_id -> Text,
        organisation_name -> Text,
        corporate_number -> Nullable<Text>,
        person_name -> Text,
        email -> Text,
        state -> Text,
        note -> Nullable<Text>,
        vendor_id -> Nullable<Text>,
        created_at -> BigInt,
        decided_at -> Nullable<BigInt>,
    }
}

table! {
    attested_statements (sha256) {
        sha256 -> Text,
        institution_id -> Text,
        request_id -> Text,
        system_id -> Nullable<Text>,
        product_id -> Nullable<Text>,
        form -> Text,
        form_edition -> Text,
        product_name -> Text,
        product_version -> Text,
        organisation_name -> Text,
        attested_on -> Text,
        receipt_leaf -> BigInt,
        received_at -> BigInt,
        acknowledged_at -> Nullable<BigInt>,
        acknowledgement_leaf -> Nullable<BigInt>,
        document -> Text,
    }
}

table! {
    events (number) {
        number -> BigInt,
        organisation_id -> Text,
        kind -> Text,
        occurred_at -> BigInt,
        subject -> Text,
    }
}

table! {
    letters (number) {
        number -> BigInt,
        organisation_id -> Nullable<Text>,
        request_id -> Nullable<Text>,
        to_address -> Text,
        to_name -> Nullable<Text>,
        mailbox -> Nullable<Text>,
        content -> Text,
        link_purpose -> Nullable<Text>,
        link_id -> Nullable<Text>,
        link_generation -> Nullable<BigInt>,
        state -> Text,
        attempts -> BigInt,
        next_attempt_at -> BigInt,
        failure -> Nullable<Text>,
        created_at -> BigInt,
        settled_at -> Nullable<BigInt>,
    }
}

table! {
    reminders (request_id, name) {
        request_id -> Text,
        name -> Text,
        sent_at -> BigInt,
    }
}

table! {
    announcements (number) {
        number -> BigInt,
        product_id -> Text,
        kind -> Text,
        subject -> Text,
        also_delivered -> Nullable<Text>,
        announced_up_to -> Text,
        created_at -> BigInt,
    }
}

table! {
    attachments (vendor_id, sha256) {
        vendor_id -> Text,
        sha256 -> Text,
        upload -> Text,
        bytes -> BigInt,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

table! {
    timestamps (size, tsa) {
        size -> BigInt,
        tsa -> Text,
        stamped_note -> Text,
        token -> Binary,
        stamped_at -> BigInt,
    }
}

table! {
    evidence_files (institution_id, sha256) {
        institution_id -> Text,
        sha256 -> Text,
        name -> Text,
        media_type -> Text,
        upload -> Text,
        bytes -> BigInt,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

table! {
    file_uploads (upload) {
        upload -> Text,
        organisation_id -> Text,
        expires_at -> BigInt,
    }
}

table! {
    file_chunks (upload, number) {
        upload -> Text,
        number -> BigInt,
        content -> Binary,
    }
}

table! {
    statement_attachments (statement_sha256, position) {
        statement_sha256 -> Text,
        position -> BigInt,
        vendor_id -> Text,
        attachment_sha256 -> Text,
        name -> Text,
    }
}

table! {
    cosignatures (size, name, key_id) {
        size -> BigInt,
        name -> Text,
        key_id -> Text,
        line -> Text,
    }
}

table! {
    users (id) {
        id -> Text,
        organisation_id -> Text,
        email -> Text,
        email_folded -> Text,
        name -> Text,
        roles -> Text,
        letters -> Text,
        password_hash -> Nullable<Text>,
        totp_secret -> Nullable<Binary>,
        totp_step -> BigInt,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        joined_at -> Nullable<BigInt>,
        disabled_at -> Nullable<BigInt>,
    }
}

table! {
    enrolments (user_id) {
        user_id -> Text,
        link_generation -> BigInt,
        password_hash -> Text,
        totp_secret -> Binary,
    }
}

table! {
    recovery_codes (user_id, code_sha256) {
        user_id -> Text,
        code_sha256 -> Text,
    }
}

table! {
    user_links (id) {
        id -> Text,
        user_id -> Text,
        purpose -> Text,
        generation -> BigInt,
        token_sha256 -> Text,
        sent_by -> Text,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

table! {
    records (institution_id, kind, subject, revision) {
        institution_id -> Text,
        kind -> Text,
        subject -> Text,
        revision -> BigInt,
        document -> Nullable<Text>,
        changed_at -> BigInt,
        changed_by -> Text,
        agent_id -> Nullable<Text>,
    }
}

table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        token_sha256 -> Text,
        address -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        stepped_up_at -> Nullable<BigInt>,
        expires_at -> BigInt,
    }
}

table! {
    tries (subject) {
        subject -> Text,
        failures -> BigInt,
        last_at -> BigInt,
        paused_until -> BigInt,
    }
}

table! {
    reviews (id) {
        id -> Text,
        institution_id -> Text,
        system_id -> Text,
        system_name -> Text,
        item -> Text,
        state -> Text,
        revision -> BigInt,
        written -> BigInt,
        approved -> Nullable<BigInt>,
        review_on -> Nullable<Text>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

table! {
    mandates (id) {
        id -> Text,
        institution_id -> Text,
        agent_id -> Text,
        scopes -> Text,
        until -> Text,
        granted_at -> BigInt,
        granted_by -> Text,
        grant_leaf -> BigInt,
        ended_at -> Nullable<BigInt>,
        ended_by -> Nullable<Text>,
        end_leaf -> Nullable<BigInt>,
    }
}

table! {
    questions (id) {
        id -> Text,
        institution_id -> Text,
        system_id -> Text,
        product_id -> Text,
        form -> Text,
        requirement_set -> Text,
        item -> Text,
        statement_sha256 -> Text,
        asked_with -> Text,
        message -> Nullable<Text>,
        state -> Text,
        answer_id -> Nullable<Text>,
        created_at -> BigInt,
        settled_at -> Nullable<BigInt>,
    }
}

table! {
    review_changes (review_id, number) {
        review_id -> Text,
        number -> BigInt,
        deed -> Text,
        occurred_at -> BigInt,
        by_id -> Text,
        by_name -> Text,
        document -> Nullable<Text>,
        reason -> Nullable<Text>,
        approved_alone -> Nullable<Bool>,
        leaf -> Nullable<BigInt>,
    }
}

table! {
    review_reminders (review_id, review_on, name) {
        review_id -> Text,
        review_on -> Text,
        name -> Text,
        sent_at -> BigInt,
    }
}

table! {
    risk_matrices (institution_id, version) {
        institution_id -> Text,
        version -> BigInt,
        content -> Text,
        created_at -> BigInt,
        created_by -> Text,
    }
}

table! {
    measure_templates (id) {
        id -> Text,
        institution_id -> Text,
        content -> Text,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        put_away_at -> Nullable<BigInt>,
    }
}

table! {
    question_answers (id) {
        id -> Text,
        product_id -> Text,
        form -> Text,
        items -> Text,
        statement_sha256 -> Nullable<Text>,
        remark -> Nullable<Text>,
        question_id -> Nullable<Text>,
        answered_at -> BigInt,
        told_at -> Nullable<BigInt>,
    }
}

table! {
    inspections (id) {
        id -> Text,
        institution_id -> Text,
        title -> Nullable<Text>,
        visit_on -> Nullable<Text>,
        frozen_at -> BigInt,
        frozen_by -> Text,
        log_size -> BigInt,
        facts_sha256 -> Text,
        summary -> Text,
        facts -> Binary,
        agent_id -> Nullable<Text>,
    }
}

table! {
    inspection_links (id) {
        id -> Text,
        inspection_id -> Text,
        label -> Text,
        token_sha256 -> Text,
        made_by -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        agent_id -> Nullable<Text>,
    }
}

table! {
    inspection_accesses (id) {
        id -> Text,
        inspection_id -> Text,
        link_id -> Text,
        occurred_at -> BigInt,
        address -> Text,
        what -> Text,
        result -> Text,
    }
}

table! {
    transfers (id) {
        id -> Text,
        product_id -> Text,
        from_id -> Text,
        to_id -> Text,
        state -> Text,
        offer_jws -> Text,
        offer_kid -> Text,
        offer_leaf -> BigInt,
        offered_at -> BigInt,
        expires_at -> BigInt,
        acceptance_jws -> Nullable<Text>,
        acceptance_leaf -> Nullable<BigInt>,
        settled_at -> Nullable<BigInt>,
    }
}

allow_tables_to_appear_in_same_query!(
    announcements,
    attachments,
    attested_statements,
    audit_events,
    audit_heads,
    checkpoints,
    clients,
    comparisons,
    confirmations,
    cosignatures,
    deliveries,
    enrolments,
    events,
    evidence_files,
    file_chunks,
    file_uploads,
    grants,
    idempotency_keys,
    inspection_accesses,
    inspection_links,
    inspections,
    key_challenges,
    leaves,
    letters,
    links,
    log_head,
    log_tiles,
    mandates,
    measure_templates,
    organisations,
    products,
    question_answers,
    questions,
    records,
    recovery_codes,
    registrations,
    reminders,
    requests,
    requirement_sets,
    review_changes,
    review_reminders,
    reviews,
    risk_matrices,
    service_keys,
    sessions,
    signing_keys,
    statement_attachments,
    statements,
    systems,
    timestamps,
    transfers,
    tries,
    used_assertions,
    user_links,
    users
);
