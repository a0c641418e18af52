-- Roll-ups, second half: open lines in one shape, and folding them into the tables that pages read.

-- One line per measure. `firsts` holds the marks of 人数: bit 0 provider-year, 1 provider-plan, 2 and 3 county,
-- 4 and 5 prefecture, 6 and 7 province; eight higher the same for subsidised training alone.
CREATE VIEW targets_open AS
SELECT d.id, d.region_code, line.measure, d.klass_id, d.institution_id, line.month,
       d.funding, d.training_type, d.category, d.family, d.rank,
       line.n, CASE WHEN line.measure = 2 THEN d.firsts ELSE 0 END AS firsts,
       CASE WHEN line.measure = 5 THEN d.amount_fen ELSE 0 END AS amount_fen
FROM targets_delta d
CROSS JOIN LATERAL (VALUES
    (1::smallint, d.source = 'e', d.started_month, d.n),
    (2::smallint, d.source = 'e', d.month, d.n),
    (3::smallint, d.source = 'c', d.month, d.n),
    (4::smallint, d.source = 'c' AND d.high <> 0, d.month, d.high),
    (5::smallint, d.source = 'p', d.month, d.n)) line (measure, counts, month, n)
WHERE line.counts AND line.month IS NOT NULL;

-- The lowest of the four bits that mean 人数 of a division of that level.
CREATE FUNCTION targets_node_bit(level integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE level WHEN 1 THEN 6 WHEN 2 THEN 4 ELSE 2 END;

-- Add the open lines to the tables that are read, and remove them: in one statement, so that a reader sees a line
-- either open or folded, never both or neither. Lines of transactions still under way stay for the next time.
CREATE FUNCTION targets_fold() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE folded bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('targets_fold'));
    WITH taken AS (
        DELETE FROM targets_delta RETURNING id
    ), lines AS MATERIALIZED (
        -- the view reads by the snapshot of this statement, as the DELETE does: the same lines
        SELECT region_code, measure, klass_id, institution_id, month, funding, training_type, category, family, rank,
               firsts, sum(n) AS n, sum(amount_fen) AS amount_fen
        FROM targets_open
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    ), combos AS (
        SELECT DISTINCT funding, training_type, category, family, rank FROM lines
    ), fresh AS (
        INSERT INTO targets_dims (funding, training_type, category, family, rank)
        SELECT * FROM combos c
        WHERE NOT EXISTS (SELECT FROM targets_dims d
                          WHERE (d.funding, d.training_type, d.category, d.family, d.rank)
                              = (c.funding, c.training_type, c.category, c.family, c.rank))
        RETURNING *
    ), dims AS MATERIALIZED (
        SELECT * FROM targets_dims UNION ALL SELECT * FROM fresh
    ), keyed AS MATERIALIZED (
        SELECT l.region_code, l.measure, l.klass_id, l.institution_id, l.month, d.id AS dims_id,
               l.firsts, l.n, l.amount_fen
        FROM lines l JOIN dims d USING (funding, training_type, category, family, rank)
    ), fine AS (
        INSERT INTO targets_fine AS t (region_code, measure, klass_id, institution_id, month, dims_id, n, amount_fen,
                                       heads_year, heads_plan, heads_year_sub, heads_plan_sub)
        SELECT region_code, measure, klass_id, institution_id, month, dims_id, sum(n), sum(amount_fen),
               sum(n * (firsts & 1)), sum(n * ((firsts >> 1) & 1)),
               sum(n * ((firsts >> 8) & 1)), sum(n * ((firsts >> 9) & 1))
        FROM keyed GROUP BY 1, 2, 3, 4, 5, 6
        ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (region_code, measure, klass_id, institution_id, month, dims_id) DO UPDATE SET
            n = t.n + excluded.n, amount_fen = t.amount_fen + excluded.amount_fen,
            heads_year = t.heads_year + excluded.heads_year, heads_plan = t.heads_plan + excluded.heads_plan,
            heads_year_sub = t.heads_year_sub + excluded.heads_year_sub,
            heads_plan_sub = t.heads_plan_sub + excluded.heads_plan_sub
    ), leaves AS MATERIALIZED (
        SELECT region_code, measure, month, dims_id, firsts, sum(n) AS n, sum(amount_fen) AS amount_fen
        FROM keyed GROUP BY 1, 2, 3, 4, 5
    ), nodes AS MATERIALIZED (
        -- every division above, and the leaf itself; its own rows once more as 本级 where others hang below it
        SELECT c.ancestor_id AS node, false AS own, l.measure, l.month, l.dims_id, l.firsts, l.n, l.amount_fen,
               targets_node_bit(r.level) AS low
        FROM leaves l JOIN regions_closure c ON c.descendant_id = l.region_code
        JOIN regions_region r ON r.code = c.ancestor_id
        UNION ALL
        SELECT l.region_code, true, l.measure, l.month, l.dims_id, l.firsts, l.n, l.amount_fen, 2
        FROM leaves l JOIN regions_region r ON r.code = l.region_code AND r.level < 3
    ), months AS MATERIALIZED (
        SELECT node, own, measure, month, dims_id, sum(n) AS n, sum(amount_fen) AS amount_fen,
               sum(n * ((firsts >> low) & 1)) AS hy, sum(n * ((firsts >> (low + 1)) & 1)) AS hp,
               sum(n * ((firsts >> (low + 8)) & 1)) AS hys, sum(n * ((firsts >> (low + 9)) & 1)) AS hps
        FROM nodes GROUP BY 1, 2, 3, 4, 5
    ), node_month AS (
        INSERT INTO targets_node_month AS t (node, own, measure, month, dims_id, n, amount_fen,
                                             heads_year, heads_plan, heads_year_sub, heads_plan_sub)
        SELECT * FROM months ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (node, own, measure, month, dims_id) DO UPDATE SET
            n = t.n + excluded.n, amount_fen = t.amount_fen + excluded.amount_fen,
            heads_year = t.heads_year + excluded.heads_year, heads_plan = t.heads_plan + excluded.heads_plan,
            heads_year_sub = t.heads_year_sub + excluded.heads_year_sub,
            heads_plan_sub = t.heads_plan_sub + excluded.heads_plan_sub
    ), node_year AS (
        INSERT INTO targets_node_year AS t (node, own, measure, year, dims_id, n, amount_fen,
                                            heads_year, heads_plan, heads_year_sub, heads_plan_sub)
        SELECT node, own, measure, extract(year FROM month), dims_id, sum(n), sum(amount_fen),
               sum(hy), sum(hp), sum(hys), sum(hps)
        FROM months GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (node, own, measure, year, dims_id) DO UPDATE SET
            n = t.n + excluded.n, amount_fen = t.amount_fen + excluded.amount_fen,
            heads_year = t.heads_year + excluded.heads_year, heads_plan = t.heads_plan + excluded.heads_plan,
            heads_year_sub = t.heads_year_sub + excluded.heads_year_sub,
            heads_plan_sub = t.heads_plan_sub + excluded.heads_plan_sub
    )
    SELECT count(*) INTO folded FROM taken;
    RETURN folded;
END $$;
