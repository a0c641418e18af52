-- A natural person stays who they are: an account that could be moved to another holder, or a holder that could be
-- removed, would let one person be two. The keyed index and the ciphertext change with their keys.

ALTER TABLE accounts_holder
    ADD CONSTRAINT accounts_holder_index_length CHECK (octet_length(person_index) = 32);

CREATE FUNCTION accounts_holder_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.id = OLD.id THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on % is refused: a natural person stays on record', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER accounts_holder_keep BEFORE UPDATE OR DELETE ON accounts_holder
    FOR EACH ROW EXECUTE FUNCTION accounts_holder_keep();
ALTER TABLE accounts_holder ENABLE ALWAYS TRIGGER accounts_holder_keep;

CREATE FUNCTION accounts_user_keep_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an account stays with its natural person' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER accounts_user_keep_holder BEFORE UPDATE OF holder_id ON accounts_user
    FOR EACH ROW WHEN (OLD.holder_id IS NOT NULL AND NEW.holder_id IS DISTINCT FROM OLD.holder_id)
    EXECUTE FUNCTION accounts_user_keep_holder();
ALTER TABLE accounts_user ENABLE ALWAYS TRIGGER accounts_user_keep_holder;
