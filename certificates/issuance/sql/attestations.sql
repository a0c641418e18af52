-- An intent is stored once and never changed: only its signature comes later, once, and with it the state.
CREATE FUNCTION issuance_attestation_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'DELETE on % is refused: what was to be attested stays', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'issuance_attestation_kept';
    END IF;
    IF OLD.state = 'prepared'
       AND (to_jsonb(NEW) - '{signature,signed_at,state}'::text[]) = (to_jsonb(OLD) - '{signature,signed_at,state}'::text[])
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on % is refused: an intent is signed or voided once, and otherwise stays as stored', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'issuance_attestation_kept';
END
$$;
CREATE TRIGGER issuance_attestation_kept BEFORE UPDATE OR DELETE ON issuance_attestation
    FOR EACH ROW EXECUTE FUNCTION issuance_attestation_kept();
ALTER TABLE issuance_attestation ENABLE ALWAYS TRIGGER issuance_attestation_kept;

CREATE FUNCTION canon_attestation_v1(a issuance_attestation) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', 'attestation_v1', a.id, coalesce(a.order_id::text, '~'), a.source_type, a.source_id,
        a.person_id, a.institution_id, a.family, a.number, a.serial, a.code, a.issued_on, canon_day(a.expires_on),
        encode(sha256(a.payload), 'hex'), a.key_id, a.status_list_id, a.status_index, a.state,
        coalesce(encode(a.signature, 'hex'), '~'))
$$;

CREATE FUNCTION canon_attestation_v1_rows() RETURNS TABLE (id bigint, canon text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT a.id, canon_attestation_v1(a) FROM issuance_attestation a
$$;

-- The private half is sealed with a nonce of its own; its hash tells nothing.
SELECT audit_watch('issuance_numberrule', 'numberrule_v1',
    '{id,code,family,name,region_code,segments,valid_from,valid_to,document_no}');
SELECT audit_watch('issuance_signingkey', 'signingkey_v1',
    '{id,institution_id,year,suite,kid,public,state,active_from,active_to}');
