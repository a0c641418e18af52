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

-- Add the open lines to the tables that are read, and remove them, in one transaction: a reader sees a line either
-- open or folded, never both or neither. Lines of transactions still under way stay for the next time.
-- Steps go through small analysed tables, because the planner cannot guess the size of a CTE.
CREATE FUNCTION targets_fold() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE folded bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('targets_fold'));

    CREATE TEMP TABLE fold_delta (LIKE targets_delta) ON COMMIT DROP;
    WITH taken AS (DELETE FROM targets_delta RETURNING *)
    INSERT INTO fold_delta SELECT * FROM taken;
    GET DIAGNOSTICS folded = ROW_COUNT;
    IF folded = 0 THEN
        RETURN 0;
    END IF;
    ANALYZE fold_delta;

    INSERT INTO targets_dims (funding, training_type, category, family, rank)
    SELECT DISTINCT funding, training_type, category, family, rank FROM fold_delta
    ON CONFLICT DO NOTHING;

    CREATE TEMP TABLE fold_line ON COMMIT DROP AS
    SELECT f.region_code, f.measure, f.klass_id, f.institution_id, f.month, d.id AS dims_id, f.firsts,
           sum(f.n)::int AS n, sum(f.amount_fen)::bigint AS amount_fen
    FROM (
        SELECT region_code, 1::smallint AS measure, klass_id, institution_id, started_month AS month, funding,
               training_type, category, family, rank, 0 AS firsts, n, 0 AS amount_fen
        FROM fold_delta WHERE source = 'e' AND started_month IS NOT NULL
        UNION ALL
        SELECT region_code, 2::smallint, klass_id, institution_id, month, funding,
               training_type, category, family, rank, firsts, n, 0
        FROM fold_delta WHERE source = 'e' AND month IS NOT NULL
        UNION ALL
        SELECT region_code, 3::smallint, klass_id, institution_id, month, funding,
               training_type, category, family, rank, 0, n, 0
        FROM fold_delta WHERE source = 'c'
        UNION ALL
        SELECT region_code, 4::smallint, klass_id, institution_id, month, funding,
               training_type, category, family, rank, 0, high, 0
        FROM fold_delta WHERE source = 'c' AND high <> 0
        UNION ALL
        SELECT region_code, 5::smallint, klass_id, institution_id, month, funding,
               training_type, category, family, rank, 0, n, amount_fen
        FROM fold_delta WHERE source = 'p'
    ) f
    JOIN targets_dims d USING (funding, training_type, category, family, rank)
    GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ANALYZE fold_line;

    INSERT INTO targets_fine AS t (region_code, measure, klass_id, institution_id, month, dims_id, n, amount_fen,
                                   heads_year, heads_plan, heads_year_sub, heads_plan_sub)
    SELECT region_code, measure, klass_id, institution_id, month, dims_id, sum(n), sum(amount_fen),
           sum(n * (firsts & 1)), sum(n * ((firsts >> 1) & 1)),
           sum(n * ((firsts >> 8) & 1)), sum(n * ((firsts >> 9) & 1))
    FROM fold_line GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (region_code, measure, klass_id, institution_id, month, dims_id) DO UPDATE SET
        n = t.n + excluded.n, amount_fen = t.amount_fen + excluded.amount_fen,
        heads_year = t.heads_year + excluded.heads_year, heads_plan = t.heads_plan + excluded.heads_plan,
        heads_year_sub = t.heads_year_sub + excluded.heads_year_sub,
        heads_plan_sub = t.heads_plan_sub + excluded.heads_plan_sub;

    -- 人数 of the leaf at every height at once: c county, f prefecture, v province; y year, p plan; s subsidised.
    CREATE TEMP TABLE fold_leaf ON COMMIT DROP AS
    SELECT region_code, measure, month, dims_id, sum(n)::int AS n, sum(amount_fen)::bigint AS amount_fen,
           sum(n * ((firsts >> 2) & 1))::int AS cy, sum(n * ((firsts >> 3) & 1))::int AS cp,
           sum(n * ((firsts >> 4) & 1))::int AS fy, sum(n * ((firsts >> 5) & 1))::int AS fp,
           sum(n * ((firsts >> 6) & 1))::int AS vy, sum(n * ((firsts >> 7) & 1))::int AS vp,
           sum(n * ((firsts >> 10) & 1))::int AS cys, sum(n * ((firsts >> 11) & 1))::int AS cps,
           sum(n * ((firsts >> 12) & 1))::int AS fys, sum(n * ((firsts >> 13) & 1))::int AS fps,
           sum(n * ((firsts >> 14) & 1))::int AS vys, sum(n * ((firsts >> 15) & 1))::int AS vps
    FROM fold_line GROUP BY 1, 2, 3, 4;
    ANALYZE fold_leaf;

    -- The leaf and every division above it; a leaf's own rows once more as 本级 where others hang below it.
    CREATE TEMP TABLE fold_node ON COMMIT DROP AS
    SELECT place.node, place.own, l.measure, l.month, l.dims_id,
           sum(l.n)::int AS n, sum(l.amount_fen)::bigint AS amount_fen,
           sum(CASE place.height WHEN 1 THEN vy WHEN 2 THEN fy ELSE cy END)::int AS heads_year,
           sum(CASE place.height WHEN 1 THEN vp WHEN 2 THEN fp ELSE cp END)::int AS heads_plan,
           sum(CASE place.height WHEN 1 THEN vys WHEN 2 THEN fys ELSE cys END)::int AS heads_year_sub,
           sum(CASE place.height WHEN 1 THEN vps WHEN 2 THEN fps ELSE cps END)::int AS heads_plan_sub
    FROM fold_leaf l
    JOIN (SELECT c.descendant_id AS leaf, c.ancestor_id AS node, false AS own, r.level AS height
          FROM regions_closure c JOIN regions_region r ON r.code = c.ancestor_id
          UNION ALL
          SELECT code, code, true, 3 FROM regions_region WHERE level < 3) place ON place.leaf = l.region_code
    GROUP BY 1, 2, 3, 4, 5;
    ANALYZE fold_node;

    INSERT INTO targets_node_month AS t (node, own, measure, month, dims_id, n, amount_fen,
                                         heads_year, heads_plan, heads_year_sub, heads_plan_sub)
    SELECT * FROM fold_node ORDER BY node, own, measure, month, dims_id
    ON CONFLICT (node, own, measure, month, dims_id) DO UPDATE SET
        n = t.n + excluded.n, amount_fen = t.amount_fen + excluded.amount_fen,
        heads_year = t.heads_year + excluded.heads_year, heads_plan = t.heads_plan + excluded.heads_plan,
        heads_year_sub = t.heads_year_sub + excluded.heads_year_sub,
        heads_plan_sub = t.heads_plan_sub + excluded.heads_plan_sub;

    INSERT INTO targets_node_year AS t (node, own, measure, year, dims_id, n, amount_fen,
                                        heads_year, heads_plan, heads_year_sub, heads_plan_sub)
    SELECT node, own, measure, extract(year FROM month), dims_id, sum(n), sum(amount_fen),
           sum(heads_year), sum(heads_plan), sum(heads_year_sub), sum(heads_plan_sub)
    FROM fold_node GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (node, own, measure, year, dims_id) DO UPDATE SET
        n = t.n + excluded.n, amount_fen = t.amount_fen + excluded.amount_fen,
        heads_year = t.heads_year + excluded.heads_year, heads_plan = t.heads_plan + excluded.heads_plan,
        heads_year_sub = t.heads_year_sub + excluded.heads_year_sub,
        heads_plan_sub = t.heads_plan_sub + excluded.heads_plan_sub;

    DROP TABLE fold_delta, fold_line, fold_leaf, fold_node;
    RETURN folded;
END $$;
