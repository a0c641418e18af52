-- Changes of certificates that others follow. A row is written in the transaction of the change, without a position.
-- Only what we answer for: certificates of ours, and reported ones once they are confirmed.
CREATE FUNCTION credentials_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO credentials_change (certificate_id, institution_id) VALUES (NEW.id, NEW.institution_id);
    RETURN NULL;
END $$;

CREATE TRIGGER credentials_note_new AFTER INSERT ON issuance_certificate
    FOR EACH ROW WHEN (NEW.basis = 'issued') EXECUTE FUNCTION credentials_note_change();

CREATE TRIGGER credentials_note_changed AFTER UPDATE ON issuance_certificate
    FOR EACH ROW WHEN (
        (NEW.basis = 'issued' OR NEW.confirmed_on IS NOT NULL OR OLD.confirmed_on IS NOT NULL)
        AND (OLD.state, OLD.state_on, OLD.expires_on, OLD.superseded_by_id, OLD.confirmed_on, OLD.basis)
            IS DISTINCT FROM
            (NEW.state, NEW.state_on, NEW.expires_on, NEW.superseded_by_id, NEW.confirmed_on, NEW.basis)
    ) EXECUTE FUNCTION credentials_note_change();

-- Positions for up to `most` changes that stand. Transactions end in another order than they began, so a number drawn
-- by them would show a later one before an earlier one. Here one transaction at a time looks at what has been committed
-- and numbers it, from the last number on: the lock is held until its own commit, and the statement below takes its
-- snapshot after the lock (in READ COMMITTED, which is asked for). Whoever sees a position therefore sees all before it.
-- Returns how many got one; 0 also where somebody else is just giving them out.
CREATE FUNCTION credentials_number_changes(most integer) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE given integer;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'changes are numbered in READ COMMITTED';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('credentials_change'), 0) THEN
        RETURN 0;
    END IF;
    WITH due AS (
        SELECT id, row_number() OVER (ORDER BY id) AS n FROM (
            SELECT id FROM credentials_change WHERE position IS NULL ORDER BY id LIMIT most
        ) x
    ), last AS (
        SELECT coalesce(max(position), 0) AS position FROM credentials_change
    )
    UPDATE credentials_change c SET position = last.position + due.n
    FROM due, last WHERE c.id = due.id;
    GET DIAGNOSTICS given = ROW_COUNT;
    RETURN given;
END $$;
