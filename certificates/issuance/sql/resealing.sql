-- An intent is stored once: it is signed or voided once, and otherwise stays. Besides what follows its person (issuing.sql),
-- the seal of name and number may be put on anew when the key that it lies under is changed: by another key, of the same
-- length, and nothing else of the row with it. What lies under the seal cannot be changed that way by anybody without the
-- keys: it is bound to its row.
CREATE OR REPLACE FUNCTION issuance_attestation_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kept issuance_attestation;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'DELETE on % is refused: what was to be attested stays', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'issuance_attestation_kept';
    END IF;
    kept := NEW;
    IF NEW.sealed <> OLD.sealed AND octet_length(NEW.sealed) = octet_length(OLD.sealed)
       AND substring(NEW.sealed FROM 1 FOR 2) = substring(OLD.sealed FROM 1 FOR 2)
       AND substring(NEW.sealed FROM 3 FOR 2) <> substring(OLD.sealed FROM 3 FOR 2)
    THEN
        kept.sealed := OLD.sealed;
    ELSIF OLD.state = 'prepared' THEN
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
