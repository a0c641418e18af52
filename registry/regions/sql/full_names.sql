-- Spell out every division's name from the province down, after a name or a parent was changed.
WITH RECURSIVE down (code, full_name) AS (
    SELECT code, name::text FROM regions_region WHERE parent_id IS NULL
    UNION ALL
    SELECT r.code, down.full_name || r.name
    FROM down JOIN regions_region r ON r.parent_id = down.code
)
UPDATE regions_region r SET full_name = down.full_name
FROM down WHERE down.code = r.code AND r.full_name <> down.full_name
