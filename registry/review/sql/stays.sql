-- What was decided stays by the record's own trigger, by which the roles of the database know that a table only grows:
-- they are not given the verbs either (config/sql/roles.sql).

DROP TRIGGER review_case_stays ON review_case;
DROP TRIGGER review_decision_stays ON review_decision;
DROP TRIGGER review_stage_stays ON review_stage;
DROP FUNCTION review_keep();

CREATE TRIGGER review_case_stays BEFORE DELETE OR TRUNCATE ON review_case
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER review_decision_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON review_decision
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER review_stage_stays BEFORE DELETE OR TRUNCATE ON review_stage
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER accounts_holder_stays BEFORE DELETE OR TRUNCATE ON accounts_holder
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

ALTER TABLE review_case ENABLE ALWAYS TRIGGER review_case_stays;
ALTER TABLE review_decision ENABLE ALWAYS TRIGGER review_decision_stays;
ALTER TABLE review_stage ENABLE ALWAYS TRIGGER review_stage_stays;
ALTER TABLE accounts_holder ENABLE ALWAYS TRIGGER accounts_holder_stays;
