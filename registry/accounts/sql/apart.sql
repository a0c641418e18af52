-- System, security and audit administrator are three natural persons, and none of them does business: whoever holds one
-- of these roles holds no other at the same time, under any account. Roles of staff are given to accounts whose natural
-- person is known, up to a day; what was given stays as it was given, and only its end can be brought forward.

CREATE FUNCTION accounts_membership_together(one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT one = other OR 'TRN' IN (one, other)
        OR NOT (one IN ('SYS', 'SEC', 'AAD') OR other IN ('SYS', 'SEC', 'AAD'));
$$;

CREATE FUNCTION accounts_membership_given() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.role <> 'TRN' AND NEW.valid_to IS NULL THEN
            RAISE EXCEPTION 'a role of staff ends on a day'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'membership_ends';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.user_id, NEW.role, NEW.valid_from) IS DISTINCT FROM (OLD.id, OLD.user_id, OLD.role, OLD.valid_from)
        OR (NEW.institution_id, NEW.region_id) IS DISTINCT FROM (OLD.institution_id, OLD.region_id)
        OR (NEW.granted_by_id, NEW.agreed_by_id) IS DISTINCT FROM (OLD.granted_by_id, OLD.agreed_by_id)
        OR (NEW.valid_to IS NULL AND OLD.valid_to IS NOT NULL) OR NEW.valid_to > OLD.valid_to THEN
        RAISE EXCEPTION 'a role stays as it was given; only its end can be brought forward'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'membership_as_given';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER accounts_membership_given BEFORE INSERT OR UPDATE ON accounts_membership
    FOR EACH ROW EXECUTE FUNCTION accounts_membership_given();
ALTER TABLE accounts_membership ENABLE ALWAYS TRIGGER accounts_membership_given;

-- The person's row is locked first, so that of two grants at once one sees the other.
CREATE FUNCTION accounts_roles_apart(person uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM accounts_holder WHERE id = person FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT 1
        FROM accounts_membership one
        JOIN accounts_user holds_one ON holds_one.id = one.user_id AND holds_one.holder_id = person
        JOIN accounts_membership other ON other.id > one.id
        JOIN accounts_user holds_other ON holds_other.id = other.user_id AND holds_other.holder_id = person
        WHERE NOT accounts_membership_together(one.role, other.role)
          AND daterange(one.valid_from, one.valid_to, '[]') && daterange(other.valid_from, other.valid_to, '[]')
    ) THEN
        RAISE EXCEPTION 'an administrator holds no second role at the same time'
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'membership_apart';
    END IF;
END
$$;

CREATE FUNCTION accounts_membership_apart() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person uuid;
BEGIN
    IF NEW.role <> 'TRN' THEN
        SELECT holder_id INTO person FROM accounts_user WHERE id = NEW.user_id;
        IF person IS NULL THEN
            RAISE EXCEPTION 'a role of staff needs an account whose natural person is known'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'membership_holder';
        END IF;
        PERFORM accounts_roles_apart(person);
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER accounts_membership_apart AFTER INSERT ON accounts_membership
    FOR EACH ROW EXECUTE FUNCTION accounts_membership_apart();
ALTER TABLE accounts_membership ENABLE ALWAYS TRIGGER accounts_membership_apart;

-- Two accounts may turn out to be one person's.
CREATE FUNCTION accounts_user_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM accounts_roles_apart(NEW.holder_id);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER accounts_user_apart AFTER UPDATE OF holder_id ON accounts_user
    FOR EACH ROW WHEN (NEW.holder_id IS NOT NULL AND NEW.holder_id IS DISTINCT FROM OLD.holder_id)
    EXECUTE FUNCTION accounts_user_apart();
ALTER TABLE accounts_user ENABLE ALWAYS TRIGGER accounts_user_apart;
