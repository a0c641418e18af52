-- Four eyes. Whoever decides locks the case, and everything is looked at behind that lock: who made it, who decided
-- before, which step it stands at. Natural persons are compared, never accounts. The program asks the same questions
-- first, for the sake of its messages; what it may have missed is refused here. All triggers are ENABLE ALWAYS, so that
-- the owner of the tables and a session in the replica role are refused as well.
--
-- A refusal is a check_violation that names the rule as its constraint.

CREATE FUNCTION review_refuse(rule text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused by rule %', rule USING ERRCODE = 'check_violation', CONSTRAINT = rule;
END
$$;

-- Is this person known, and none of the others? Of somebody unknown it cannot be said, so the answer is no. Also for a
-- CHECK, or a trigger of another table.
CREATE FUNCTION review_distinct(one uuid, others uuid[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT one IS NOT NULL AND others IS NOT NULL AND array_position(others, NULL) IS NULL AND one <> ALL (others)
$$;

-- Everybody who made or decided a case.
CREATE FUNCTION review_people(matter uuid) RETURNS uuid[] LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT array_agg(h) FROM (
        SELECT maker_holder_id FROM review_case WHERE id = matter
        UNION SELECT holder_id FROM review_decision WHERE case_id = matter) people(h)
$$;

-- Everybody who made or decided what was approved of one version of a subject; for whoever comes after the review,
-- such as the one who pays. An empty array where nothing was approved.
CREATE FUNCTION review_people(type text, subject text, its_version integer) RETURNS uuid[] LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT h), '{}') FROM review_case c, unnest(review_people(c.id)) h
    WHERE c.subject_type = type AND c.subject_id = subject AND c.version = its_version AND c.state = 'approved'
$$;

-- The natural person of an account that is in use; refuses an account without one.
CREATE FUNCTION review_person_of(account bigint) RETURNS uuid LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp AS $$
DECLARE
    person uuid;
    in_use boolean;
BEGIN
    SELECT holder_id, is_active INTO person, in_use FROM accounts_user WHERE id = account;
    IF person IS NULL THEN
        PERFORM review_refuse('review_person_unknown');
    ELSIF NOT in_use THEN
        PERFORM review_refuse('review_account_closed');
    END IF;
    RETURN person;
END
$$;

-- --- a case is opened ---------------------------------------------------------------------------------

CREATE FUNCTION review_open() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    -- Rules are dated by the country's official day, whatever time the session keeps.
    today date := (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date;
    frozen record;
    found boolean;
BEGIN
    NEW.maker_holder_id := review_person_of(NEW.maker_id);
    SELECT array_agg(name ORDER BY position), array_agg(action ORDER BY position) INTO NEW.steps, NEW.actions
    FROM review_stage
    WHERE kind = NEW.kind AND valid_from <= today AND (valid_to IS NULL OR valid_to >= today);
    IF NEW.steps IS NULL THEN
        PERFORM review_refuse('review_no_steps');
    END IF;
    NEW.state := 'open';
    NEW.position := 1;
    NEW.step := NEW.steps[1];
    NEW.action := NEW.actions[1];
    NEW.row_version := 1;
    NEW.opened_at := clock_timestamp();
    NEW.closed_at := NULL;
    -- Where the subject's table freezes, its row is held until we end: whoever is changing it is waited for, whoever
    -- comes later finds it frozen.
    FOR frozen IN
        SELECT t.tgrelid::regclass AS place, string_to_array(encode(t.tgargs, 'escape'), '\000') AS args
        FROM pg_trigger t WHERE t.tgfoid = 'review_freeze'::regproc AND (t.tgtype & 1) = 1
    LOOP
        CONTINUE WHEN frozen.args[1] <> NEW.subject_type;
        EXECUTE format(
            'SELECT true FROM %s WHERE %I = $1::%s AND %I = $2 FOR NO KEY UPDATE', frozen.place, frozen.args[2],
            (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
             WHERE a.attrelid = frozen.place AND a.attname = frozen.args[2]),
            frozen.args[3]) INTO found USING NEW.subject_id, NEW.version;
        IF found IS NULL THEN
            PERFORM review_refuse('review_no_subject');
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;

-- --- somebody decides ---------------------------------------------------------------------------------

CREATE FUNCTION review_decide() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    matter review_case;
BEGIN
    SELECT * INTO matter FROM review_case WHERE id = NEW.case_id FOR UPDATE;
    IF matter.id IS NULL THEN
        PERFORM review_refuse('review_no_case');
    ELSIF matter.state <> 'open' THEN
        PERFORM review_refuse('review_closed');
    ELSIF NEW.row_version IS DISTINCT FROM matter.row_version THEN
        PERFORM review_refuse('review_stale');
    ELSIF (NEW.position, NEW.step) IS DISTINCT FROM (matter.position, matter.step) THEN
        PERFORM review_refuse('review_not_this_step');
    END IF;
    NEW.holder_id := review_person_of(NEW.actor_id);
    NEW.at := clock_timestamp();
    IF NEW.outcome <> 'withdraw' THEN
        IF NOT review_distinct(NEW.holder_id, review_people(matter.id)) THEN
            PERFORM review_refuse('review_same_person');
        END IF;
    ELSIF NEW.holder_id <> matter.maker_holder_id OR matter.row_version > 1 THEN
        PERFORM review_refuse('review_withdraw');
    END IF;
    RETURN NEW;
END
$$;

-- Where a case stands after a decision: the one place that says so, for whoever moves it and whoever looks after it.
CREATE FUNCTION review_after(matter review_case, last review_decision) RETURNS review_case LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    matter.position := last.position;
    IF last.outcome = 'approve' AND last.position < cardinality(matter.steps) THEN
        matter.position := last.position + 1;
    ELSE
        matter.state := CASE last.outcome WHEN 'approve' THEN 'approved' WHEN 'return' THEN 'returned'
                                          WHEN 'refuse' THEN 'refused' WHEN 'withdraw' THEN 'withdrawn' END;
        matter.closed_at := last.at;
    END IF;
    matter.step := matter.steps[matter.position];
    matter.action := matter.actions[matter.position];
    matter.row_version := last.row_version + 1;
    RETURN matter;
END
$$;

CREATE FUNCTION review_move() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE review_case c
    SET (state, position, step, action, row_version, closed_at) =
        (SELECT a.state, a.position, a.step, a.action, a.row_version, a.closed_at FROM review_after(c, NEW) a)
    WHERE c.id = NEW.case_id;
    RETURN NULL;
END
$$;

-- A case changes in no other way than by a decision, and then to exactly where that decision leads.
CREATE FUNCTION review_case_keep() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    last review_decision;
BEGIN
    SELECT * INTO last FROM review_decision WHERE case_id = OLD.id AND row_version = OLD.row_version;
    IF last.id IS NULL OR NEW IS DISTINCT FROM review_after(OLD, last) THEN
        PERFORM review_refuse('review_case_keep');
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION review_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what was decided stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

-- Steps of the past stay what they were; a change is a day on which the old ones end and new rows.
CREATE FUNCTION review_stage_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ended review_stage := OLD;
BEGIN
    ended.valid_to := NEW.valid_to;
    IF OLD.valid_to IS NULL AND NEW IS NOT DISTINCT FROM ended THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on % is refused: a step can only be ended, once', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER review_open BEFORE INSERT ON review_case FOR EACH ROW EXECUTE FUNCTION review_open();
CREATE TRIGGER review_case_keep BEFORE UPDATE ON review_case FOR EACH ROW EXECUTE FUNCTION review_case_keep();
CREATE TRIGGER review_case_stays BEFORE DELETE OR TRUNCATE ON review_case
    FOR EACH STATEMENT EXECUTE FUNCTION review_keep();
CREATE TRIGGER review_decide BEFORE INSERT ON review_decision FOR EACH ROW EXECUTE FUNCTION review_decide();
CREATE TRIGGER review_move AFTER INSERT ON review_decision FOR EACH ROW EXECUTE FUNCTION review_move();
CREATE TRIGGER review_decision_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON review_decision
    FOR EACH STATEMENT EXECUTE FUNCTION review_keep();
CREATE TRIGGER review_stage_keep BEFORE UPDATE ON review_stage FOR EACH ROW EXECUTE FUNCTION review_stage_keep();
CREATE TRIGGER review_stage_stays BEFORE DELETE OR TRUNCATE ON review_stage
    FOR EACH STATEMENT EXECUTE FUNCTION review_keep();

ALTER TABLE review_case ENABLE ALWAYS TRIGGER review_open;
ALTER TABLE review_case ENABLE ALWAYS TRIGGER review_case_keep;
ALTER TABLE review_case ENABLE ALWAYS TRIGGER review_case_stays;
ALTER TABLE review_decision ENABLE ALWAYS TRIGGER review_decide;
ALTER TABLE review_decision ENABLE ALWAYS TRIGGER review_move;
ALTER TABLE review_decision ENABLE ALWAYS TRIGGER review_decision_stays;
ALTER TABLE review_stage ENABLE ALWAYS TRIGGER review_stage_keep;
ALTER TABLE review_stage ENABLE ALWAYS TRIGGER review_stage_stays;

-- --- a table freezes what is approved -----------------------------------------------------------------

CREATE FUNCTION review_freeze() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
-- Arguments: the type of subject, the column of its id, the column of its version, then the columns that freeze; all of
-- them where none is named. A version that is under review, or was approved, keeps them; a correction is a new version.
DECLARE
    before jsonb;
    after jsonb;
    held boolean;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        IF EXISTS (SELECT FROM review_case WHERE subject_type = TG_ARGV[0] AND state IN ('open', 'approved')) THEN
            PERFORM review_refuse('review_frozen');
        END IF;
        RETURN NULL;
    END IF;
    before := to_jsonb(OLD);
    IF TG_OP = 'UPDATE' THEN
        after := to_jsonb(NEW);
        IF TG_NARGS > 3 THEN
            SELECT bool_and(before -> name IS NOT DISTINCT FROM after -> name) INTO held
            FROM unnest(TG_ARGV[1:]) name;
        ELSE
            held := before = after;
        END IF;
        IF held THEN
            RETURN NEW;
        END IF;
    END IF;
    -- Whoever opened a case held this row, so we have waited for them; but an older snapshot would not show the case.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'rows of % are changed in READ COMMITTED only', TG_TABLE_NAME
            USING ERRCODE = 'feature_not_supported';
    END IF;
    IF EXISTS (SELECT FROM review_case
               WHERE subject_type = TG_ARGV[0] AND subject_id = before ->> TG_ARGV[1]
                 AND version = (before ->> TG_ARGV[2])::integer AND state IN ('open', 'approved')) THEN
        PERFORM review_refuse('review_frozen');
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;

-- Freeze the rows of a table from now on: CALL review_attach('claim', 'claims_claim', 'thing', 'version', 'amount', …).
CREATE PROCEDURE review_attach(subject text, place regclass, id name, version name, VARIADIC frozen text[] DEFAULT '{}')
LANGUAGE plpgsql AS $$
DECLARE
    args text := (SELECT string_agg(quote_literal(a), ', ') FROM unnest(ARRAY[subject, id, version] || frozen) a);
BEGIN
    EXECUTE format('CREATE TRIGGER review_freeze BEFORE UPDATE OR DELETE ON %s
                    FOR EACH ROW EXECUTE FUNCTION review_freeze(%s)', place, args);
    EXECUTE format('CREATE TRIGGER review_freeze_all BEFORE TRUNCATE ON %s
                    FOR EACH STATEMENT EXECUTE FUNCTION review_freeze(%s)', place, args);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER review_freeze', place);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER review_freeze_all', place);
END
$$;

-- --- what history commits to --------------------------------------------------------------------------

CREATE FUNCTION canon_review_case_v1_rows() RETURNS TABLE (id uuid, canon text) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.id, concat_ws('|', 'review_case_v1', c.id, canon_text(c.kind), canon_text(c.subject_type),
        canon_text(c.subject_id), c.version, canon_text(c.summary), canon_text(c.payload::text), c.maker_id,
        c.maker_holder_id, coalesce(c.institution_id::text, '~'), canon_text(c.region_code),
        canon_text(array_to_string(c.steps, ',')), canon_text(array_to_string(c.actions, ',')), c.state, c.position,
        c.row_version)
    FROM review_case c
$$;

CREATE FUNCTION canon_review_decision_v1_rows() RETURNS TABLE (id bigint, canon text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT d.id, concat_ws('|', 'review_decision_v1', d.id, d.case_id, d.row_version, d.position, canon_text(d.step),
        d.outcome, d.actor_id, d.holder_id, canon_text(d.reason))
    FROM review_decision d
$$;
