-- What a log had that ended stays, as everything of the record does.
CREATE TRIGGER audit_ended_leaf_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_ended_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_ended_checkpoint_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_ended_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_ended_leaf ENABLE ALWAYS TRIGGER audit_ended_leaf_keep;
ALTER TABLE audit_ended_checkpoint ENABLE ALWAYS TRIGGER audit_ended_checkpoint_keep;
