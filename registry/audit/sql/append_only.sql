-- History is only ever added to. The triggers are ENABLE ALWAYS, so that the table owner and a session in the replica
-- role (session_replication_role) are refused as well; who may drop triggers is answered by the log, not here.

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: history is only ever added to', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

-- Per statement, so that a command which happens to hit no row is refused too.
CREATE TRIGGER audit_action_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_action
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_manifest_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_manifest
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_detail_keep BEFORE DELETE OR TRUNCATE ON audit_detail
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

ALTER TABLE audit_action ENABLE ALWAYS TRIGGER audit_action_keep;
ALTER TABLE audit_manifest ENABLE ALWAYS TRIGGER audit_manifest_keep;
ALTER TABLE audit_detail ENABLE ALWAYS TRIGGER audit_detail_keep;

-- The database's clock and session say when and through which role, whatever the INSERT claims. Not ALWAYS: a replica
-- must keep the time of the original.
CREATE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := statement_timestamp();
    NEW.db_user := session_user;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_action_seal BEFORE INSERT ON audit_action FOR EACH ROW EXECUTE FUNCTION audit_seal();

-- The one change a detail may undergo: salt and content go together, once; the commitment stays.
CREATE FUNCTION audit_only_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_at IS NULL AND NEW.salt IS NULL AND NEW.detail IS NULL
       AND (NEW.id, NEW.action_id, NEW.commitment) = (OLD.id, OLD.action_id, OLD.commitment)
       AND NEW.subject_person IS NOT DISTINCT FROM OLD.subject_person
    THEN
        NEW.erased_at := statement_timestamp();
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on % is refused: a detail can only be erased, once', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_detail_only_erase BEFORE UPDATE ON audit_detail
    FOR EACH ROW EXECUTE FUNCTION audit_only_erase();
ALTER TABLE audit_detail ENABLE ALWAYS TRIGGER audit_detail_only_erase;

ALTER TABLE audit_detail
    ADD CONSTRAINT audit_detail_commitment CHECK (octet_length(commitment) = 32),
    ADD CONSTRAINT audit_detail_whole_or_erased CHECK (
        CASE WHEN erased_at IS NULL THEN octet_length(salt) = 32 AND salt IS NOT NULL AND detail IS NOT NULL
             ELSE salt IS NULL AND detail IS NULL END);

ALTER TABLE audit_manifest
    ADD CONSTRAINT audit_manifest_one_kind_of_id CHECK (num_nonnulls(row_ids, row_uuids) = 1),
    ADD CONSTRAINT audit_manifest_hash_each CHECK (
        octet_length(hashes) = 32 * coalesce(cardinality(row_ids), cardinality(row_uuids))
        AND octet_length(hashes) > 0);

-- Hashes do not compress; trying to would cost more than storing them.
ALTER TABLE audit_manifest ALTER COLUMN hashes SET STORAGE EXTERNAL;
