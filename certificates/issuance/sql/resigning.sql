-- A signature made anew is stored once. The content goes with an erased holder; the signature stays.
CREATE FUNCTION issuance_resignature_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kept issuance_resignature;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        kept := NEW;
        IF NEW.payload = '' THEN
            kept.payload := OLD.payload;
        END IF;
        IF kept *= OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% on % is refused: a signature stays as it was made', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'issuance_resignature_kept';
END
$$;
CREATE TRIGGER issuance_resignature_kept BEFORE UPDATE OR DELETE ON issuance_resignature
    FOR EACH ROW EXECUTE FUNCTION issuance_resignature_kept();
ALTER TABLE issuance_resignature ENABLE ALWAYS TRIGGER issuance_resignature_kept;

SELECT audit_watch('issuance_resignature', 'resignature_v1', '{id,attestation_id,key_id,payload,signature}');
