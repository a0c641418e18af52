-- Roll-ups, third part: reading them. PL/pgSQL keeps the plans of its statements for the life of a connection, behind
-- any pooler, so a page neither sends nor plans statements of several thousand characters. Every function is STABLE:
-- it sees the one snapshot of the statement that calls it, so a line is seen either folded or open.
--
-- All answer with figures by key, measure and codes. `told` is the codes that are told apart; of the others, which
-- nobody asks about, the answer says nothing (bits: 1 funding, 2 kind of training, 4 category, 8 family, 16 rank).
CREATE TYPE targets_line AS (
    key text, measure smallint, funding text, training_type text, category text, family text, rank smallint,
    n bigint, amount_fen bigint, heads_year bigint, heads_plan bigint, heads_year_sub bigint, heads_plan_sub bigint
);

-- Combinations of codes that one of the counts may want: they are few, and the keys of the cubes name them.
-- NULL asks nothing of a code.
CREATE FUNCTION targets_wanted(fundings text[], types text[], categories text[], families text[], lowest integer)
RETURNS integer[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(SELECT id FROM targets_dims d
                 WHERE (fundings IS NULL OR d.funding = ANY (fundings))
                   AND (types IS NULL OR d.training_type = ANY (types))
                   AND (categories IS NULL OR d.category = ANY (categories))
                   AND (families IS NULL OR d.family = ANY (families)) AND d.rank >= lowest);
END $$;

-- ---------------------------------------------------------------- folded lines
-- Tables of one shape get functions of one shape, made here. Lines are added up before their codes are looked at,
-- which are few then. Their plans are made once for all parameters (generic), and so that each goes by its key.

-- `heads` says what stands for people: their marks, or in a class its rows, as one person sits in one class once.
CREATE FUNCTION pg_temp.make(name text, parameters text, lines text, heads text DEFAULT 'false') RETURNS void
LANGUAGE plpgsql AS $make$
BEGIN
    EXECUTE format($sql$
        CREATE FUNCTION %I(%s, by text, measures smallint[], since date, until date, wanted integer[], told integer)
        RETURNS SETOF targets_line LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $body$
        BEGIN
            RETURN QUERY
            SELECT s.key, s.measure, CASE WHEN told & 1 > 0 THEN d.funding ELSE '' END::text,
                   CASE WHEN told & 2 > 0 THEN d.training_type ELSE '' END::text,
                   CASE WHEN told & 4 > 0 THEN d.category ELSE '' END::text,
                   CASE WHEN told & 8 > 0 THEN d.family ELSE '' END::text,
                   CASE WHEN told & 16 > 0 THEN d.rank ELSE 0::smallint END,
                   sum(s.n), sum(s.amount_fen)::bigint,
                   sum(CASE WHEN %4$s THEN s.n ELSE s.heads_year END),
                   sum(CASE WHEN %4$s THEN s.n ELSE s.heads_plan END),
                   sum(CASE WHEN %4$s THEN s.n ELSE s.heads_year_sub END),
                   sum(CASE WHEN %4$s THEN s.n ELSE s.heads_plan_sub END)
            FROM (%3$s) s LEFT JOIN targets_dims d ON d.id = s.dims_id
            GROUP BY 1, 2, 3, 4, 5, 6, 7;
        END $body$ $sql$, name, parameters, lines, heads);
END $make$;

DO $make$
DECLARE
    place text;
    -- With no codes to tell apart there is no need to keep combinations apart either. Sums of int are bigint and sums
    -- of those numeric, which is slow: hence the casts.
    dims text := 'CASE WHEN told = 0 THEN 0 ELSE t.dims_id END';
    added text := 'sum(t.n)::int AS n, sum(t.amount_fen)::bigint AS amount_fen,
        sum(t.heads_year)::int AS heads_year, sum(t.heads_plan)::int AS heads_plan,
        sum(t.heads_year_sub)::int AS heads_year_sub, sum(t.heads_plan_sub)::int AS heads_plan_sub';
    as_they_are text := 't.n, t.amount_fen, t.heads_year, t.heads_plan, t.heads_year_sub, t.heads_plan_sub';
    key text;
    these text;
BEGIN
    -- Divisions: one of them, and all right below one.
    FOREACH place IN ARRAY ARRAY['node_month', 'node_year', 'cube_month', 'cube_year'] LOOP
        key := CASE WHEN place LIKE '%_year' THEN 'CASE by WHEN ''year'' THEN t.year::text ELSE '''' END'
            ELSE 'CASE by WHEN ''month'' THEN to_char(t.month, ''YYYY-MM'')
                          WHEN ''year'' THEN extract(year FROM t.month)::text ELSE '''' END' END;
        these := 't.measure = ANY (measures)'
            || CASE WHEN place LIKE 'cube_%' THEN ' AND t.dims_id = ANY (wanted)' ELSE '' END
            || CASE WHEN place LIKE '%_year'
                    THEN ' AND t.year BETWEEN extract(year FROM since)::smallint AND extract(year FROM until)::smallint'
                    ELSE ' AND t.month BETWEEN since AND until' END;
        PERFORM pg_temp.make('targets_' || place || '_lines', 'at_region text, at_own boolean', format(
            'SELECT %s AS key, t.measure, %s AS dims_id, %s FROM %I t
             WHERE t.node = at_region AND t.own = at_own AND %s GROUP BY 1, 2, 3',
            key, dims, added, 'targets_' || place, these));
        -- The place's own level (本级) comes under the place's own code.
        PERFORM pg_temp.make('targets_' || place || '_below', 'at_region text', format(
            'SELECT r.code::text AS key, l.* FROM (
                 SELECT code, false AS is_own FROM regions_region WHERE parent_id = at_region UNION ALL SELECT at_region, true) r
             CROSS JOIN LATERAL (SELECT t.measure, %s AS dims_id, %s FROM %I t
                                 WHERE t.node = r.code AND t.own = r.is_own AND %s GROUP BY 1, 2) l',
            dims, added, 'targets_' || place, these));
    END LOOP;

    -- Providers of one leaf division; one provider, in one leaf division or ('') in all of them.
    FOREACH place IN ARRAY ARRAY['provider_year', 'cube_provider'] LOOP
        these := 't.measure = ANY (measures)
                  AND t.year BETWEEN extract(year FROM since)::smallint AND extract(year FROM until)::smallint'
            || CASE WHEN place LIKE 'cube_%' THEN ' AND t.dims_id = ANY (wanted)' ELSE '' END;
        PERFORM pg_temp.make('targets_' || place || '_lines', 'at_region text', format(
            'SELECT t.institution_id::text AS key, t.measure, %s AS dims_id, %s FROM %I t
             WHERE t.region_code = at_region AND %s GROUP BY t.institution_id, 2, 3',
            dims, added, 'targets_' || place, these));
        PERFORM pg_temp.make('targets_' || place || '_of_one', 'at_region text, of_provider bigint', format(
            'SELECT CASE by WHEN ''year'' THEN t.year::text WHEN ''provider'' THEN of_provider::text ELSE '''' END AS key,
                    t.measure, %s AS dims_id, %s FROM %I t
             WHERE t.institution_id = of_provider AND (at_region = '''' OR t.region_code = at_region) AND %s GROUP BY 1, 2, 3',
            dims, added, 'targets_' || place, these));
    END LOOP;

    -- Classes and, for certificates, which name no class, providers. `of_klass` NULL is all of them, 0 those that name none.
    key := 'CASE by WHEN ''class'' THEN t.klass_id::text
                    WHEN ''provider'' THEN coalesce(k.institution_id, t.institution_id)::text
                    WHEN ''month'' THEN to_char(t.month, ''YYYY-MM'')
                    WHEN ''year'' THEN extract(year FROM t.month)::text ELSE '''' END AS key, t.measure, '
        || dims || ' AS dims_id, ' || as_they_are;
    FOREACH place IN ARRAY ARRAY['class_month', 'cube_class'] LOOP
        these := 't.measure = ANY (measures) AND t.month BETWEEN since AND until'
            || CASE WHEN place LIKE 'cube_%' THEN ' AND t.dims_id = ANY (wanted)' ELSE '' END;
        PERFORM pg_temp.make('targets_' || place || '_lines', 'at_region text, of_klass bigint', format(
            'SELECT %s FROM %I t LEFT JOIN classes_trainingclass k ON k.id = t.klass_id
             WHERE t.region_code = at_region AND (of_klass IS NULL OR t.klass_id = of_klass) AND %s',
            key, 'targets_' || place, these), 'by = ''class'' OR of_klass IS NOT NULL');
        -- Two ways in, so that each goes by its own index.
        PERFORM pg_temp.make('targets_' || place || '_of_one', 'at_region text, of_provider bigint, of_klass bigint', format(
            'SELECT %1$s FROM classes_trainingclass k JOIN %2$I t ON t.klass_id = k.id AND t.klass_id > 0
             WHERE k.institution_id = of_provider AND (at_region = '''' OR t.region_code = at_region)
               AND (of_klass IS NULL OR k.id = of_klass) AND %3$s
             UNION ALL
             SELECT %1$s FROM (SELECT NULL::bigint AS institution_id) k CROSS JOIN %2$I t
             WHERE t.institution_id = of_provider AND t.institution_id > 0 AND (at_region = '''' OR t.region_code = at_region)
               AND (of_klass IS NULL OR t.klass_id = of_klass) AND %3$s',
            key, 'targets_' || place, these), 'by = ''class'' OR of_klass IS NOT NULL');
    END LOOP;
END $make$;

-- ---------------------------------------------------------------- open lines
-- Mostly there are none, and then nothing is planned for them. A first import can leave very many: their plans are
-- made anew each time, as one that was made for an empty table would be slow.

CREATE FUNCTION pg_temp.make_open(name text, parameters text, lines text, heads text DEFAULT 'false') RETURNS void
LANGUAGE plpgsql AS $make$
BEGIN
    EXECUTE format($sql$
        CREATE FUNCTION %I(%s, by text, measures smallint[], since date, until date, told integer)
        RETURNS SETOF targets_line LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $body$
        BEGIN
            IF NOT EXISTS (SELECT FROM targets_delta) THEN
                RETURN;
            END IF;
            RETURN QUERY
            SELECT CASE by WHEN 'month' THEN to_char(s.month, 'YYYY-MM')
                           WHEN 'year' THEN extract(year FROM s.month)::text ELSE s.key END,
                   s.measure, CASE WHEN told & 1 > 0 THEN s.funding ELSE '' END::text,
                   CASE WHEN told & 2 > 0 THEN s.training_type ELSE '' END::text,
                   CASE WHEN told & 4 > 0 THEN s.category ELSE '' END::text,
                   CASE WHEN told & 8 > 0 THEN s.family ELSE '' END::text,
                   CASE WHEN told & 16 > 0 THEN s.rank ELSE 0::smallint END,
                   sum(s.n), sum(s.amount_fen)::bigint,
                   sum(CASE WHEN %4$s THEN s.n ELSE s.n * ((s.firsts >> s.low) & 1) END),
                   sum(CASE WHEN %4$s THEN s.n ELSE s.n * ((s.firsts >> (s.low + 1)) & 1) END),
                   sum(CASE WHEN %4$s THEN s.n ELSE s.n * ((s.firsts >> (s.low + 8)) & 1) END),
                   sum(CASE WHEN %4$s THEN s.n ELSE s.n * ((s.firsts >> (s.low + 9)) & 1) END)
            FROM (%3$s) s WHERE s.measure = ANY (measures) AND s.month BETWEEN since AND until
            GROUP BY 1, 2, 3, 4, 5, 6, 7;
        END $body$ $sql$, name, parameters, lines, heads);
END $make$;

SELECT pg_temp.make_open('targets_open_lines', 'at_region text, at_own boolean',
    'SELECT '''' AS key, o.*,
            CASE WHEN at_own THEN 2
                 ELSE targets_node_bit((SELECT level::int FROM regions_region WHERE code = at_region)) END AS low
     FROM targets_open o
     WHERE o.region_code = ANY (CASE WHEN at_own THEN ARRAY[at_region] ELSE
         ARRAY(SELECT descendant_id::text FROM regions_closure WHERE ancestor_id = at_region) END)');

SELECT pg_temp.make_open('targets_open_below', 'at_region text',
    'SELECT r.code::text AS key, o.*, targets_node_bit(r.level::int) AS low
     FROM regions_region r JOIN regions_closure c ON c.ancestor_id = r.code
     JOIN targets_open o ON o.region_code = c.descendant_id
     WHERE r.parent_id = at_region
     UNION ALL
     SELECT at_region, o.*, 2 FROM targets_open o WHERE o.region_code = at_region');

SELECT pg_temp.make_open('targets_open_classes', 'at_region text, of_provider bigint, of_klass bigint',
    'SELECT CASE by WHEN ''class'' THEN o.klass_id::text
                    WHEN ''provider'' THEN coalesce(k.institution_id, o.institution_id)::text ELSE '''' END AS key,
            o.*, 0 AS low
     FROM targets_open o LEFT JOIN classes_trainingclass k ON k.id = o.klass_id
     WHERE (at_region = '''' OR o.region_code = at_region) AND (of_klass IS NULL OR o.klass_id = of_klass)
       AND (of_provider IS NULL OR coalesce(k.institution_id, o.institution_id) = of_provider)',
    'by = ''class'' OR of_klass IS NOT NULL');
