-- People are kept by the set, not row by row (registry/lib/sql/references.sql).
CALL lib_refer('evaluations_candidate', 'person_id', 'people_person');

-- A batch goes one way only; a cancelled or closed one goes nowhere. Routes are held here, so that no loop of UPDATEs
-- brings scores back to a batch whose certificates are out.
CREATE FUNCTION evaluations_exam_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'published'), ('draft', 'cancelled'), ('published', 'draft'), ('published', 'examined'),
        ('published', 'cancelled'), ('examined', 'scored'), ('scored', 'examined'), ('scored', 'locked'),
        ('locked', 'closed'))
    THEN
        RAISE EXCEPTION 'a batch does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluations_exam_route', TABLE = 'evaluations_exam';
    END IF;
    IF OLD.state NOT IN ('draft', 'published') AND
       (NEW.body_id, NEW.institution_id, NEW.site_id, NEW.region_code, NEW.occupation_id, NEW.direction, NEW.level_id,
        NEW.exam_on, NEW.route, NEW.number)
       IS DISTINCT FROM
       (OLD.body_id, OLD.institution_id, OLD.site_id, OLD.region_code, OLD.occupation_id, OLD.direction, OLD.level_id,
        OLD.exam_on, OLD.route, OLD.number)
    THEN
        RAISE EXCEPTION 'what was examined stays as it was'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluations_exam_fixed', TABLE = 'evaluations_exam';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluations_exam_goes_on BEFORE UPDATE ON evaluations_exam
    FOR EACH ROW EXECUTE FUNCTION evaluations_exam_goes_on();

-- Who is a candidate is settled before the exam. Afterwards the person's record may be folded into another one, and
-- nothing else of the row changes; nobody joins or leaves.
CREATE FUNCTION evaluations_candidates_settled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE late bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT n.exam_id INTO late FROM now_is n JOIN was USING (id) JOIN evaluations_exam e ON e.id = was.exam_id
        WHERE e.state NOT IN ('draft', 'published')
          AND (n.exam_id, n.state, n.path_id, n.attempt, n.kind) IS DISTINCT FROM
              (was.exam_id, was.state, was.path_id, was.attempt, was.kind)
        LIMIT 1;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT n.exam_id INTO late FROM now_is n JOIN evaluations_exam e ON e.id = n.exam_id
        WHERE e.state NOT IN ('draft', 'published') LIMIT 1;
    ELSE
        SELECT n.exam_id INTO late FROM was n JOIN evaluations_exam e ON e.id = n.exam_id
        WHERE e.state NOT IN ('draft', 'published') LIMIT 1;
    END IF;
    IF late IS NOT NULL THEN
        RAISE EXCEPTION 'the candidates of a batch are settled before its exam'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluations_candidates_settled',
                  TABLE = 'evaluations_candidate';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER evaluations_candidates_settled_i AFTER INSERT ON evaluations_candidate
    REFERENCING NEW TABLE AS now_is FOR EACH STATEMENT EXECUTE FUNCTION evaluations_candidates_settled();
CREATE TRIGGER evaluations_candidates_settled_u AFTER UPDATE ON evaluations_candidate
    REFERENCING OLD TABLE AS was NEW TABLE AS now_is
    FOR EACH STATEMENT EXECUTE FUNCTION evaluations_candidates_settled();
CREATE TRIGGER evaluations_candidates_settled_d AFTER DELETE ON evaluations_candidate
    REFERENCING OLD TABLE AS was FOR EACH STATEMENT EXECUTE FUNCTION evaluations_candidates_settled();

-- Scores are entered between exam and lock. A locked one changes only to what a change says that was applied in this
-- very transaction; the row of the change is written first.
CREATE FUNCTION evaluations_score_locked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE at text;
BEGIN
    SELECT e.state INTO at FROM evaluations_candidate c JOIN evaluations_exam e ON e.id = c.exam_id
    WHERE c.id = coalesce(NEW.candidate_id, OLD.candidate_id);
    IF at IN ('examined', 'scored') THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND at IN ('locked', 'closed') AND EXISTS (
        SELECT FROM evaluations_scorechange h
        WHERE h.score_id = NEW.id AND h.state = 'applied' AND h.xact = pg_current_xact_id()
          AND h.theory IS NOT DISTINCT FROM NEW.theory AND h.practice IS NOT DISTINCT FROM NEW.practice
          AND h.total IS NOT DISTINCT FROM NEW.total)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'scores of a batch in state % stay as they are', at
        USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluations_score_locked', TABLE = 'evaluations_score';
END $$;
CREATE TRIGGER evaluations_score_locked BEFORE INSERT OR UPDATE OR DELETE ON evaluations_score
    FOR EACH ROW EXECUTE FUNCTION evaluations_score_locked();

-- Which transaction applied a change: its own, set by the database whatever an UPDATE says.
ALTER TABLE evaluations_scorechange ADD COLUMN xact xid8;
CREATE FUNCTION evaluations_scorechange_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'asked' THEN
            RAISE EXCEPTION 'a change of a score is asked for first'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluations_scorechange_route';
        END IF;
        NEW.xact := NULL;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'asked' OR (NEW.score_id, NEW.theory, NEW.practice, NEW.total, NEW.reason, NEW.asked_by_id)
        IS DISTINCT FROM (OLD.score_id, OLD.theory, OLD.practice, OLD.total, OLD.reason, OLD.asked_by_id)
    THEN
        RAISE EXCEPTION 'a change of a score stays as it was decided'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluations_scorechange_route';
    END IF;
    NEW.xact := CASE WHEN NEW.state = 'applied' THEN pg_current_xact_id() END;
    IF NEW.state = 'applied' AND NOT EXISTS (
        -- Somebody else agreed, under the rules of the review.
        SELECT FROM review_case c WHERE c.id = NEW.case_id AND c.kind = 'evaluations.score_change'
          AND c.state = 'approved' AND c.subject_id = NEW.id::text)
    THEN
        RAISE EXCEPTION 'a change of a score needs a second person'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluations_scorechange_agreed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluations_scorechange_goes_on BEFORE INSERT OR UPDATE ON evaluations_scorechange
    FOR EACH ROW EXECUTE FUNCTION evaluations_scorechange_goes_on();

-- Who must not work in a batch: its own candidate, somebody who declared a relation to one, or one of the same employer.
-- One row for each pair; both ends are ids only.
CREATE FUNCTION evaluations_conflicts(exam bigint)
RETURNS TABLE (assessor_id bigint, candidate_id bigint, why text) LANGUAGE sql STABLE AS $$
    SELECT DISTINCT ON (a.id, c.id) a.id, c.id,
           CASE WHEN d.id IS NOT NULL THEN 'candidate' WHEN v.id IS NOT NULL THEN v.relation ELSE 'employer' END
    FROM evaluations_duty u
    JOIN evaluations_assessor a ON a.id = u.assessor_id
    JOIN evaluations_candidate c ON c.exam_id = u.exam_id AND c.state = 'registered'
    LEFT JOIN people_document d ON d.person_id = c.person_id AND d.blind_index = a.blind_index
    LEFT JOIN evaluations_avoidance v ON v.assessor_id = a.id AND v.person_id = c.person_id
    WHERE u.exam_id = exam
      AND (d.id IS NOT NULL OR v.id IS NOT NULL
           -- An employer who assesses its own staff has its own examiners: there the employer alone is no ground.
           OR a.employer <> '' AND a.employer = c.employer AND NOT EXISTS (
               SELECT FROM evaluations_exam e JOIN evaluations_body b ON b.id = e.body_id
               WHERE e.id = exam AND b.kind = 'employer'))
    ORDER BY a.id, c.id
$$;

SELECT audit_watch('evaluations_body', 'body_v1',
    '{id,institution_id,kind,letter,ministry_code,province_code,serial,filed_name,valid_from,valid_to,document_no}');
SELECT audit_watch('evaluations_site', 'site_v1',
    '{id,body_id,name,region_id,address,province_code,serial,valid_from,valid_to}');
SELECT audit_watch('evaluations_conditionpath', 'conditionpath_v1',
    '{id,code,level_id,occupation_id,label,demands,evidence,valid_from,valid_to,document_no}');
SELECT audit_watch('evaluations_passrule', 'passrule_v1',
    '{id,level_id,theory,practice,total,theory_weight,practice_weight,valid_from,valid_to,document_no}');
SELECT audit_watch('evaluations_exam', 'exam_v1',
    '{id,body_id,institution_id,number,site_id,region_code,occupation_id,direction,level_id,exam_on,route,document_no,committee,state,made_by_id,locked_by_id,locked_at,closed_at}');
SELECT audit_watch('evaluations_candidate', 'candidate_v1',
    '{id,exam_id,person_id,ticket,path_id,kind,attempt,state,enrolment_id,batch_id,row_no}');
SELECT audit_watch('evaluations_assessor', 'assessor_v1',
    '{id,institution_id,blind_index,card_no,may_examine,occupation_id,valid_from,valid_to}');
SELECT audit_watch('evaluations_duty', 'duty_v1', '{id,exam_id,assessor_id,role,declared_free}');
SELECT audit_watch('evaluations_avoidance', 'avoidance_v1', '{id,assessor_id,person_id,relation}');
SELECT audit_watch('evaluations_score', 'score_v1',
    '{id,candidate_id,theory,practice,total,result,rule_id,kept_theory_id,kept_practice_id,entered_by_id,batch_id,row_no}');
SELECT audit_watch('evaluations_scorechange', 'scorechange_v1',
    '{id,score_id,theory,practice,total,reason,asked_by_id,case_id,state}');
SELECT audit_watch('evaluations_photo', 'photo_v1', '{id,person_id,kind,sha256}');

-- Nobody locks what they entered themselves: the natural person of the one who locks is none of those who entered.
CREATE FUNCTION evaluations_locked_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT review_distinct(review_person_of(NEW.locked_by_id), (
        SELECT coalesce(array_agg(DISTINCT u.holder_id), '{NULL}')
        FROM evaluations_candidate c JOIN evaluations_score s ON s.candidate_id = c.id
        LEFT JOIN accounts_user u ON u.id = s.entered_by_id
        WHERE c.exam_id = NEW.id))
    THEN
        PERFORM review_refuse('evaluations_lock_by_another');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evaluations_locked_by_another BEFORE UPDATE ON evaluations_exam
    FOR EACH ROW WHEN (NEW.state = 'locked' AND OLD.state <> 'locked')
    EXECUTE FUNCTION evaluations_locked_by_another();

-- The pass rule of a level on a day; one for the level goes before one for all.
CREATE FUNCTION evaluations_rule(rank smallint, day date) RETURNS evaluations_passrule LANGUAGE sql STABLE AS $$
    SELECT r FROM evaluations_passrule r
    WHERE (r.level_id = rank OR r.level_id IS NULL) AND day BETWEEN r.valid_from AND coalesce(r.valid_to, 'infinity')
    ORDER BY r.level_id NULLS LAST, r.valid_from DESC LIMIT 1
$$;
