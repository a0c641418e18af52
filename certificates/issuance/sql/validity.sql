-- From when a family holds for how long is history as soon as it is there: another period is another row.
CREATE TRIGGER issuance_validity_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON issuance_validity
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE issuance_validity ENABLE ALWAYS TRIGGER issuance_validity_keep;

-- Which certificates end soon: few families end at all.
CREATE INDEX issuance_ending ON issuance_certificate (expires_on) WHERE expires_on IS NOT NULL;
