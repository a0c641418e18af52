-- Acts are only ever added; what they and the proposals say is committed to by whoever writes them.
CREATE TRIGGER issuance_act_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON issuance_act
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE issuance_act ENABLE ALWAYS TRIGGER issuance_act_keep;

SELECT audit_watch('issuance_reason', 'reason_v1', '{id,kind,code,label,public,recovers,place,valid_from,valid_to}');
SELECT audit_watch('issuance_act', 'act_v1',
    '{id,certificate_id,kind,reason,note,on,was,became,other_id,measure_id,asked_by_id,agreed_by_id,at}');
SELECT audit_watch('issuance_recovery', 'recovery_v1',
    '{id,certificate_id,act_id,source,source_id,amount_fen,region_code,state,note,settled_at,settled_by_id}');

-- An intent is stored once and never changed: its signature comes later, once. When its person is erased, what names
-- them goes: name and number, what the paper shows, and what was signed; number, place in the list and signature stay.
CREATE OR REPLACE FUNCTION issuance_attestation_kept() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF NEW.sealed = '' AND NEW.payload = '' AND NEW.printed = '{}'::jsonb
       AND (to_jsonb(NEW) - '{sealed,payload,printed}'::text[]) = (to_jsonb(OLD) - '{sealed,payload,printed}'::text[])
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on % is refused: an intent is signed or voided once, and otherwise stays as stored', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'issuance_attestation_kept';
END
$$;
