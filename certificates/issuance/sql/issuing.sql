-- An intent is stored once: it is signed or voided once, and otherwise stays. Two things follow its person: a record that
-- is folded into another takes its intents along, and when somebody is erased, what names them goes.
-- Rows are compared as they lie, which costs a tenth of taking them apart: thousands are signed at a time.
CREATE OR REPLACE FUNCTION issuance_attestation_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kept issuance_attestation;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'DELETE on % is refused: what was to be attested stays', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'issuance_attestation_kept';
    END IF;
    kept := NEW;
    IF OLD.state = 'prepared' THEN
        kept.signature := OLD.signature;
        kept.signed_at := OLD.signed_at;
        kept.state := OLD.state;
    ELSIF NEW.sealed = '' AND NEW.payload = '' AND NEW.printed = '{}'::jsonb THEN
        kept.sealed := OLD.sealed;
        kept.payload := OLD.payload;
        kept.printed := OLD.printed;
    ELSIF NEW.person_id <> OLD.person_id THEN
        kept.person_id := OLD.person_id;
    END IF;
    IF kept *= OLD THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on % is refused: an intent is signed or voided once, and otherwise stays as stored', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'issuance_attestation_kept';
END
$$;
