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

-- Add up `source` into the roll-up table `place`; `keys` are the columns of its key, as the source names them too.
CREATE FUNCTION targets_add(place text, keys text, source text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    is_empty boolean;
    merging text := '';
BEGIN
    EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I)', place) INTO is_empty;
    IF NOT is_empty THEN
        merging := format(
            'ON CONFLICT (%s) DO UPDATE SET
                 n = t.n + excluded.n, amount_fen = t.amount_fen + excluded.amount_fen,
                 heads_year = t.heads_year + excluded.heads_year, heads_plan = t.heads_plan + excluded.heads_plan,
                 heads_year_sub = t.heads_year_sub + excluded.heads_year_sub,
                 heads_plan_sub = t.heads_plan_sub + excluded.heads_plan_sub', keys);
    END IF;
    EXECUTE format(
        'INSERT INTO %1$I AS t (%2$s, n, amount_fen, heads_year, heads_plan, heads_year_sub, heads_plan_sub)
         SELECT %2$s, sum(n), sum(amount_fen), sum(heads_year), sum(heads_plan), sum(heads_year_sub), sum(heads_plan_sub)
         FROM %3$s s GROUP BY %2$s ORDER BY %2$s %4$s', place, keys, source, merging);
END $$;

-- Number the combinations of codes that occur in pg_temp.fold_delta, and tie each to its slim one.
CREATE FUNCTION targets_number_dims() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_dims (funding, training_type, category, family, rank)
    SELECT DISTINCT funding, training_type, category, family, rank FROM fold_delta
    UNION
    SELECT DISTINCT funding, '', '', family, 0 FROM fold_delta
    ON CONFLICT DO NOTHING;
    UPDATE targets_dims d SET slim_id = s.id FROM targets_dims s
    WHERE d.slim_id = 0 AND (s.funding, s.training_type, s.category, s.family, s.rank)
                          = (d.funding, '', '', d.family, 0);
END $$;

-- Add the lines of pg_temp.fold_delta to all roll-up tables. Steps go through analysed temporary tables, because
-- the planner cannot guess the size of a CTE.
CREATE FUNCTION targets_fold_taken() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ANALYZE fold_delta;
    PERFORM targets_number_dims();
    -- Its size is not yet known to the planner after a first import, and a guess can cost minutes.
    IF (SELECT reltuples FROM pg_class WHERE oid = 'targets_dims'::regclass) < 200 THEN
        ANALYZE targets_dims;
    END IF;

    -- One line per class, month and codes. Marks of 人数: i provider, c county, f prefecture, v province; y year,
    -- p plan; s subsidised alone.
    CREATE TEMP TABLE fold_line ON COMMIT DROP AS
    SELECT l.region_code, l.measure, l.klass_id, l.institution_id, l.month, d.id AS dims_id, d.slim_id,
           sum(l.n)::int AS n, sum(l.amount_fen)::bigint AS amount_fen,
           sum(l.n * ((l.firsts >> 0) & 1))::int AS iy, sum(l.n * ((l.firsts >> 1) & 1))::int AS ip,
           sum(l.n * ((l.firsts >> 2) & 1))::int AS cy, sum(l.n * ((l.firsts >> 3) & 1))::int AS cp,
           sum(l.n * ((l.firsts >> 4) & 1))::int AS fy, sum(l.n * ((l.firsts >> 5) & 1))::int AS fp,
           sum(l.n * ((l.firsts >> 6) & 1))::int AS vy, sum(l.n * ((l.firsts >> 7) & 1))::int AS vp,
           sum(l.n * ((l.firsts >> 8) & 1))::int AS iys, sum(l.n * ((l.firsts >> 9) & 1))::int AS ips,
           sum(l.n * ((l.firsts >> 10) & 1))::int AS cys, sum(l.n * ((l.firsts >> 11) & 1))::int AS cps,
           sum(l.n * ((l.firsts >> 12) & 1))::int AS fys, sum(l.n * ((l.firsts >> 13) & 1))::int AS fps,
           sum(l.n * ((l.firsts >> 14) & 1))::int AS vys, sum(l.n * ((l.firsts >> 15) & 1))::int AS vps
    FROM (
        SELECT region_code, 1::smallint AS measure, klass_id, institution_id, started_month AS month, funding,
               training_type, category, family, rank, 0 AS firsts, n, 0::bigint AS amount_fen
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
    ) l
    JOIN targets_dims d USING (funding, training_type, category, family, rank)
    GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ANALYZE fold_line;

    PERFORM targets_add('targets_cube_class', 'region_code, measure, klass_id, institution_id, month, dims_id',
        '(SELECT *, iy AS heads_year, ip AS heads_plan, iys AS heads_year_sub, ips AS heads_plan_sub FROM fold_line)');
    PERFORM targets_add('targets_class_month', 'region_code, measure, klass_id, institution_id, month, dims_id',
        '(SELECT region_code, measure, klass_id, institution_id, month, slim_id AS dims_id, n, amount_fen,
                 iy AS heads_year, ip AS heads_plan, iys AS heads_year_sub, ips AS heads_plan_sub FROM fold_line)');

    CREATE TEMP TABLE fold_provider ON COMMIT DROP AS
    SELECT l.region_code, l.measure, l.dims_id, l.slim_id, coalesce(k.institution_id, l.institution_id) AS institution_id,
           extract(year FROM l.month)::smallint AS year, sum(l.n)::int AS n, sum(l.amount_fen)::bigint AS amount_fen,
           sum(l.iy)::int AS heads_year, sum(l.ip)::int AS heads_plan,
           sum(l.iys)::int AS heads_year_sub, sum(l.ips)::int AS heads_plan_sub
    FROM fold_line l LEFT JOIN classes_trainingclass k ON k.id = l.klass_id
    GROUP BY 1, 2, 3, 4, 5, 6;
    ANALYZE fold_provider;
    PERFORM targets_add('targets_cube_provider', 'region_code, measure, dims_id, institution_id, year', 'fold_provider');
    PERFORM targets_add('targets_provider_year', 'region_code, measure, dims_id, institution_id, year',
        '(SELECT region_code, measure, slim_id AS dims_id, institution_id, year, n, amount_fen,
                 heads_year, heads_plan, heads_year_sub, heads_plan_sub FROM fold_provider)');

    CREATE TEMP TABLE fold_leaf ON COMMIT DROP AS
    SELECT region_code, measure, month, dims_id, slim_id, sum(n)::int AS n, sum(amount_fen)::bigint AS amount_fen,
           sum(cy)::int AS cy, sum(cp)::int AS cp, sum(fy)::int AS fy, sum(fp)::int AS fp, sum(vy)::int AS vy, sum(vp)::int AS vp,
           sum(cys)::int AS cys, sum(cps)::int AS cps, sum(fys)::int AS fys, sum(fps)::int AS fps, sum(vys)::int AS vys, sum(vps)::int AS vps
    FROM fold_line GROUP BY 1, 2, 3, 4, 5;
    ANALYZE fold_leaf;

    -- The leaf and every division above it; a leaf's own rows once more as 本级 where others hang below it.
    CREATE TEMP TABLE fold_place ON COMMIT DROP AS
    WITH leaves AS (SELECT DISTINCT region_code FROM fold_leaf)
    SELECT c.descendant_id AS leaf, c.ancestor_id AS node, false AS own, r.level::int AS height
    FROM leaves l JOIN regions_closure c ON c.descendant_id = l.region_code
    JOIN regions_region r ON r.code = c.ancestor_id
    UNION ALL
    SELECT r.code, r.code, true, 3 FROM leaves l JOIN regions_region r ON r.code = l.region_code AND r.level < 3;
    ANALYZE fold_place;

    CREATE TEMP TABLE fold_node ON COMMIT DROP AS
    SELECT p.node, p.own, l.measure, l.month, extract(year FROM l.month)::smallint AS year, l.dims_id, l.slim_id,
           sum(l.n)::int AS n, sum(l.amount_fen)::bigint AS amount_fen,
           sum(CASE p.height WHEN 1 THEN vy WHEN 2 THEN fy ELSE cy END)::int AS heads_year,
           sum(CASE p.height WHEN 1 THEN vp WHEN 2 THEN fp ELSE cp END)::int AS heads_plan,
           sum(CASE p.height WHEN 1 THEN vys WHEN 2 THEN fys ELSE cys END)::int AS heads_year_sub,
           sum(CASE p.height WHEN 1 THEN vps WHEN 2 THEN fps ELSE cps END)::int AS heads_plan_sub
    FROM fold_leaf l JOIN fold_place p ON p.leaf = l.region_code
    GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ANALYZE fold_node;

    PERFORM targets_add('targets_cube_month', 'node, own, measure, dims_id, month', 'fold_node');
    PERFORM targets_add('targets_cube_year', 'node, own, measure, dims_id, year', 'fold_node');
    PERFORM targets_add('targets_node_month', 'node, own, measure, month, dims_id',
        '(SELECT node, own, measure, month, slim_id AS dims_id, n, amount_fen,
                 heads_year, heads_plan, heads_year_sub, heads_plan_sub FROM fold_node)');
    PERFORM targets_add('targets_node_year', 'node, own, measure, year, dims_id',
        '(SELECT node, own, measure, year, slim_id AS dims_id, n, amount_fen,
                 heads_year, heads_plan, heads_year_sub, heads_plan_sub FROM fold_node)');
    DROP TABLE fold_delta, fold_line, fold_provider, fold_leaf, fold_place, fold_node;
END $$;

-- People counted by name: the same, for the few indicators that need it.
CREATE FUNCTION targets_fold_people() RETURNS void LANGUAGE sql AS $$
    WITH taken AS (DELETE FROM targets_person_delta RETURNING *)
    INSERT INTO targets_person AS t (indicator_id, region_code, person_id, n)
    SELECT indicator_id, region_code, person_id, sum(n) FROM taken GROUP BY 1, 2, 3 HAVING sum(n) <> 0 ORDER BY 1, 2, 3
    ON CONFLICT (indicator_id, region_code, person_id) DO UPDATE SET n = t.n + excluded.n;
    DELETE FROM targets_person WHERE n = 0;
$$;

-- Add the open lines to the tables that are read, and remove them, in one transaction: a reader sees a line either
-- open or folded, never both or neither. Lines of transactions still under way stay for the next time.
CREATE FUNCTION targets_fold() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE folded bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('targets_fold'));
    IF EXISTS (SELECT FROM targets_person_delta) THEN
        PERFORM targets_fold_people();
    END IF;
    IF NOT EXISTS (SELECT FROM targets_delta) THEN
        RETURN 0;
    END IF;
    CREATE TEMP TABLE fold_delta (LIKE targets_delta) ON COMMIT DROP;
    WITH taken AS (DELETE FROM targets_delta RETURNING *)
    INSERT INTO fold_delta SELECT * FROM taken;
    GET DIAGNOSTICS folded = ROW_COUNT;
    PERFORM targets_fold_taken();
    RETURN folded;
END $$;

-- Lines by provider follow their class: to another provider when it is handed over, to nobody (0) when it is removed,
-- because what is still open of a removed class is folded under nobody as well and cancels out there.
-- Open lines need nothing: they are folded under whom the class belongs to by then.
CREATE FUNCTION targets_hand_over(klasses bigint[], givers bigint[], takers bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('targets_fold'));
    FOREACH part SLICE 1 IN ARRAY ARRAY[['targets_provider_year', 'targets_class_month'],
                                        ['targets_cube_provider', 'targets_cube_class']] LOOP
        PERFORM targets_add(part[1], 'region_code, measure, dims_id, institution_id, year', format(
            '(SELECT t.region_code, t.measure, t.dims_id, side.institution_id, extract(year FROM t.month)::smallint AS year,
                     side.sign * t.n AS n, side.sign * t.amount_fen AS amount_fen,
                     side.sign * t.heads_year AS heads_year, side.sign * t.heads_plan AS heads_plan,
                     side.sign * t.heads_year_sub AS heads_year_sub, side.sign * t.heads_plan_sub AS heads_plan_sub
              FROM unnest(%L::bigint[], %L::bigint[], %L::bigint[]) h (klass_id, giver, taker)
              JOIN %I t ON t.klass_id = h.klass_id AND t.klass_id > 0
              CROSS JOIN LATERAL (VALUES (h.giver, -1), (h.taker, 1)) side (institution_id, sign))',
            klasses, givers, takers, part[2]));
    END LOOP;
END $$;

CREATE FUNCTION targets_class_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM targets_hand_over(ARRAY[NEW.id], ARRAY[OLD.institution_id], ARRAY[NEW.institution_id]);
    RETURN NULL;
END $$;

CREATE FUNCTION targets_classes_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone) THEN
        PERFORM targets_hand_over(array_agg(id), array_agg(institution_id), array_agg(0::bigint)) FROM gone;
    END IF;
    RETURN NULL;
END $$;

-- Imports add classes and change none of this, so neither trigger is ever in their way.
CREATE TRIGGER targets_moved AFTER UPDATE OF institution_id ON classes_trainingclass
    FOR EACH ROW WHEN (OLD.institution_id <> NEW.institution_id) EXECUTE FUNCTION targets_class_moved();
CREATE TRIGGER targets_went AFTER DELETE ON classes_trainingclass
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION targets_classes_went();
