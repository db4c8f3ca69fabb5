DROP TABLE registrations;
DROP TABLE links;
-- What the tables before knew nothing of is lost.
DELETE FROM requests
    WHERE vendor_id IS NULL OR product_id IS NULL OR forwarded_from IS NOT NULL OR state IN ('forwarded', 'answered');
DROP INDEX requests_open, requests_by_origin, requests_by_system;
ALTER TABLE requests
    DROP COLUMN addressee_name,
    DROP COLUMN addressee_email,
    DROP COLUMN subject,
    DROP COLUMN system_id,
    DROP COLUMN forms,
    DROP COLUMN forwarded_from,
    DROP COLUMN origin_id,
    DROP COLUMN step,
    ALTER COLUMN vendor_id SET NOT NULL,
    ALTER COLUMN product_id SET NOT NULL,
    DROP CONSTRAINT requests_state_check,
    ADD CONSTRAINT requests_state_check CHECK (state IN ('open', 'released', 'declined', 'cancelled'));
CREATE UNIQUE INDEX requests_open ON requests (institution_id, product_id) WHERE state = 'open';
