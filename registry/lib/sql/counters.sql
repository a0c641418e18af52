-- Counting what may be done only so often. The truth of a limit is here: one call, one round trip, right under
-- concurrency, as whoever comes at the same time waits for the row.

-- Nothing of worth is lost when a crash empties it, and every try to sign in writes here.
ALTER TABLE lib_counter SET UNLOGGED;

CREATE FUNCTION lib_take(keys bytea[], owners integer[], most integer[], spans double precision[],
                         counts boolean, at timestamptz)
RETURNS double precision LANGUAGE plpgsql AS $$
-- Limit i allows most[i] within any spans[i] seconds of the key keys[owners[i]]. The answer is 0 when all leave room,
-- and each key is then counted once (unless counts is false); else the seconds until all would. Nothing is counted then.
DECLARE
    one record;
    moment timestamptz;
    wait double precision := 0;
BEGIN
    IF counts THEN
        -- Makes the row or locks it, lowest key first: two who ask for the same keys wait in the same order.
        INSERT INTO lib_counter (key, hits, until)
        SELECT k, '{}', coalesce(at, clock_timestamp()) FROM unnest(keys) k GROUP BY k ORDER BY k
        ON CONFLICT (key) DO UPDATE SET key = excluded.key;
    END IF;
    -- Only now: others may have counted while we waited.
    moment := coalesce(at, clock_timestamp());
    FOR one IN
        SELECT c.hits, l.most AS n, make_interval(secs => l.span) AS span
        FROM unnest(owners, most, spans) l(owner, most, span)
        JOIN lib_counter c ON c.key = keys[l.owner]
    LOOP
        -- hits are in order: the n-th from the end says when the span has room again.
        IF cardinality(one.hits) >= one.n
           AND one.hits[cardinality(one.hits) - one.n + 1] > moment - one.span THEN
            wait := greatest(wait, extract(epoch FROM
                one.hits[cardinality(one.hits) - one.n + 1] + one.span - moment)::double precision);
        END IF;
    END LOOP;
    IF wait > 0 OR NOT counts THEN
        RETURN wait;
    END IF;
    UPDATE lib_counter c
    SET hits = h.kept || greatest(moment, h.kept[cardinality(h.kept)]),
        until = greatest(c.until, moment + h.longest)
    FROM (SELECT keys[l.owner] AS key, max(l.span) * interval '1 second' AS longest,
                 (SELECT coalesce(array_agg(t ORDER BY t), '{}') FROM unnest(k.hits) t
                  WHERE t > moment - max(l.span) * interval '1 second') AS kept
          FROM unnest(owners, spans) l(owner, span) JOIN lib_counter k ON k.key = keys[l.owner]
          GROUP BY keys[l.owner], k.hits) h
    WHERE c.key = h.key;
    RETURN 0;
END $$;
