-- Bring regions_closure in line with the parent pointers: one statement, whatever changed.
-- Answers (pairs added or corrected, pairs removed).
WITH RECURSIVE up (ancestor_id, descendant_id, depth) AS (
    SELECT code, code, 0 FROM regions_region
    UNION ALL
    SELECT r.parent_id, up.descendant_id, up.depth + 1
    FROM up JOIN regions_region r ON r.code = up.ancestor_id
    -- Four levels are all there are; the bound keeps a circle of parents from running for ever.
    WHERE r.parent_id IS NOT NULL AND up.depth < 8
), removed AS (
    DELETE FROM regions_closure c
    WHERE NOT EXISTS (
        SELECT FROM up WHERE up.ancestor_id = c.ancestor_id AND up.descendant_id = c.descendant_id
    )
    RETURNING 1
), added AS (
    INSERT INTO regions_closure (ancestor_id, descendant_id, depth)
    SELECT ancestor_id, descendant_id, depth FROM up
    ON CONFLICT (ancestor_id, descendant_id) DO UPDATE SET depth = EXCLUDED.depth
    WHERE regions_closure.depth <> EXCLUDED.depth
    RETURNING 1
)
SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM removed)
